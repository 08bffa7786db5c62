import { CONNECTION_FLAG } from "../graph/connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ChannelIndex, ConnectionIndex, FileIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { ownersOf, processAt } from "../graph/peers.ts";
import { HUB, pipeHolders } from "../graph/provenance.ts";
import { isServerSide } from "../graph/roles.ts";
import { edgeCertainty, imageCertainty } from "../query/certainty.ts";
import { connectionCertainty, socketName } from "../query/connections.ts";
import { type Budget, COST, type Effect } from "./effect.ts";
import { codeCauses } from "./process-causes.ts";
import { each, runsOf } from "./process-effects.ts";
import { who } from "./words.ts";

/** Who a connection drives or is served by. Of the one that was asked about also what its client did with the answer. */
export function connectionEffects(
  graph: Graph,
  connection: ConnectionIndex,
  asked: boolean,
  budget: Budget,
): readonly Effect[] {
  const { connections } = graph;
  if (connections.isListening(connection)) return asked ? acceptedOn(graph, connection, budget) : [];
  const client = processAt(graph, connection, connections.clientSide.get(connection));
  const driven = drivenBy(graph, connection, asked, budget);
  const effects: Effect[] = [...driven, ...servedBy(graph, connection)];
  const failed = connections.error.get(connection) !== 0;
  if (!asked || client === NONE || driven.length > 0 || failed) return effects;
  const atNs = connections.openedNs.get(connection);
  effects.push({
    to: { node: { kind: "process", row: client, atNs } },
    link: "connected",
    atNs,
    certainty: "inferred",
    explanation: "had it open: what follows came after",
    cost: COST.SERVED,
  });
  return effects;
}

/** The server on this host, whoever it passed the connection to, and what they did for this client. */
function servedBy(graph: Graph, connection: ConnectionIndex): Effect[] {
  const { connections, edges } = graph;
  const side = 1 - connections.clientSide.get(connection);
  return ownersOf(graph, connection, side).flatMap((server, index): Effect[] => {
    const edge = edges.find(EDGE.SIDE_0 + side, server, connection);
    const received = edges.has(edge, EDGE_FLAG.RECEIVED);
    if (index > 0 && !received) return [];
    const atNs = Math.max(edges.firstNs.get(edge), connections.openedNs.get(connection));
    const where = connections.isUnix(connection)
      ? socketName(graph, connection) || "a local socket"
      : connections.ownEndpoint(2 * connection + side);
    return [
      {
        to: { node: { kind: "process", row: server, atNs }, only: connection },
        link: received ? "passed descriptor" : "accepted",
        atNs,
        certainty: edgeCertainty(graph, edge),
        explanation: received
          ? "was passed this connection"
          : `accepted it on ${where}${connections.isTranslated(connection) ? ", through NAT" : ""}`,
        cost: COST.SERVED,
      },
    ];
  });
}

/** Whose standard input it is. Seen from one of its ends, only the other counts. */
function drivenBy(graph: Graph, connection: ConnectionIndex, asked: boolean, budget: Budget): Effect[] {
  const { connections, edges } = graph;
  const effects: Effect[] = [];
  const client = EDGE.SIDE_0 + connections.clientSide.get(connection);
  let edge = connections.edges.get(connection);
  for (; edge !== NONE && budget.left > 0; edge = edges.nextOfObject.get(edge)) {
    budget.left--;
    if (!edges.has(edge, EDGE_FLAG.STDIN) || (!asked && edges.kind.get(edge) === client)) continue;
    const atNs = Math.max(edges.firstNs.get(edge), connections.openedNs.get(connection));
    effects.push({
      to: { node: { kind: "process", row: edges.process.get(edge), atNs } },
      link: "stdin",
      atNs,
      certainty: edgeCertainty(graph, edge),
      explanation: "has this connection as standard input",
      cost: COST.DRIVEN,
    });
  }
  return effects;
}

/** The connections to a listening socket that its owners did something for: whoever came besides is told as a client. */
function acceptedOn(graph: Graph, listener: ConnectionIndex, budget: Budget): Effect[] {
  const { connections } = graph;
  return ownersOf(graph, listener, 0).flatMap((owner) =>
    [...servedFor(graph, owner, budget)]
      .filter((row) => cameTo(graph, listener, row))
      .map((row): Effect => {
        const atNs = connections.openedNs.get(row);
        return {
          to: { node: { kind: "connection", row, atNs } },
          link: "accepted",
          atNs,
          certainty: connectionCertainty(graph, row),
          explanation: `accepted by ${who(graph, owner, atNs)}`,
          cost: COST.CONNECTED,
        };
      }),
  );
}

/** Whether a connection was accepted at a listening socket, or could have been. */
export function cameTo({ connections }: Graph, listener: ConnectionIndex, row: ConnectionIndex): boolean {
  if (connections.isListening(row) || connections.isUnix(row) !== connections.isUnix(listener)) return false;
  return connections.isUnix(listener)
    ? connections.path.get(row) === connections.path.get(listener)
    : connections.ownPort(2 * row + 1 - connections.clientSide.get(row)) === connections.port.get(2 * listener);
}

