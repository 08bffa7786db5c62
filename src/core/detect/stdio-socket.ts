import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { interpretsAt } from "../graph/roles.ts";
import { who } from "../origin/words.ts";
import { edgeCertainty } from "../query/certainty.ts";
import type { Signal } from "./signal.ts";

/** A shell or interpreter whose standard input or output is a network socket: somebody at the other end types. */
export function stdioIsSocket(graph: Graph, process: ProcessIndex): Signal | undefined {
  const { edges, connections, processes, images } = graph;
  const image = processes.image.get(process);
  // A fork of a shell has its shell's descriptors and is told with it.
  if (image === NONE || images.processId.get(image) !== processes.id(process)) return undefined;
  if (!interpretsAt(graph, process, Number.POSITIVE_INFINITY)) return undefined;
  const edge = stdioEdge(graph, process);
  if (edge === NONE) return undefined;
  const connection = edges.object.get(edge);
  const side = edges.kind.get(edge) - EDGE.SIDE_0;
  const end = 2 * connection + side;
  const remote = end ^ 1;
  const local = connections.endIsLoopback(remote);
  const called = connections.clientSide.get(connection) === side;
  const to = `${connections.endpoint(remote)}${local ? " (this host)" : ""}`;
  return {
    rule: "stdio-is-socket",
    title: called ? "Reverse shell" : "Shell on a socket",
    reason: `the standard input or output of ${who(graph, process, Number.POSITIVE_INFINITY)} is a connection ${called ? "to" : "from"} ${to}`,
    severity: local ? "high" : "critical",
    techniques: ["T1059", "T1095"],
    atNs: Math.max(images.atNs.get(image), edges.firstNs.get(edge)),
    process,
    others: [],
    evidence: [{ kind: "connection", id: connections.id(connection) }],
    certainty: edgeCertainty(graph, edge),
    key: `${processes.keyOf(process)}|${connections.inoHi.get(end)}.${connections.inoLo.get(end)}`,
  };
}

function stdioEdge(graph: Graph, process: ProcessIndex): EdgeIndex {
  const { edges, connections, processes } = graph;
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
    const head = processes.edges[family];
    for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
      const connection = edges.object.get(edge);
      if (connections.isUnix(connection) || connections.isListening(connection)) continue;
      if (edges.has(edge, EDGE_FLAG.STDIN | EDGE_FLAG.STDOUT)) return edge;
    }
  }
  return NONE;
}
