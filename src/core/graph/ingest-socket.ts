import type { BatchReader } from "../wire/decode.ts";
import { FLAG, HDR, KIND, SOCK } from "../wire/layout.gen.ts";
import { CONNECTION_FLAG, END_FLAG, STATE, TCP } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY, stdioFlag } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EndIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { closeEnd, reopen } from "./lifecycle.ts";
import { PROCESS_FLAG } from "./processes.ts";
import { noteAccept } from "./roles.ts";

/** errno of a connect that is still under way. */
const EINPROGRESS = 115;
/** Own address, then the other side's. */
const addresses = new Uint32Array(8);

/** CONNECT, ACCEPT, LISTEN, CLOSE, SOCKET and DATAGRAM. */
export function ingestSocket(graph: Graph, reader: BatchReader): void {
  const { connections } = graph;
  const process = graph.rowProcess(reader);
  const timeNs = reader.timeNs(HDR.time);
  const kind = reader.kind;
  for (let i = 0; i < 4; i++) {
    addresses[i] = reader.u32(SOCK.laddr + 4 * i);
    addresses[4 + i] = reader.u32(SOCK.raddr + 4 * i);
  }
  if (kind === KIND.CLOSE && reader.u8(SOCK.proto) !== TCP) {
    closeAll(graph, reader, timeNs);
    return;
  }
  let end = findEnd(graph, reader, timeNs);
  if (end === NONE) {
    // A socket that has no other side, no longer listens and was not known tells nothing.
    if (reader.u16(SOCK.rport) === 0 && reader.u8(SOCK.state) === STATE.CLOSED && !servesDatagrams(reader)) return;
    end = addConnection(graph, reader, timeNs);
  }
  const connection = end >> 1;
  if (kind !== KIND.CLOSE) takeBackClose(graph, end, timeNs);
  if (timeNs < connections.openedNs.get(connection)) connections.openedNs.set(connection, timeNs);
  const localPort = reader.u16(SOCK.lport);
  if (localPort !== 0 && connections.ownPort(end) !== localPort)
    connections.setTuple(end, addresses, localPort, reader.u16(SOCK.rport));
  settleClient(graph, reader, end);
  settlePair(graph, reader, end);
  count(graph, reader, end, timeNs);
  if (process !== NONE) {
    own(graph, reader, process, end, timeNs);
    if (kind === KIND.CONNECT || kind === KIND.DATAGRAM) nameServer(graph, process, connection);
  }
  const error = reader.i32(SOCK.err);
  if (kind === KIND.CLOSE) {
    closeEnd(graph, end, timeNs, false);
  } else if (kind === KIND.CONNECT && error !== 0 && error !== EINPROGRESS) {
    connections.error.set(connection, error);
    closeEnd(graph, end, timeNs, false);
  } else if (!connections.has(connection, CONNECTION_FLAG.CLOSED) && !connections.isListening(connection)) {
    const state = reader.u8(SOCK.state);
    const before = connections.state.get(connection);
    // A late report of the attempt does not undo its success.
    if (!(state === STATE.SYN_SENT && before === STATE.ESTABLISHED)) connections.state.set(connection, state);
  }
}

/**
 * The end a row speaks of, NONE when it is new. An inode leads to it while the socket is open; after that, or for the other side of
 * a local connection, the tuple does. An inode whose tuple changed was used again: its CLOSE was lost.
 */
function findEnd(graph: Graph, reader: BatchReader, timeNs: number): EndIndex {
  const { connections } = graph;
  const lo = reader.lo(SOCK.sock);
  const hi = reader.hi(SOCK.sock);
  const localPort = reader.u16(SOCK.lport);
  const remotePort = reader.u16(SOCK.rport);
  const inode = lo !== 0 || hi !== 0;
  const open = inode && (reader.u8(SOCK.proto) === TCP || remotePort === 0) ? connections.byInode(lo, hi) : NONE;
  if (open !== NONE) {
    if (sameRemote(graph, open, remotePort)) return open;
    if (timeNs < connections.openedNs.get(open >> 1)) return NONE;
    closeEnd(graph, open, timeNs, true);
  }
  // Half a tuple fits too many.
  if (remotePort === 0 || localPort === 0) return NONE;
  const known =
    connections.mayHaveTuple(reader.u8(SOCK.proto), addresses, localPort, remotePort) ||
    connections.byPair(pairLo(reader), reader.hi(SOCK.pair)) !== NONE;
  return known ? findByTuple(graph, reader, timeNs) : NONE;
}