/** The connections that a server had accepted last, and still had, when it did something, and those it passed on. */
function servedFor(graph: Graph, server: ProcessIndex, budget: Budget): Set<ConnectionIndex> {
  const { connections, edges, processes } = graph;
  const found = new Set<ConnectionIndex>();
  const accepts: { readonly row: ConnectionIndex; readonly atNs: number; readonly closedNs: number }[] = [];
  const deeds: number[] = [];
  for (let at = processes.firstChild.get(server); at !== NONE && budget.left > 0; at = processes.nextSibling.get(at)) {
    budget.left--;
    deeds.push(processes.startNs.get(at));
  }
  each(graph, server, [FAMILY.WRITES, FAMILY.CHANNELS, FAMILY.OTHERS], budget, (edge) =>
    deeds.push(edges.firstNs.get(edge), edges.lastNs.get(edge)),
  );
  each(graph, server, [FAMILY.SOCKETS, FAMILY.CLOSED], budget, (edge) => {
    const row = edges.object.get(edge);
    if (connections.isListening(row)) return;
    if (!isServerSide(graph, edge)) {
      deeds.push(connections.openedNs.get(row));
      return;
    }
    if (edges.has(edge, EDGE_FLAG.STDIN) || ownersOf(graph, row, edges.kind.get(edge) - EDGE.SIDE_0).length > 1)
      found.add(row);
    const closed = connections.has(row, CONNECTION_FLAG.CLOSED);
    accepts.push({
      row,
      atNs: edges.has(edge, EDGE_FLAG.BEFORE_START) ? Number.NEGATIVE_INFINITY : edges.firstNs.get(edge),
      closedNs: closed ? connections.closedNs.get(row) : Number.POSITIVE_INFINITY,
    });
  });
  accepts.sort((a, b) => a.atNs - b.atNs);
  let next = 0;
  const had: typeof accepts = [];
  for (const atNs of deeds.sort((a, b) => a - b)) {
    for (let accept = accepts[next]; accept !== undefined && accept.atNs <= atNs; accept = accepts[++next])
      had.push(accept);
    while ((had.at(-1)?.closedNs ?? atNs) < atNs) had.pop();
    const last = had.at(-1);
    if (last !== undefined) found.add(last.row);
  }
  return found;
}

/** Who ran a file, and who read what somebody had written into it. */
export function fileEffects(
  graph: Graph,
  file: FileIndex,
  sinceNs: number,
  gaps: Set<string>,
  budget: Budget,
): Effect[] {
  const { edges, files } = graph;
  const path = files.path.get(file);
  if (files.readerCount.get(file) > HUB) {
    gaps.add(`${path} has too many readers to follow`);
    return [];
  }
  const runs = runsOf(graph, file, sinceNs, budget);
  const effects = runs.map(({ process, image, atNs }): Effect => {
    const cause = codeCauses(graph, process, atNs, gaps).find(({ through }) => through === file);
    return {
      to: { node: { kind: "process", row: process, atNs } },
      link: "executed",
      atNs,
      certainty: cause?.certainty ?? (image === NONE ? "inferred" : imageCertainty(graph, image)),
      explanation: cause?.explanation ?? `ran ${path}`,
      cost: COST.RAN,
    };
  });
  for (let edge = files.readers.get(file); edge !== NONE && budget.left > 0; edge = edges.nextOfObject.get(edge)) {
    budget.left--;
    const process = edges.process.get(edge);
    if (edges.kind.get(edge) !== EDGE.READ || runs.some((run) => run.process === process)) continue;
    const atNs = Math.max(edges.firstNs.get(edge), sinceNs);
    if (edges.lastNs.get(edge) < sinceNs) continue;
    effects.push({
      to: { node: { kind: "process", row: process, atNs }, passes: true, readNs: edges.lastNs.get(edge) },
      link: "read",
      atNs,
      certainty: edgeCertainty(graph, edge),
      explanation: edges.bytes(edge) > 0 ? "read it" : "opened it to read",
      cost: COST.READ,
    });
  }
  return effects;
}

/** Who reads from a pipe. */
export function channelEffects(graph: Graph, channel: ChannelIndex): Effect[] {
  const { edges } = graph;
  return pipeHolders(graph, channel, EDGE.PIPE_READ, NONE).map((edge): Effect => {
    const atNs = edges.firstNs.get(edge);
    const stdin = edges.has(edge, EDGE_FLAG.STDIN);
    const node = { kind: "process", row: edges.process.get(edge), atNs } as const;
    return {
      to: stdin ? { node } : { node, passes: true },
      link: "piped",
      atNs,
      certainty: edgeCertainty(graph, edge),
      explanation: stdin ? "has it as standard input" : "reads from it",
      cost: COST.DRIVEN,
    };
  });
}
