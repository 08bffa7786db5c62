import type { BatchReader } from "../wire/decode.ts";
import { FLAG, HDR, KIND, UNIX } from "../wire/layout.gen.ts";
import { CONNECTION_FLAG, END_FLAG, FAMILY_UNIX, STATE } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY, stdioFlag } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EndIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { closeEnd } from "./lifecycle.ts";
import { noteAccept } from "./roles.ts";

const SOCK_DGRAM = 2;

/**
 * UNIX_CONNECT, UNIX_ACCEPT and UNIX_SOCKET. Both ends are kernel addresses, each row names its own and the other; whichever comes
 * first makes the connection. There is no close record: an address that connects or accepts again was closed before.
 */
export function ingestUnix(graph: Graph, reader: BatchReader): void {
  const { connections, edges } = graph;
  const process = graph.rowProcess(reader);
  const timeNs = reader.timeNs(HDR.time);
  const own = findEnd(graph, reader, timeNs);
  const end = own === NONE ? addConnection(graph, reader, timeNs) : own;
  const connection = end >> 1;
  connections.endFlags.set(end, connections.endFlags.get(end) | END_FLAG.KNOWN);
  connections.unixEnds.setAddress(end, reader.lo(UNIX.end), reader.hi(UNIX.end));
  if (!isDatagram(reader)) connections.unixEnds.setAddress(end ^ 1, reader.lo(UNIX.peer), reader.hi(UNIX.peer));
  connections.setInode(end, reader.lo(UNIX.sock), reader.hi(UNIX.sock));
  connections.setPath(connection, reader.text(UNIX.path));
  if (timeNs < connections.openedNs.get(connection)) connections.openedNs.set(connection, timeNs);
  connections.unixEnds.setCredTgid(end ^ 1, reader.u32(UNIX.peerTgid));
  settle(graph, reader, end);
  if (process === NONE) return;
  const stdio = stdioFlag(reader.i32(UNIX.fd));
  const opener = reader.kind === KIND.UNIX_SOCKET ? 0 : EDGE_FLAG.OPENER;
  const edge = edges.touch(
    EDGE.SIDE_0 + (end & 1),
    process,
    connection,
    timeNs,
    graph.rowEdgeFlags(reader) | stdio | opener,
  );
  if (!edges.added) return;
  if (reader.kind === KIND.UNIX_ACCEPT) noteAccept(graph, edge);
  if (connections.has(connection, CONNECTION_FLAG.CLOSED)) edges.moveTo(edge, FAMILY.CLOSED);
  graph.changes.sockets.push(edge);
}

function findEnd(graph: Graph, reader: BatchReader, timeNs: number): EndIndex {
  const { connections } = graph;
  let end = knownEnd(graph, reader);
  while (end !== NONE) {
    if (isSame(graph, reader, end) && !isReuse(graph, reader, end, timeNs)) return end;
    if (timeNs < connections.openedNs.get(end >> 1)) return NONE;
    closeEnd(graph, end, timeNs, true);
    connections.unixEnds.retire(end);
    connections.unixEnds.retire(end ^ 1);
    // Others that ended had the address too; the one that is told of now may have been named by its other end.
    end = connections.unixEnds.byAddress(reader.lo(UNIX.end), reader.hi(UNIX.end));
  }
  return NONE;
}

/** By its address, by that of its other end, or by its inode. */
function knownEnd({ connections }: Graph, reader: BatchReader): EndIndex {
  const own = connections.unixEnds.byAddress(reader.lo(UNIX.end), reader.hi(UNIX.end));
  if (own !== NONE) return own;
  const peerLo = reader.lo(UNIX.peer);
  const peerHi = reader.hi(UNIX.peer);
  const named = !isDatagram(reader) && (peerLo !== 0 || peerHi !== 0);
  const other = named ? connections.unixEnds.byAddress(peerLo, peerHi) : NONE;
  if (other !== NONE) return other ^ 1;
  const end = connections.byInode(reader.lo(UNIX.sock), reader.hi(UNIX.sock));
  return end !== NONE && connections.family.get(end >> 1) === FAMILY_UNIX ? end : NONE;
}

/** Whether the addresses of both ends can be those of the record. */
function isSame({ connections }: Graph, reader: BatchReader, end: EndIndex): boolean {
  const { unixEnds } = connections;
  return (
    matches(unixEnds.addressOf(end), reader.lo(UNIX.end), reader.hi(UNIX.end)) &&
    matches(unixEnds.addressOf(end ^ 1), reader.lo(UNIX.peer), reader.hi(UNIX.peer))
  );
}

/** A datagram socket's peer is the server's one socket, shared by all its clients: it names no pair. */
function isDatagram(reader: BatchReader): boolean {
  return reader.u8(UNIX.type) === SOCK_DGRAM;
}

/** The same call reported for the same side at a later time: both addresses came back. */
function isReuse(graph: Graph, reader: BatchReader, end: EndIndex, timeNs: number): boolean {
  const { connections, edges } = graph;
  if (reader.kind === KIND.UNIX_SOCKET || !connections.endHas(end, END_FLAG.KNOWN)) return false;
  for (let edge = connections.edges.get(end >> 1); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    const mine = edges.kind.get(edge) === EDGE.SIDE_0 + (end & 1);
    if (mine && edges.has(edge, EDGE_FLAG.OPENER)) return timeNs > edges.lastNs.get(edge);
  }
  return false;
}

/** Whether two addresses can be the same: an unknown one (0) may be any. */
function matches([knownLo, knownHi]: readonly [lo: number, hi: number], lo: number, hi: number): boolean {
  return (knownLo === lo && knownHi === hi) || (knownLo === 0 && knownHi === 0) || (lo === 0 && hi === 0);
}

function addConnection(graph: Graph, reader: BatchReader, timeNs: number): EndIndex {
  const { connections } = graph;
  const connection = connections.add(FAMILY_UNIX, 0, timeNs);
  if ((reader.flags & FLAG.BEFORE_START) !== 0) connections.setFlag(connection, CONNECTION_FLAG.BEFORE_START);
  if ((reader.flags & FLAG.POLLED) !== 0) connections.setFlag(connection, CONNECTION_FLAG.POLLED);
  connections.state.set(connection, STATE.ESTABLISHED);
  if (reader.u8(UNIX.state) === STATE.LISTEN) connections.setListening(connection);
  return 2 * connection;
}

/** Who asked: the call says so; a socket found open was accepted when it carries the listener's name. */
function settle(graph: Graph, reader: BatchReader, end: EndIndex): void {
  const { connections } = graph;
  const connection: ConnectionIndex = end >> 1;
  if (connections.isListening(connection)) return;
  const side = end & 1;
  if (reader.kind === KIND.UNIX_CONNECT) connections.clientSide.set(connection, side);
  else if (reader.kind === KIND.UNIX_ACCEPT) connections.clientSide.set(connection, 1 - side);
  else if (reader.text(UNIX.path) !== "") connections.clientSide.set(connection, 1 - side);
}
