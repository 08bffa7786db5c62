import { CONNECTION_FLAG, END_FLAG, TCP, UDP } from "../graph/connections.ts";
import { EDGE, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex, EndIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { ownersOf, processAt } from "../graph/peers.ts";
import type { Monitor } from "../monitor.ts";
import { SEVERITIES } from "./certainty.ts";
import { errnoName } from "./errno.ts";
import type { Certainty, ConnectionRow, ProcessId } from "./model.ts";
import type { Mutable } from "./process-row.ts";

const STATES = [
  "",
  "established",
  "syn sent",
  "syn received",
  "fin wait 1",
  "fin wait 2",
  "time wait",
  "closed",
  "close wait",
  "last ack",
  "listening",
  "closing",
];

export interface ConnectionChoice {
  /** As it sees them; otherwise all of this host, with a local one as one row. */
  readonly process?: ProcessId;
  /** Of those that are over what closed since a moment; Infinity for none. Without it all. */
  readonly closedSinceNs?: number;
}

/** Connections of one process: where it listens, those that are open, then those that are over; or all of this host. Newest first. */
export function connections(monitor: Monitor, choice: ConnectionChoice = {}): readonly ConnectionRow[] {
  const rows = [...eachConnection(monitor, choice)];
  return choice.process === undefined
    ? rows.sort(newestFirst)
    : rows.sort((a, b) => standing(a) - standing(b) || newestFirst(a, b));
}

/** The same one at a time, those of all of this host newest first: a hundred thousand of them, of which few are kept, take no memory. */
export function* eachConnection(monitor: Monitor, choice: ConnectionChoice = {}): Generator<ConnectionRow, void, void> {
  const { graph } = monitor;
  const { process: id, closedSinceNs = Number.NEGATIVE_INFINITY } = choice;
  const over = (connection: ConnectionIndex): boolean =>
    graph.connections.has(connection, CONNECTION_FLAG.CLOSED) &&
    !(graph.connections.closedNs.get(connection) >= closedSinceNs);
  if (id === undefined) {
    const { limit, openedNs } = graph.connections;
    const found = new Int32Array(limit);
    let count = 0;
    for (let connection = 0; connection < limit; connection++)
      if (graph.connections.isLive(connection) && !over(connection)) found[count++] = connection;
    found.subarray(0, count).sort((a, b) => openedNs.get(b) - openedNs.get(a));
    for (let at = 0; at < count; at++) yield rowFor(monitor, homeEnd(graph, found[at] as ConnectionIndex), true);
    return;
  }
  const process = graph.processes.row(id);
  if (process === NONE) return;
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
    const head = graph.processes.edges[family];
    for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = graph.edges.nextOfProcess.get(edge)) {
      const connection = graph.edges.object.get(edge);
      if (!over(connection)) yield rowFor(monitor, 2 * connection + graph.edges.kind.get(edge) - EDGE.SIDE_0, false);
    }
  }
}

/** "tcp 10.0.0.4:41822 -> 198.51.100.7:80": client first; "tcp :22" for a listener. */
export function connectionTitle(graph: Graph, connection: ConnectionIndex): string {
  const { connections: table } = graph;
  const protocol = protocolOf(graph, connection);
  if (table.isListening(connection))
    return `${protocol} ${table.isUnix(connection) ? socketName(graph, connection) : table.endpoint(2 * connection)}`;
  if (table.isUnix(connection)) return `unix ${socketName(graph, connection) || "(unnamed)"}`;
  const client = 2 * connection + table.clientSide.get(connection);
  const translated = translationOf(graph, connection);
  const nat = translated === undefined ? "" : ` (NAT: ${translated.client} -> ${translated.server})`;
  return `${protocol} ${table.endpoint(client)} -> ${serverTitle(graph, connection)}${nat}`;
}

/** Of a unix socket: its path, "@name" of an abstract one, "" without either. */
export function socketName({ connections }: Graph, connection: ConnectionIndex): string {
  return connections.path.get(connection).replace(/^\0/u, "@");
}

/** Both ends as the server's socket has them, where they were translated on the way from the client's. */
export function translationOf({ connections }: Graph, connection: ConnectionIndex): ConnectionRow["translated"] {
  if (!connections.isTranslated(connection)) return undefined;
  const server = 2 * connection + 1 - connections.clientSide.get(connection);
  return { client: connections.remoteEndpoint(server), server: connections.ownEndpoint(server) };
}

