import { EDGE, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import type { CgroupRow } from "./model.ts";
import { cpuPercentOf, type Mutable } from "./process-row.ts";

interface Sum {
  readonly row: Mutable<CgroupRow>;
  /** Sockets that a fork left to several processes count once. */
  readonly seen: Set<ConnectionIndex>;
  readonly listening: Set<string>;
}

/** The living processes of each cgroup taken together, without kernel threads; in the order they were first seen. */
export function cgroups(monitor: Monitor): readonly CgroupRow[] {
  const { graph } = monitor;
  const { processes } = graph;
  const sums = new Map<string, Sum>();
  for (let process = 0; process < processes.limit; process++) {
    if (!processes.isLive(process)) continue;
    if ((processes.flags.get(process) & (PROCESS_FLAG.EXITED | PROCESS_FLAG.KERNEL_THREAD)) !== 0) continue;
    const path = processes.cgroupPath.get(process);
    let sum = sums.get(path);
    if (sum === undefined) {
      sum = begin(path);
      sums.set(path, sum);
    }
    add(graph, process, sum);
  }
  return [...sums.values()].map(({ row, listening }) => ({ ...row, listening: [...listening] }));
}

function begin(cgroup: string): Sum {
  const row = {
    cgroup,
    processes: 0,
    cpuPercent: 0,
    rssBytes: 0,
    connections: 0,
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    oldestNs: Number.POSITIVE_INFINITY,
    suspects: 0,
    listening: [],
  };
  return { row, seen: new Set(), listening: new Set() };
}

function add(graph: Graph, process: ProcessIndex, { row, seen, listening }: Sum): void {
  const { processes, edges, connections } = graph;
  row.processes++;
  row.cpuPercent += cpuPercentOf(graph, process) ?? 0;
  row.rssBytes += processes.rssBytes.get(process);
  row.oldestNs = Math.min(row.oldestNs, processes.startNs.get(process));
  if (processes.has(process, PROCESS_FLAG.SUSPECT)) row.suspects++;
  const head = processes.edges[FAMILY.SOCKETS];
  for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
    const connection = edges.object.get(edge);
    if (seen.has(connection)) continue;
    seen.add(connection);
    const end = 2 * connection + edges.kind.get(edge) - EDGE.SIDE_0;
    if (connections.isListening(connection)) {
      if (!connections.isUnix(connection)) listening.add(connections.endpoint(end));
      continue;
    }
    row.connections++;
    const sample = connections.samples.current(end, graph.socketRefresh);
    if (sample === NONE) continue;
    row.rxBytesPerSecond += connections.samples.rxRate.get(sample);
    row.txBytesPerSecond += connections.samples.txRate.get(sample);
  }
}
