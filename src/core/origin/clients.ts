import { CONNECTION_FLAG } from "../graph/connections.ts";
import { EDGE, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex, EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { processAt } from "../graph/peers.ts";
import { isServerSide, nameAt } from "../graph/roles.ts";
import { edgeCertainty } from "../query/certainty.ts";
import { socketName } from "../query/connections.ts";
import type { OriginStep } from "../query/model.ts";
import type { Budget } from "./effect.ts";
import { each } from "./process-effects.ts";
import { bytes, processTitle } from "./words.ts";

/** Alike clients of a server: one address elsewhere, or the processes of one name on this host. */
interface Client {
  readonly name: string;
  readonly processes: Set<ProcessIndex>;
  firstNs: number;
  newest: EdgeIndex;
  connections: number;
  open: number;
  rxBytes: number;
  txBytes: number;
}

/** Whom a process served. */
export interface Served {
  /** The busiest, without a place in the tree. */
  readonly steps: readonly Omit<OriginStep, "depth" | "cause">[];
  /** Of all clients, those told first. */
  readonly names: readonly string[];
}

const NOBODY: Served = { steps: [], names: [] };

/** The clients of processes, alike ones folded: of the connections that they accepted, or were given, those that count. */
export function clientsOf(
  graph: Graph,
  processes: readonly ProcessIndex[],
  counts: (edge: EdgeIndex) => boolean,
  most: number,
  budget: Budget,
): Served {
  const { connections, edges } = graph;
  const clients = new Map<string, Client>();
  for (const process of processes)
    each(graph, process, [FAMILY.SOCKETS, FAMILY.CLOSED], budget, (edge) => {
      const row = edges.object.get(edge);
      if (connections.isListening(row) || !isServerSide(graph, edge) || !counts(edge)) return;
      // Both ends of a socket pair.
      if (processAt(graph, row, connections.clientSide.get(row)) === process) return;
      count(graph, clientOf(graph, clients, edge, row), edge, row);
    });
  if (clients.size === 0) return NOBODY;
  const busiest = [...clients.values()].sort((a, b) => b.connections - a.connections || a.firstNs - b.firstNs);
  return {
    steps: busiest.slice(0, most).map((client) => stepOf(graph, client)),
    names: busiest.map(({ name }) => name),
  };
}

function clientOf(graph: Graph, clients: Map<string, Client>, edge: EdgeIndex, row: ConnectionIndex): Client {
  const { connections, edges } = graph;
  const side = connections.clientSide.get(row);
  const process = processAt(graph, row, side);
  const name = process === NONE ? addressOf(graph, row, side) : nameAt(graph, process, connections.openedNs.get(row));
  const key = process === NONE ? name : `${name} here`;
  let client = clients.get(key);
  if (client === undefined) {
    const firstNs = edges.firstNs.get(edge);
    const nothing = { connections: 0, open: 0, rxBytes: 0, txBytes: 0 };
    client = { name, processes: new Set(), firstNs, newest: edge, ...nothing };
    clients.set(key, client);
  }
  if (process !== NONE) client.processes.add(process);
  return client;
}

function addressOf({ connections }: Graph, row: ConnectionIndex, side: number): string {
  if (connections.isUnix(row)) return "a process that was not seen";
  const endpoint = connections.endpoint(2 * row + side);
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}

function count({ connections, edges }: Graph, client: Client, edge: EdgeIndex, row: ConnectionIndex): void {
  const own = 2 * row + 1 - connections.clientSide.get(row);
  client.connections++;
  client.open += connections.has(row, CONNECTION_FLAG.CLOSED) ? 0 : 1;
  client.rxBytes += connections.rxBytes.get(own);
  client.txBytes += connections.txBytes.get(own);
  client.firstNs = Math.min(client.firstNs, edges.firstNs.get(edge));
  if (edges.firstNs.get(edge) > edges.firstNs.get(client.newest)) client.newest = edge;
}

function stepOf(graph: Graph, client: Client): Omit<OriginStep, "depth" | "cause"> {
  const { connections, edges } = graph;
  const { newest, processes, name } = client;
  const row = edges.object.get(newest);
  const [process = NONE] = processes;
  const title =
    processes.size > 1
      ? `${processes.size} processes ${name}`
      : process === NONE
        ? name
        : processTitle(graph, process, connections.openedNs.get(row));
  const where = connections.isUnix(row)
    ? socketName(graph, row) || "a local socket"
    : connections.ownEndpoint(2 * row + edges.kind.get(newest) - EDGE.SIDE_0);
  const times =
    client.connections === 1
      ? `a connection${client.open === 0 ? "" : ", open"}`
      : `${client.connections} connections, ${client.open} open`;
  const moved = client.rxBytes + client.txBytes;
  return {
    subject: { kind: "connection", id: connections.id(row) },
    link: "accepted",
    atNs: client.firstNs,
    title,
    explanation: `was served on ${where}: ${times}${moved === 0 ? "" : `, ${bytes(client.rxBytes)} in, ${bytes(client.txBytes)} out`}`,
    certainty: edgeCertainty(graph, newest),
    target: false,
  };
}
