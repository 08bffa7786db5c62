import { END_FLAG } from "../graph/connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ChannelIndex, ConnectionIndex, EdgeIndex, FileIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { ownersOf, processAt } from "../graph/peers.ts";
import { imageAt, pipeHolders } from "../graph/provenance.ts";
import { isServerSide } from "../graph/roles.ts";
import { lastWrite, MAX_PAST_WRITERS, unseenWriters, writersGap, writesBefore } from "../graph/writes.ts";
import { edgeCertainty, weakest } from "../query/certainty.ts";
import { connectionCertainty, connectionTitle, homeEnd } from "../query/connections.ts";
import { type Cause, RANK } from "./cause.ts";
import { bytes, duration, openedBy, who } from "./words.ts";

/** The process on this host that opened a connection, or listens. For one accepted from elsewhere there is none: it began there. */
export function connectionCauses(graph: Graph, connection: ConnectionIndex, atNs: number, gaps?: Set<string>): Cause[] {
  const { connections } = graph;
  const listening = connections.isListening(connection);
  const side = listening ? homeEnd(graph, connection) & 1 : connections.clientSide.get(connection);
  const owner = processAt(graph, connection, side);
  if (owner === NONE) {
    if (connections.endHas(2 * connection + side, END_FLAG.KNOWN))
      gaps?.add(
        `no process was seen holding ${connectionTitle(graph, connection)}: it is on its way to one, or one is hidden, or it is the kernel's`,
      );
    return [];
  }
  const name = who(graph, owner, atNs);
  return [
    {
      from: { kind: "process", row: owner, atNs },
      link: "connected",
      atNs,
      certainty: connectionCertainty(graph, connection),
      explanation: listening ? `${name} listens here` : openedBy(graph, connection, name),
      aside: "",
      rank: RANK.PARENT,
    },
  ];
}

/** Who accepted a connection stands beside it, for the cause is at the other end; what is told of it is why it was there. */
export function acceptorCauses(graph: Graph, connection: ConnectionIndex, atNs: number): Cause[] {
  const { connections, processes, images } = graph;
  if (connections.isListening(connection)) return [];
  const [owner] = ownersOf(graph, connection, 1 - connections.clientSide.get(connection));
  if (owner === undefined) return [];
  const image = imageAt(graph, owner, atNs);
  const beganNs = Math.max(
    processes.startNs.get(owner),
    image === NONE ? Number.NEGATIVE_INFINITY : images.atNs.get(image),
  );
  const server = connections.ownEndpoint(2 * connection + 1 - connections.clientSide.get(connection));
  return [
    {
      from: { kind: "process", row: owner, atNs: Math.min(beganNs, atNs) },
      link: "accepted",
      atNs,
      certainty: connectionCertainty(graph, connection),
      explanation: "",
      aside: connections.isUnix(connection)
        ? "accepted it"
        : `accepted it on ${server}${connections.isTranslated(connection) ? ", through NAT" : ""}`,
      rank: RANK.SOURCE,
    },
  ];
}

/** Who wrote a file, the last one first. */
export function fileCauses(graph: Graph, file: FileIndex, atNs: number, gaps: Set<string>): Cause[] {
  const { edges, files } = graph;
  const path = files.path.get(file);
  const untold = unseenWriters(graph, file);
  if (untold > 0) gaps.add(writersGap(graph, file, untold));
  if (files.writers.get(file) === NONE) gaps.add(`nobody was seen writing ${path}`);
  const causes: Cause[] = [];
  const last = lastWrite(graph, file, atNs, NONE, MAX_PAST_WRITERS);
  for (const edge of new Set([last, ...writesBefore(graph, file, atNs)])) {
    if (edge === NONE) continue;
    const writer = edges.process.get(edge);
    const wroteNs = graph.edges.lastBefore(edge, atNs);
    const seen = edges.has(edge, EDGE_FLAG.WRITTEN);
    const verb = edges.has(edge, EDGE_FLAG.CREATED) ? "created" : seen ? "written" : "opened for writing";
    causes.push({
      from: { kind: "process", row: writer, atNs: wroteNs },
      link: "wrote",
      atNs: wroteNs,
      certainty: weakest(edgeCertainty(graph, edge), seen ? "observed" : "inferred"),
      explanation: `${verb} by ${who(graph, writer, wroteNs)}`,
      aside: `${seen ? "wrote it too" : "opened it for writing, no write was seen"}, ${duration(atNs - wroteNs)} ago`,
      rank: edge === last ? RANK.CODE : RANK.SOURCE,
    });
  }
  return causes.sort((a, b) => a.rank - b.rank || b.atNs - a.atNs);
}

