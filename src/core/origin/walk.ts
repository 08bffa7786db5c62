import { CONNECTION_FLAG } from "../graph/connections.ts";
import type { Graph } from "../graph/graph.ts";
import { NONE } from "../graph/indexes.ts";
import { isLoginServer, nameAt } from "../graph/roles.ts";
import { type Boundary, boundaryOf } from "./boundary.ts";
import { type Branch, type Cause, type Hop, keyOf, type Node, RANK } from "./cause.ts";
import { acceptorCauses, channelCauses, connectionCauses, fileCauses, sourceCauses } from "./object-causes.ts";
import { processCauses } from "./process-causes.ts";
import type { Names } from "./words.ts";

/** A chain is followed this far, and told in this many steps. */
const MAX_HOPS = 64;
const MAX_TOLD = 11;
const MAX_SIDE_HOPS = 6;
const MAX_SIDES = 8;
const MAX_SIDES_OF_HOP = 2;

/** Follows the most telling cause back from a node to where it began, then what else had a part in it. The first branch is the chain. */
export function walk(graph: Graph, start: Node, names: Names, whole: boolean, gaps: Set<string>): readonly Branch[] {
  const seen = new Set<string>();
  const all = follow(graph, start, names, gaps, seen, MAX_HOPS);
  const main = whole ? all : shorten(graph, all, gaps);
  const branches: Branch[] = [{ trail: main }];
  for (let i = main.length - 1; i >= 0 && branches.length <= MAX_SIDES; i--) {
    const hop = main[i] as Hop;
    let sides = 0;
    for (const cause of asides(graph, hop, main[i - 1], gaps)) {
      if (sides === MAX_SIDES_OF_HOP || branches.length > MAX_SIDES) break;
      if (cause === hop.cause || seen.has(keyOf(cause.from)) || isSystem(graph, cause.from)) continue;
      branches.push({ trail: follow(graph, cause.from, names, gaps, seen, MAX_SIDE_HOPS), beside: { hop, cause } });
      sides++;
    }
  }
  return branches;
}

/**
 * A long chain keeps its ends and what is no mere start of one process by another: first forks that executed nothing go, then the
 * starts nearest to the beginning, which is named in any case.
 */
function shorten(graph: Graph, trail: readonly Hop[], gaps: Set<string>): readonly Hop[] {
  const { processes, images } = graph;
  const forkOnly = ({ node }: Hop): boolean => {
    const image = node.kind === "process" ? processes.image.get(node.row) : NONE;
    return image !== NONE && images.processId.get(image) !== processes.id(node.row);
  };
  const kept = [...trail];
  const drop = (may: (hop: Hop) => boolean): number => {
    let dropped = 0;
    for (let i = kept.length - 2; i > 0 && kept.length > MAX_TOLD; i--) {
      const passage = kept[i]?.cause?.link === "spawned" && kept[i - 1]?.cause?.link === "spawned";
      if (passage && may(kept[i] as Hop)) dropped += kept.splice(i, 1).length;
    }
    return dropped;
  };
  drop(forkOnly);
  const left = drop(() => true);
  if (left > 0) gaps.add(`${left} steps of one process starting the next are left out`);
  if (trail.length === MAX_HOPS && trail.at(-1)?.boundary === undefined) gaps.add("the chain goes on further back");
  return kept;
}

/** Pid 1 has a part in everything. */
function isSystem(graph: Graph, node: Node): boolean {
  return node.kind === "process" && graph.processes.tgid.get(node.row) === 1;
}

/** One trail; it ends at a boundary, or before a place that is on a trail already. */
function follow(graph: Graph, start: Node, names: Names, gaps: Set<string>, seen: Set<string>, limit: number): Hop[] {
  const trail: Hop[] = [];
  let node: Node | undefined = start;
  while (node !== undefined && trail.length < limit) {
    seen.add(keyOf(node));
    const at: Node = node;
    const causes: readonly Cause[] = causesOf(graph, at, gaps).filter(
      (cause) => cause.from.atNs <= at.atNs && cause.rank < RANK.SOURCE,
    );
    const cause: Cause | undefined = causes.find((one) => !trail.some((hop) => keyOf(hop.node) === keyOf(one.from)));
    // What decided its code or its commands explains more than where it was started.
    const boundary: Boundary | undefined =
      cause === undefined || cause.rank >= RANK.PARENT ? endOf(graph, at, names) : undefined;
    if (boundary !== undefined || cause === undefined) {
      trail.push(boundary === undefined ? { node: at } : { node: at, boundary });
      return trail;
    }
    trail.push({ node: at, cause });
    node = seen.has(keyOf(cause.from)) ? undefined : cause.from;
  }
  return trail;
}

function causesOf(graph: Graph, node: Node, gaps: Set<string>): Cause[] {
  switch (node.kind) {
    case "process":
      return processCauses(graph, node.row, node.atNs, gaps);
    case "connection":
      return connectionCauses(graph, node.row, node.atNs);
    case "file":
      return fileCauses(graph, node.row, node.atNs, gaps);
    case "channel":
      return channelCauses(graph, node.row, node.atNs);
  }
}

/** What had a part in a place of the chain without being its cause: other causes, where passed-on content came from, who accepted. */
function asides(graph: Graph, hop: Hop, effect: Hop | undefined, gaps: Set<string>): Cause[] {
  const { node } = hop;
  const others =
    hop.boundary === undefined ? causesOf(graph, node, gaps).filter((cause) => cause.from.atNs <= node.atNs) : [];
  if (node.kind === "connection")
    return effect === undefined ? [...others, ...acceptorCauses(graph, node.row, node.atNs)] : others;
  const link = effect?.cause?.link;
  if (node.kind !== "process" || (link !== "executed" && link !== "piped" && link !== "wrote")) return others;
  const passedOnNs = link === "piped" && effect !== undefined ? effect.node.atNs : node.atNs;
  return [...sourceCauses(graph, node.row, passedOnNs), ...others];
}

function endOf(graph: Graph, node: Node, names: Names): Boundary | undefined {
  switch (node.kind) {
    case "process":
      return boundaryOf(graph, node.row, node.atNs, names);
    case "connection":
      return remoteEnd(graph, node.row);
    case "file":
    case "channel":
      return undefined;
  }
}

/** A connection whose client is elsewhere begins there. */
function remoteEnd(graph: Graph, connection: number): Boundary | undefined {
  const { connections } = graph;
  if (
    connections.isListening(connection) ||
    connectionCauses(graph, connection, connections.openedNs.get(connection)).length > 0
  )
    return undefined;
  const client = 2 * connection + connections.clientSide.get(connection);
  const from = connections.isUnix(connection) ? connections.path.get(connection) : connections.endpoint(client);
  const server = acceptorCauses(graph, connection, connections.openedNs.get(connection))[0]?.from;
  const login =
    server?.kind === "process" && server.row !== NONE && isLoginServer(nameAt(graph, server.row, server.atNs));
  return {
    link: login ? "login" : "boundary",
    explanation: login ? `remote login from ${from}` : `came from ${from}`,
    cause: login ? `remote login from ${from}` : `connection from ${from}`,
    certainty: connections.has(connection, CONNECTION_FLAG.BEFORE_START) ? "before start" : "observed",
  };
}