/** The end with the row's tuple, or whose other end counts from the same numbers. */
function findByTuple(graph: Graph, reader: BatchReader, timeNs: number): EndIndex {
  const { connections } = graph;
  const lo = reader.lo(SOCK.sock);
  const hi = reader.hi(SOCK.sock);
  const inode = lo !== 0 || hi !== 0;
  const begins = reader.kind === KIND.CONNECT || reader.kind === KIND.ACCEPT;
  const fits = (candidate: EndIndex): boolean => {
    const connection = candidate >> 1;
    const closed = connections.has(connection, CONNECTION_FLAG.CLOSED);
    const mine = connections.inoLo.get(candidate) === lo && connections.inoHi.get(candidate) === hi;
    if (connections.endHas(candidate, END_FLAG.KNOWN))
      return inode && mine && !(begins && timeNs > connections.closedNs.get(connection));
    const deduced = connections.has(connection, CONNECTION_FLAG.CLOSE_INFERRED);
    return !closed || deduced || timeNs <= connections.closedNs.get(connection);
  };
  const paired = findByPair(graph, reader, (other) => !connections.endHas(other, END_FLAG.KNOWN) || fits(other));
  const end =
    paired !== NONE
      ? paired
      : connections.byTuple(
          reader.u8(SOCK.proto),
          addresses,
          reader.u16(SOCK.lport),
          reader.u16(SOCK.rport),
          reader.u32(SOCK.netns),
          (candidate) => !belongsElsewhere(graph, reader, candidate) && fits(candidate),
        );
  if (end !== NONE && !connections.endHas(end, END_FLAG.KNOWN)) {
    connections.endFlags.set(end, END_FLAG.KNOWN);
    connections.setInode(end, lo, hi);
    const { CLOSED, CLOSE_INFERRED } = CONNECTION_FLAG;
    if (connections.has(end >> 1, CLOSED) && !connections.has(end >> 1, CLOSE_INFERRED)) {
      // A server may accept what its client has closed long ago, and reads then what was sent.
      if (begins && timeNs > connections.closedNs.get(end >> 1)) reopen(graph, end >> 1);
      else connections.closeEnd(end);
    }
  }
  return end;
}

/** The end of a connection whose other end counts from the same numbers: NAT may have given it other addresses. */
function findByPair(graph: Graph, reader: BatchReader, fits: (end: EndIndex) => boolean): EndIndex {
  const { connections } = graph;
  const connection = connections.byPair(pairLo(reader), reader.hi(SOCK.pair));
  if (connection === NONE) return NONE;
  const client = connections.clientSide.get(connection);
  const end = 2 * connection + (asked(reader) ? client : 1 - client);
  if (!fits(end)) return NONE;
  const localPort = reader.u16(SOCK.lport);
  const remotePort = reader.u16(SOCK.rport);
  if (!connections.hasTuple(end, addresses, localPort, remotePort))
    connections.translate(end, addresses, localPort, remotePort);
  return end;
}

/** Two networks behind NAT may use the same addresses: an equal tuple in another namespace, of a connection known to be another. */
function belongsElsewhere(graph: Graph, reader: BatchReader, end: EndIndex): boolean {
  const { connections } = graph;
  const lo = pairLo(reader);
  const hi = reader.hi(SOCK.pair);
  const knownLo = connections.pairLo.get(end >> 1);
  const knownHi = connections.pairHi.get(end >> 1);
  if ((lo === 0 && hi === 0) || (knownLo === 0 && knownHi === 0)) return false;
  return (lo !== knownLo || hi !== knownHi) && connections.netns.get(end >> 1) !== reader.u32(SOCK.netns);
}