/** Who writes into a pipe. */
export function channelCauses(graph: Graph, channel: ChannelIndex, atNs: number): Cause[] {
  const { edges } = graph;
  return pipeHolders(graph, channel, EDGE.PIPE_WRITE, NONE).map((edge) => {
    const sinceNs = Math.min(edges.firstNs.get(edge), atNs);
    const writer = edges.process.get(edge);
    const standard = edges.has(edge, EDGE_FLAG.STDOUT | EDGE_FLAG.STDERR);
    return {
      from: { kind: "process", row: writer, atNs: sinceNs },
      link: "piped",
      atNs: sinceNs,
      certainty: edgeCertainty(graph, edge),
      explanation: `${standard ? "written" : "made"} by ${who(graph, writer, sinceNs)}`,
      aside: "writes into it too",
      rank: RANK.COMMANDS,
    } as const;
  });
}

/** Connections and files beside a chain: where the writer of code got it from. */
const MAX_SOURCES = 2;

/** Where a process may have had the content from that it passed on: connections it made before, files others wrote that it read. */
export function sourceCauses(graph: Graph, process: ProcessIndex, passedOnNs: number): Cause[] {
  const causes = [...downloads(graph, process, passedOnNs), ...copies(graph, process, passedOnNs)];
  return causes.sort((a, b) => b.atNs - a.atNs).slice(0, MAX_SOURCES);
}

function downloads(graph: Graph, process: ProcessIndex, passedOnNs: number): Cause[] {
  const { edges, connections } = graph;
  const causes: Cause[] = [];
  each(graph, process, [FAMILY.SOCKETS, FAMILY.CLOSED], (edge) => {
    const connection = edges.object.get(edge);
    if (connections.isUnix(connection) || connections.isListening(connection) || isServerSide(graph, edge)) return;
    if (connections.error.get(connection) !== 0 || edges.firstNs.get(edge) > passedOnNs) return;
    const openedNs = Math.min(connections.openedNs.get(connection), passedOnNs);
    const received = connections.rxBytes.get(2 * connection + connections.clientSide.get(connection));
    const amount = received > 0 ? `, ${bytes(received)} received` : "";
    const server = processAt(graph, connection, 1 - connections.clientSide.get(connection));
    const by = server === NONE ? "" : ` to ${who(graph, server, openedNs)}`;
    causes.push({
      from: { kind: "connection", row: connection, atNs: openedNs },
      link: "connected",
      atNs: openedNs,
      certainty: edgeCertainty(graph, edge),
      explanation: "",
      aside: `${who(graph, process, passedOnNs)} was connected${by} ${duration(passedOnNs - openedNs)} before${amount}`,
      rank: RANK.SOURCE,
    });
  });
  return causes;
}

function copies(graph: Graph, process: ProcessIndex, passedOnNs: number): Cause[] {
  const { edges } = graph;
  const causes: Cause[] = [];
  each(graph, process, [FAMILY.READS], (edge) => {
    const file = edges.object.get(edge);
    if (edges.kind.get(edge) !== EDGE.READ || edges.firstNs.get(edge) > passedOnNs) return;
    if (lastWrite(graph, file, edges.firstNs.get(edge), process) === NONE) return;
    causes.push({
      from: { kind: "file", row: file, atNs: edges.firstNs.get(edge) },
      link: "read",
      atNs: edges.firstNs.get(edge),
      certainty: edgeCertainty(graph, edge),
      explanation: "",
      aside: `${who(graph, process, passedOnNs)} read it before`,
      rank: RANK.SOURCE,
    });
  });
  return causes;
}

/** A process with more edges than this is looked at in part. */
const MAX_EDGES = 2048;

function each(
  graph: Graph,
  process: ProcessIndex,
  families: readonly number[],
  visit: (edge: EdgeIndex) => void,
): void {
  for (const family of families) {
    let left = MAX_EDGES;
    const head = graph.processes.edges[family];
    for (
      let edge = head?.get(process) ?? NONE;
      edge !== NONE && left > 0;
      edge = graph.edges.nextOfProcess.get(edge), left--
    )
      visit(edge);
  }
}
