import { expect } from "vitest";
import { CONNECTION_FLAG, END_FLAG } from "../../../src/core/graph/connections.ts";
import { EDGE_FLAG, isChannelKind, isFileKind, isProcessKind } from "../../../src/core/graph/edges.ts";
import type { Graph } from "../../../src/core/graph/graph.ts";
import { NONE } from "../../../src/core/graph/indexes.ts";
import { PROCESS_FLAG } from "../../../src/core/graph/processes.ts";

/** What holds in every graph, whatever came in and in what order. */
export function checkInvariants(graph: Graph): void {
  const { processes, images, edges } = graph;
  const living = new Map<number, number>();
  for (let row = 0; row < processes.limit; row++) {
    if (!processes.isLive(row)) continue;
    if (!processes.has(row, PROCESS_FLAG.EXITED)) {
      const tgid = processes.tgid.get(row);
      expect(living.has(tgid), `pid ${tgid} lives twice`).toBe(false);
      living.set(tgid, row);
    }
    checkFamily(graph, row);
    expect(processes.row(processes.id(row))).toBe(row);
    for (let image = processes.image.get(row), left = 1000; image !== NONE; image = images.previous.get(image)) {
      expect(images.isLive(image)).toBe(true);
      expect(left--).toBeGreaterThan(0);
    }
  }
  let live = 0;
  for (let edge = 0; edge < edges.limit; edge++) {
    if (!edges.isLive(edge)) continue;
    live++;
    expect(processes.isLive(edges.process.get(edge))).toBe(true);
    expect(tableOf(graph, edges.kind.get(edge)).isLive(edges.object.get(edge))).toBe(true);
    expect(edges.firstNs.get(edge)).toBeLessThanOrEqual(edges.lastNs.get(edge));
    expect(edges.find(edges.kind.get(edge), edges.process.get(edge), edges.object.get(edge))).toBe(edge);
  }
  expect(live).toBe(edges.count);
  expect(edgesByObject(graph)).toBe(live);
  expect(edgesByProcess(graph)).toBe(live);
  checkConnections(graph);
  checkMarks(graph);
}

function checkMarks({ processes, marks }: Graph): void {
  let count = 0;
  for (let row = 0; row < processes.limit; row++) {
    if (!processes.isLive(row)) continue;
    const kinds = new Set<number>();
    for (let mark = processes.marks.get(row); mark !== NONE; mark = marks.next.get(mark)) {
      count++;
      expect(marks.isLive(mark)).toBe(true);
      expect(marks.process.get(mark)).toBe(row);
      expect(marks.failed.get(mark)).toBeLessThanOrEqual(marks.times.get(mark));
      expect(kinds.has(marks.kind.get(mark)), "a mark is there twice").toBe(false);
      kinds.add(marks.kind.get(mark));
    }
  }
  expect(count).toBe(marks.count);
}

function checkFamily(graph: Graph, row: number): void {
  const { processes } = graph;
  const above = new Set<number>();
  for (let at = row; at !== NONE; at = processes.parent.get(at)) {
    expect(above.has(at), "a process descends from itself").toBe(false);
    above.add(at);
    expect(processes.isLive(at)).toBe(true);
  }
  let children = 0;
  for (let child = processes.firstChild.get(row); child !== NONE; child = processes.nextSibling.get(child)) {
    expect(processes.parent.get(child)).toBe(row);
    children++;
  }
  expect(children).toBe(processes.children.get(row));
}

function tableOf(graph: Graph, kind: number): { isLive(row: number): boolean } {
  if (isFileKind(kind)) return graph.files;
  if (isProcessKind(kind)) return graph.processes;
  return isChannelKind(kind) ? graph.channels : graph.connections;
}

function edgesByProcess({ processes, edges }: Graph): number {
  let count = 0;
  for (let row = 0; row < processes.limit; row++) {
    if (!processes.isLive(row)) continue;
    for (const head of processes.edges)
      for (let edge = head.get(row); edge !== NONE; edge = edges.nextOfProcess.get(edge)) count++;
  }
  return count;
}

function edgesByObject(graph: Graph): number {
  const { processes, files, connections, channels, edges } = graph;
  let count = 0;
  const walk = (
    table: { limit: number; isLive(row: number): boolean },
    heads: readonly { get(row: number): number }[],
  ): void => {
    for (let row = 0; row < table.limit; row++) {
      if (!table.isLive(row)) continue;
      for (const head of heads)
        for (let edge = head.get(row); edge !== NONE; edge = edges.nextOfObject.get(edge)) count++;
    }
  };
  walk(files, [files.readers, files.writers]);
  walk(connections, [connections.edges]);
  walk(channels, [channels.edges]);
  walk(processes, [processes.actors]);
  return count;
}

function checkConnections(graph: Graph): void {
  const { connections } = graph;
  const { samples, unixEnds } = connections;
  let sampled = 0;
  let unix = 0;
  for (let row = 0; row < connections.limit; row++) {
    if (!connections.isLive(row)) continue;
    checkOwners(graph, row);
    for (const end of [2 * row, 2 * row + 1]) {
      if (samples.find(end) !== NONE) sampled++;
      if (unixEnds.credTgid(end) !== 0 || unixEnds.addressOf(end).some((half) => half !== 0)) unix++;
    }
    const open = [2 * row, 2 * row + 1].filter(
      (end) => connections.endHas(end, END_FLAG.KNOWN) && !connections.endHas(end, END_FLAG.CLOSED),
    );
    if (connections.has(row, CONNECTION_FLAG.CLOSED))
      expect(connections.closedNs.get(row)).toBeGreaterThanOrEqual(connections.openedNs.get(row));
    for (const end of open) {
      const [lo, hi] = [connections.inoLo.get(end), connections.inoHi.get(end)];
      if (lo !== 0 && connections.proto.get(row) === 6)
        expect(connections.byInode(lo, hi), "an open socket is found by its inode").toBe(end);
    }
  }
  expect(sampled, "what was sampled goes with its connection").toBe(samples.count);
  expect(unix, "what a unix socket has goes with its connection").toBe(unixEnds.count);
}

/** Who holds a connection stands before those whose exit was noted. */
function checkOwners({ connections, edges, processes }: Graph, row: number): void {
  let firstPast: number = NONE;
  for (let edge = connections.edges.get(row); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    const past = edges.has(edge, EDGE_FLAG.PAST);
    if (past && firstPast === NONE) firstPast = edge;
    expect(past, "those behind the first are past, too").toBe(firstPast !== NONE);
    if (past) expect(processes.has(edges.process.get(edge), PROCESS_FLAG.EXITED)).toBe(true);
  }
  expect(connections.pastEdges.get(row)).toBe(firstPast);
}