/** What the row's connection counts from tells which other socket is its other end, and which of them asked. */
function settlePair(graph: Graph, reader: BatchReader, end: EndIndex): void {
  const { connections } = graph;
  const lo = pairLo(reader);
  const hi = reader.hi(SOCK.pair);
  if (lo === 0 && hi === 0) return;
  const connection = end >> 1;
  connections.setPair(connection, lo, hi);
  if (!connections.has(connection, CONNECTION_FLAG.DIRECTION_GUESSED)) return;
  connections.clearFlag(connection, CONNECTION_FLAG.DIRECTION_GUESSED);
  connections.clientSide.set(connection, asked(reader) ? end & 1 : 1 - (end & 1));
}

/** Without the bit that says who asked. */
function pairLo(reader: BatchReader): number {
  return (reader.lo(SOCK.pair) & ~1) >>> 0;
}

function asked(reader: BatchReader): boolean {
  return (reader.lo(SOCK.pair) & 1) !== 0;
}

/** A close that was deduced (its owner exited) is wrong when the connection is heard of later. */
function takeBackClose(graph: Graph, end: EndIndex, timeNs: number): void {
  const { connections } = graph;
  const connection = end >> 1;
  if (!connections.has(connection, CONNECTION_FLAG.CLOSE_INFERRED) || timeNs <= connections.closedNs.get(connection))
    return;
  connections.reopenEnd(end);
  reopen(graph, connection);
}

/** Whether a row with an end's inode speaks of the same connection. A socket without a remote yet takes the row's. */
function sameRemote(graph: Graph, end: EndIndex, remotePort: number): boolean {
  const { connections } = graph;
  if (connections.isListening(end >> 1)) return remotePort === 0;
  return remotePort === 0 || connections.hasRemote(end, addresses, remotePort);
}

/** Linux hands ports from here on to whoever asks for any (net.ipv4.ip_local_port_range). */
const FIRST_EPHEMERAL_PORT = 32768;

/** A datagram socket on a port of its own choice waits for anyone; the kernel calls its state closed. */
function servesDatagrams(reader: BatchReader): boolean {
  const port = reader.u16(SOCK.lport);
  return reader.u8(SOCK.proto) !== TCP && reader.u16(SOCK.rport) === 0 && port !== 0 && port < FIRST_EPHEMERAL_PORT;
}

function addConnection(graph: Graph, reader: BatchReader, timeNs: number): EndIndex {
  const { connections } = graph;
  const proto = reader.u8(SOCK.proto);
  const localPort = reader.u16(SOCK.lport);
  const netns = reader.u32(SOCK.netns);
  const connection = connections.add(reader.u16(SOCK.family), proto, timeNs);
  const end = 2 * connection;
  connections.netns.set(connection, netns);
  connections.setTuple(end, addresses, localPort, reader.u16(SOCK.rport));
  connections.endFlags.set(end, END_FLAG.KNOWN);
  connections.setInode(end, reader.lo(SOCK.sock), reader.hi(SOCK.sock));
  // A flow of datagrams has no end of its own: it may be forgotten like an ended one.
  if (proto !== TCP) graph.closed.push(connections.id(connection));
  if ((reader.flags & FLAG.BEFORE_START) !== 0) connections.setFlag(connection, CONNECTION_FLAG.BEFORE_START);
  if ((reader.flags & FLAG.POLLED) !== 0) connections.setFlag(connection, CONNECTION_FLAG.POLLED);
  const kind = reader.kind;
  const listens = reader.u8(SOCK.state) === STATE.LISTEN || servesDatagrams(reader);
  if (kind === KIND.LISTEN || (kind !== KIND.CLOSE && listens)) {
    connections.setListening(connection);
  } else if (kind === KIND.SOCKET || kind === KIND.CLOSE) {
    connections.setFlag(connection, CONNECTION_FLAG.DIRECTION_GUESSED);
    connections.clientSide.set(connection, connections.hasListener(proto, localPort, netns) ? 1 : 0);
    graph.guessed.push(connections.id(connection));
  }
  return end;
}

/** A connect or an accept says which side is the client, whatever was guessed. */
function settleClient(graph: Graph, reader: BatchReader, end: EndIndex): void {
  const { connections } = graph;
  if (reader.kind !== KIND.CONNECT && reader.kind !== KIND.ACCEPT) return;
  connections.clientSide.set(end >> 1, reader.kind === KIND.CONNECT ? end & 1 : 1 - (end & 1));
  connections.clearFlag(end >> 1, CONNECTION_FLAG.DIRECTION_GUESSED);
}

