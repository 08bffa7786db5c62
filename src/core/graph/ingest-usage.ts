import type { BatchReader } from "../wire/decode.ts";
import { HDR, KIND, LOSS, MARK, MARK_WHAT, TICK } from "../wire/layout.gen.ts";
import { CONNECTION_FLAG } from "./connections.ts";
import type { Graph } from "./graph.ts";
import { NONE } from "./indexes.ts";
import { markExit } from "./lifecycle.ts";
import { MARK as PROCESS_MARK } from "./marks.ts";
import { PROCESS_FLAG } from "./processes.ts";

/**
 * TICK: usage that changed. A process whose usage did not change has no row, so the interval of a rate begins at the last complete
 * refresh, or at the process's own start or last row where that is later.
 */
export function ingestTick(graph: Graph, reader: BatchReader): void {
  const { processes } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const timeNs = reader.timeNs(HDR.time);
  const cpuNs = reader.number(TICK.cpuNs);
  const sampleNs = processes.sampleNs.get(process);
  if (timeNs <= sampleNs) return;
  const bornNs = processes.startNs.get(process);
  const sampled = !Number.isNaN(sampleNs);
  const bornSince = bornNs >= graph.tickRefreshNs;
  if (sampled || bornSince) {
    let sinceNs = sampled ? sampleNs : bornNs;
    if (graph.tickRefreshNs > sinceNs) sinceNs = graph.tickRefreshNs;
    const before = sampled ? processes.cpuNs.get(process) : 0;
    if (timeNs > sinceNs) processes.cpuPercent.set(process, Math.max(0, (100 * (cpuNs - before)) / (timeNs - sinceNs)));
  }
  processes.sampleNs.set(process, timeNs);
  processes.sampleRefresh.set(process, graph.tickRefresh);
  processes.cpuNs.set(process, cpuNs);
  processes.rssBytes.set(process, reader.number(TICK.rssBytes));
  processes.readBytes.set(process, reader.number(TICK.readBytes));
  processes.writeBytes.set(process, reader.number(TICK.writeBytes));
  processes.threads.set(process, reader.u32(TICK.threads));
}

/** LOSS; THROTTLED is a loss of one process's records that it brought about itself. */
export function ingestLoss(graph: Graph, reader: BatchReader): void {
  const kind = reader.u32(LOSS.kind);
  const lost = reader.number(LOSS.lost);
  graph.lost.set(kind, (graph.lost.get(kind) ?? 0) + lost);
  if (reader.kind !== KIND.THROTTLED) return;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const { marks } = graph;
  const mark = marks.touch(PROCESS_MARK.THROTTLED, process, reader.timeNs(HDR.time), graph.rowEdgeFlags(reader));
  marks.bitsLo.set(mark, Math.min(marks.bitsLo.get(mark) + lost, MAX_COUNT));
}

/** Past it, it is "that many or more". */
const MAX_COUNT = 0xffff_ffff;

export function ingestMark(graph: Graph, reader: BatchReader): void {
  const timeNs = reader.timeNs(HDR.time);
  graph.monitorPid = reader.u32(HDR.tgid);
  switch (reader.u32(MARK.what)) {
    case MARK_WHAT.SNAPSHOT_BEGIN:
      graph.snapshot++;
      graph.snapshotBeganNs = timeNs;
      return;
    case MARK_WHAT.SNAPSHOT_END:
      reapUnseen(graph, timeNs);
      settleDirections(graph);
      return;
    case MARK_WHAT.TICK:
      graph.tickRefresh++;
      graph.tickRefreshNs = timeNs;
      return;
    case MARK_WHAT.SOCKETS:
      graph.socketRefresh++;
      graph.socketRefreshNs = timeNs;
      settleDirections(graph);
      return;
  }
}

/** What a complete snapshot did not show, and what did not start since it began, is gone. Pid 1 cannot be. */
function reapUnseen(graph: Graph, timeNs: number): void {
  const { processes } = graph;
  if (graph.snapshot === 0) return;
  for (let process = 0; process < processes.limit; process++) {
    if (!processes.isLive(process) || processes.has(process, PROCESS_FLAG.EXITED)) continue;
    if (processes.seenSnapshot.get(process) === graph.snapshot || processes.tgid.get(process) === 1) continue;
    if (processes.startNs.get(process) < graph.snapshotBeganNs) markExit(graph, process, timeNs, true);
  }
}

/** Sockets found open do not say who connected: whoever's port is listened on was asked. */
function settleDirections(graph: Graph): void {
  const { connections } = graph;
  for (const id of graph.guessed) {
    const connection = connections.row(id);
    if (connection === NONE || !connections.has(connection, CONNECTION_FLAG.DIRECTION_GUESSED)) continue;
    const proto = connections.proto.get(connection);
    const netns = connections.netns.get(connection);
    for (let side = 0; side < 2; side++) {
      if (connections.hasListener(proto, connections.port.get(2 * connection + side), netns))
        connections.clientSide.set(connection, 1 - side);
    }
  }
  graph.guessed.length = 0;
}
