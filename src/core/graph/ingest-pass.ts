import type { BatchReader } from "../wire/decode.ts";
import { CALL, HDR } from "../wire/layout.gen.ts";
import { CONNECTION_FLAG } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY, PASSED } from "./edges.ts";
import type { Graph } from "./graph.ts";
import { STDIO } from "./images.ts";
import type { ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import type { Passage } from "./passing.ts";
import { processAt } from "./peers.ts";
import { noteAccept } from "./roles.ts";

const SENT = 1;

/** FD_PASS: sender and receiver are known by what was passed; a send nobody reported is deduced from the socket's other end. */
export function ingestPass(graph: Graph, reader: BatchReader): void {
  const { processes, passing } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const passage: Passage = {
    sent: reader.u32(CALL.args) === SENT,
    processId: processes.id(process),
    lo: reader.lo(CALL.args + 24),
    hi: reader.hi(CALL.args + 24),
    timeNs: reader.timeNs(HDR.time),
  };
  if (passage.lo === 0 && passage.hi === 0) return;
  const other = passing.other(passage);
  passing.add(passage);
  const how = graph.rowEdgeFlags(reader);
  if (other !== undefined) {
    const partner = processes.row(other.processId);
    if (partner === NONE) return;
    if (passage.sent) pass(graph, process, partner, other, how);
    else pass(graph, partner, process, passage, how);
    return;
  }
  if (passage.sent) return;
  const sender = otherEnd(graph, process, reader.lo(CALL.args + 8), reader.hi(CALL.args + 8));
  if (sender !== NONE) pass(graph, sender, process, passage, how | EDGE_FLAG.INFERRED);
}

function otherEnd(graph: Graph, process: ProcessIndex, inoLo: number, inoHi: number): ProcessIndex {
  const end = graph.connections.byInode(inoLo, inoHi);
  if (end === NONE || !graph.connections.isUnix(end >> 1)) return NONE;
  const other = processAt(graph, end >> 1, 1 - (end & 1));
  return other === process ? NONE : other;
}

/** The receiver holds what it was given from then on. */
function pass(graph: Graph, sender: ProcessIndex, receiver: ProcessIndex, received: Passage, how: number): void {
  const { edges, connections, channels } = graph;
  const { lo, timeNs } = received;
  const hi = received.hi & 0xffff;
  const kind = received.hi >>> 28;
  const edge = edges.touch(EDGE.PASSED, sender, receiver, timeNs, how);
  edges.detail.set(edge, edges.detail.get(edge) | whatOf(kind));
  const flags = how | EDGE_FLAG.RECEIVED;
  if (kind === STDIO.SOCKET) {
    const end = connections.byInode(lo, hi);
    if (end === NONE) return;
    const side = edges.touch(EDGE.SIDE_0 + (end & 1), receiver, end >> 1, timeNs, flags);
    if (!edges.added) return;
    noteAccept(graph, side);
    if (connections.has(end >> 1, CONNECTION_FLAG.CLOSED)) edges.moveTo(side, FAMILY.CLOSED);
    graph.changes.sockets.push(side);
  } else if (kind === STDIO.PIPE) {
    const channel = channels.find(lo, hi);
    if (channel === NONE) return;
    for (const end of [EDGE.PIPE_READ, EDGE.PIPE_WRITE]) {
      if (edges.find(end, sender, channel) !== NONE) edges.touch(end, receiver, channel, timeNs, flags);
    }
  }
}

function whatOf(kind: number): number {
  if (kind === STDIO.SOCKET) return PASSED.SOCKET;
  if (kind === STDIO.PIPE) return PASSED.PIPE;
  return kind === STDIO.FILE ? PASSED.FILE : PASSED.OTHER;
}