/** What the client was told the server's address is called, when it asked. */
function nameServer(graph: Graph, process: ProcessIndex, connection: ConnectionIndex): void {
  const { connections, names, processes } = graph;
  if (connections.name.get(connection) !== "") return;
  const known = names.find(processes.id(process), addresses, 4);
  if (known !== undefined) connections.setName(connection, known.name, !known.own);
}

/** Counters never fall. Only changed sockets have a row, so an interval begins at the last complete refresh at the earliest. */
function count(graph: Graph, reader: BatchReader, end: EndIndex, timeNs: number): void {
  const { connections } = graph;
  const connection = end >> 1;
  const tx = reader.number(SOCK.tx);
  const rx = reader.number(SOCK.rx);
  const txBefore = connections.txBytes.get(end);
  const rxBefore = connections.rxBytes.get(end);
  if (tx > txBefore) connections.txBytes.set(end, tx);
  if (rx > rxBefore) connections.rxBytes.set(end, rx);
  if (reader.kind !== KIND.SOCKET) return;
  const { samples } = connections;
  const known = samples.find(end);
  const fresh = known === NONE;
  const sampleNs = fresh ? Number.NEGATIVE_INFINITY : samples.atNs.get(known);
  if (timeNs <= sampleNs) return;
  const sample = samples.obtain(end);
  if (!fresh || !connections.has(connection, CONNECTION_FLAG.BEFORE_START)) {
    let sinceNs = fresh ? connections.openedNs.get(connection) : sampleNs;
    if (graph.socketRefreshNs > sinceNs) sinceNs = graph.socketRefreshNs;
    if (timeNs > sinceNs) {
      samples.txRate.set(sample, (Math.max(0, tx - txBefore) * 1e9) / (timeNs - sinceNs));
      samples.rxRate.set(sample, (Math.max(0, rx - rxBefore) * 1e9) / (timeNs - sinceNs));
    }
  }
  samples.atNs.set(sample, timeNs);
  samples.refresh.set(sample, graph.socketRefresh);
}

function own(graph: Graph, reader: BatchReader, process: ProcessIndex, end: EndIndex, timeNs: number): void {
  const { edges, connections } = graph;
  const kind = reader.kind;
  // A refresh of counters says nothing new about an owner that is known.
  const opened = kind === KIND.CONNECT || kind === KIND.ACCEPT || kind === KIND.LISTEN || kind === KIND.DATAGRAM;
  const flags = graph.rowEdgeFlags(reader) | (opened ? EDGE_FLAG.OPENER : 0) | stdioFlag(reader.i32(SOCK.fd));
  const edge = edges.touch(EDGE.SIDE_0 + (end & 1), process, end >> 1, timeNs, flags);
  if (!edges.added) return;
  if (kind === KIND.ACCEPT || kind === KIND.LISTEN) graph.processes.setFlag(process, PROCESS_FLAG.SERVES);
  if (kind === KIND.ACCEPT) noteAccept(graph, edge);
  if (connections.has(end >> 1, CONNECTION_FLAG.CLOSED)) edges.moveTo(edge, FAMILY.CLOSED);
  graph.changes.sockets.push(edge);
}

/** The socket of datagram flows is closed, and with it every flow: those of the owners of the first. */
function closeAll(graph: Graph, reader: BatchReader, timeNs: number): void {
  const { connections, edges, processes } = graph;
  const lo = reader.lo(SOCK.sock);
  const hi = reader.hi(SOCK.sock);
  const first = connections.byInode(lo, hi);
  if (first === NONE) return;
  const flows = new Set<EndIndex>([first]);
  for (let edge = connections.edges.get(first >> 1); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    const owner = edges.process.get(edge);
    const sockets = processes.edges[FAMILY.SOCKETS];
    for (let flow = sockets?.get(owner) ?? NONE; flow !== NONE; flow = edges.nextOfProcess.get(flow)) {
      const end = 2 * edges.object.get(flow) + (edges.kind.get(flow) - EDGE.SIDE_0);
      if (connections.inoLo.get(end) === lo && connections.inoHi.get(end) === hi) flows.add(end);
    }
  }
  for (const end of flows) {
    if (timeNs >= connections.openedNs.get(end >> 1)) closeEnd(graph, end, timeNs, false);
  }
}