/** "cdn.x 198.51.100.7:80": the server's side, with the name it was looked up as. */
export function serverTitle(graph: Graph, connection: ConnectionIndex): string {
  const { connections: table } = graph;
  const name = table.name.get(connection);
  const endpoint = table.endpoint(2 * connection + 1 - table.clientSide.get(connection));
  return name === "" ? endpoint : `${name} ${endpoint}`;
}

export function connectionCertainty(graph: Graph, connection: ConnectionIndex): Certainty {
  const flags = graph.connections.flags.get(connection);
  if ((flags & CONNECTION_FLAG.BEFORE_START) !== 0) return "before start";
  return (flags & (CONNECTION_FLAG.POLLED | CONNECTION_FLAG.DIRECTION_GUESSED)) !== 0 ? "inferred" : "observed";
}

/** The end on this host from which a row is told: the client's of a local connection. */
export function homeEnd(graph: Graph, connection: ConnectionIndex): EndIndex {
  const { connections: table } = graph;
  if (table.isListening(connection)) return 2 * connection;
  const client = 2 * connection + table.clientSide.get(connection);
  return table.endHas(client, END_FLAG.KNOWN) ? client : client ^ 1;
}

function rowFor(monitor: Monitor, end: EndIndex, whole: boolean): ConnectionRow {
  const { graph } = monitor;
  const { connections: table, processes } = graph;
  const connection = end >> 1;
  const unix = table.isUnix(connection);
  const listening = table.isListening(connection);
  const closed = table.has(connection, CONNECTION_FLAG.CLOSED);
  const client = table.clientSide.get(connection) === (end & 1);
  const both =
    !listening && table.endHas(0 + 2 * connection, END_FLAG.KNOWN) && table.endHas(2 * connection + 1, END_FLAG.KNOWN);
  const { samples } = table;
  const sample = closed ? NONE : samples.current(end, graph.socketRefresh);
  const path = socketName(graph, connection);
  const row: Mutable<ConnectionRow> = {
    id: table.id(connection),
    protocol: protocolOf(graph, connection),
    direction: listening ? "listen" : whole && both ? "local" : client ? "out" : "in",
    local: unix ? (client && !listening ? "" : path) : listening ? table.bound(end) : table.ownEndpoint(end),
    remote: listening ? "" : unix ? (client ? path : "") : table.remoteEndpoint(end),
    state: stateOf(graph, connection),
    rxBytes: table.rxBytes.get(end),
    txBytes: table.txBytes.get(end),
    rxBytesPerSecond: sample === NONE ? 0 : samples.rxRate.get(sample),
    txBytesPerSecond: sample === NONE ? 0 : samples.txRate.get(sample),
    openedNs: table.openedNs.get(connection),
    owners: ownersOf(graph, connection, end & 1).map((owner) => processes.id(owner)),
    certainty: connectionCertainty(graph, connection),
  };
  if (closed) row.closedNs = table.closedNs.get(connection);
  const name = table.name.get(connection);
  if (name !== "") row.name = name;
  if (table.has(connection, CONNECTION_FLAG.NAME_GUESSED)) row.nameGuessed = true;
  const translated = translationOf(graph, connection);
  if (translated !== undefined) row.translated = translated;
  const error = table.error.get(connection);
  if (error !== 0) row.error = errnoName(error);
  const peer = listening ? NONE : processAt(graph, connection, 1 - (end & 1));
  if (peer !== NONE) row.peer = processes.id(peer);
  const severity = SEVERITIES[monitor.detector.connectionSeverity.get(row.id) ?? 0];
  if (severity !== undefined) row.severity = severity;
  return row;
}

function protocolOf(graph: Graph, connection: ConnectionIndex): ConnectionRow["protocol"] {
  if (graph.connections.isUnix(connection)) return "unix";
  const proto = graph.connections.proto.get(connection);
  return proto === TCP ? "tcp" : proto === UDP ? "udp" : "other";
}

function stateOf(graph: Graph, connection: ConnectionIndex): string {
  const { connections: table } = graph;
  if (table.error.get(connection) !== 0) return "failed";
  if (table.has(connection, CONNECTION_FLAG.CLOSED)) return "closed";
  // The kernel's "closed" is the only state an unconnected datagram socket has.
  if (table.proto.get(connection) !== TCP && !table.isUnix(connection)) return "open";
  return STATES[table.state.get(connection)] ?? "";
}

/** Of the connections of one process what listens stands before what is open, and that before what is over. */
export function standing({ direction, closedNs }: ConnectionRow): number {
  return closedNs !== undefined ? 2 : direction === "listen" ? 0 : 1;
}

export function newestFirst(a: ConnectionRow, b: ConnectionRow): number {
  return b.openedNs - a.openedNs || b.id - a.id;
}
