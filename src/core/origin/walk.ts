import { CONNECTION_FLAG } from "../graph/connections.ts";
import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { imageAt } from "../graph/provenance.ts";
import { isLoginServer } from "../graph/trust.ts";
import { lastWrite } from "../graph/writes.ts";
import type { Monitor } from "../monitor.ts";
import { socketName } from "../query/connections.ts";
import { type Boundary, boundaryOf } from "./boundary.ts";
import { type Branch, type Cause, type Hop, keyOf, type Node, RANK } from "./cause.ts";
import { Heap } from "./heap.ts";
import { acceptorCauses, channelCauses, connectionCauses, fileCauses, sourceCauses } from "./object-causes.ts";
import { noteGaps } from "./places.ts";
import { priority } from "./priority.ts";
import { processCauses } from "./process-causes.ts";
import type { Names } from "./words.ts";

/** A chain is followed this far, and told in this many steps. */
const MAX_HOPS = 256;
const MAX_TOLD = 11;
/** Branches beside it, in all and beside one step, and how far each is followed. */
const SHORT = { sides: 8, beam: 2, hops: 6 } as const;
const WHOLE = { sides: 32, beam: 8, hops: 24 } as const;

interface Limits {
  readonly sides: number;
  readonly beam: number;
  readonly hops: number;
}

/**
 * Follows the most telling cause back from a node to where it began, then what else had a part in it, best first. The first branch is the
 * chain.
 */
export function walk(
  monitor: Monitor,
  start: Node,
  names: Names,
  whole: boolean,
  gaps: Set<string>,
): readonly Branch[] {
  const { graph } = monitor;
  const seen = new Set<string>();
  const all = follow(graph, start, names, gaps, seen, MAX_HOPS);
  if (all.length === MAX_HOPS && all.at(-1)?.boundary === undefined) gaps.add("the chain goes on further back");
  const main = whole ? all : shorten(graph, all);
  // Of the steps that are told it is noted with them.
  if (main.length < all.length) for (const { node } of all) noteGaps(graph, node, gaps);
  return [{ trail: main }, ...sidesOf(monitor, main, names, whole ? WHOLE : SHORT, gaps, seen)];
}

function sidesOf(
  monitor: Monitor,
  main: readonly Hop[],
  names: Names,
  limits: Limits,
  gaps: Set<string>,
  seen: Set<string>,
): readonly Branch[] {
  const { graph } = monitor;
  const queue = new Heap<{ readonly hop: Hop; readonly cause: Cause }>();
  for (const [index, hop] of main.entries()) {
    const causes = asides(graph, hop, main[index - 1], gaps);
    for (const cause of causes) queue.push({ hop, cause }, costOf(monitor, cause, hop.node, causes.length));
  }
  const branches: Branch[] = [];
  const sides = new Map<Hop, number>();
  for (let next = queue.pop(); next !== undefined && branches.length < limits.sides; next = queue.pop()) {
    const { hop, cause } = next;
    const already = sides.get(hop) ?? 0;
    if (
      already === limits.beam ||
      cause === hop.cause ||
      seen.has(placeOf(graph, cause.from)) ||
      isSystem(graph, cause.from)
    )
      continue;
    sides.set(hop, already + 1);
    branches.push({ trail: follow(graph, cause.from, names, gaps, seen, limits.hops), beside: next });
  }
  return branches;
}

/** Beside a chain what it had its contents from says more than who started it. */
const SIDE_COST: Readonly<Record<number, number>> = { [RANK.PARENT]: 5, [RANK.SOURCE]: 2 };

function costOf(monitor: Monitor, { from, rank, certainty }: Cause, effect: Node, siblings: number): number {
  const cost = SIDE_COST[rank] ?? 1;
  return priority(monitor, { node: from, cost, apartNs: effect.atNs - from.atNs, certainty, siblings });
}

/**
 * A long chain keeps its ends and what is no mere start of one process by another: first forks that executed nothing go, then the
 * starts nearest to the beginning, which is named in any case.
 */
function shorten(graph: Graph, trail: readonly Hop[]): readonly Hop[] {
  const { processes, images } = graph;
  const forkOnly = ({ node }: Hop): boolean => {
    const image = node.kind === "process" ? processes.image.get(node.row) : NONE;
    return image !== NONE && images.processId.get(image) !== processes.id(node.row);
  };
  const kept = [...trail];
  const drop = (may: (hop: Hop) => boolean): void => {
    for (let i = kept.length - 2; i > 0 && kept.length > MAX_TOLD; i--) {
      const passage = kept[i]?.cause?.link === "spawned" && kept[i - 1]?.cause?.link === "spawned";
      if (!passage || !may(kept[i] as Hop)) continue;
      const effect = kept[i - 1] as Hop;
      kept[i - 1] = { ...effect, left: 1 + (effect.left ?? 0) + (kept[i]?.left ?? 0) };
      kept.splice(i, 1);
    }
  };
  drop(forkOnly);
  drop(() => true);
  return kept;
}

/** Pid 1 has a part in everything. */
function isSystem(graph: Graph, node: Node): boolean {
  return node.kind === "process" && graph.processes.tgid.get(node.row) === 1;
}

/** A process that executes another program is another place: what it started before may have decided what it runs since. */
function placeOf(graph: Graph, node: Node): string {
  return node.kind === "process" ? `${keyOf(node)}/${imageAt(graph, node.row, node.atNs)}` : keyOf(node);
}

/** One trail; it ends at a boundary, or before a place that is on a trail already. */
function follow(graph: Graph, start: Node, names: Names, gaps: Set<string>, seen: Set<string>, limit: number): Hop[] {
  const trail: Hop[] = [];
  let node: Node | undefined = start;
  while (node !== undefined && trail.length < limit) {
    seen.add(placeOf(graph, node));
    const at: Node = node;
    const causes: readonly Cause[] = causesOf(graph, at, gaps).filter(
      (cause) => cause.from.atNs <= at.atNs && cause.rank < RANK.SOURCE,
    );
    const cause: Cause | undefined = causes.find(
      (one) => !trail.some((hop) => placeOf(graph, hop.node) === placeOf(graph, one.from)),
    );
    // What decided its code or its commands explains more than where it was started.
    const boundary: Boundary | undefined =
      cause === undefined || cause.rank >= RANK.PARENT ? endOf(graph, at, names) : undefined;
    if (boundary !== undefined || cause === undefined) {
      trail.push(boundary === undefined ? { node: at } : { node: at, boundary });
      return trail;
    }
    trail.push({ node: at, cause });
    node = seen.has(placeOf(graph, cause.from)) ? undefined : cause.from;
  }
  return trail;
}

function causesOf(graph: Graph, node: Node, gaps: Set<string>): Cause[] {
  switch (node.kind) {
    case "process":
      return processCauses(graph, node.row, node.atNs, gaps);
    case "connection":
      return connectionCauses(graph, node.row, node.atNs, gaps);
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
  if (node.kind !== "process") return others;
  if (link !== "executed" && link !== "piped" && link !== "wrote" && !runsOwnWriting(graph, node.row, node.atNs))
    return others;
  const passedOnNs = link === "piped" && effect !== undefined ? effect.node.atNs : node.atNs;
  return [...sourceCauses(graph, node.row, passedOnNs), ...others];
}

/** It executed what it had written itself, into memory or into a file: what it passed on, it passed to itself. */
function runsOwnWriting(graph: Graph, process: ProcessIndex, atNs: number): boolean {
  const { images, files, edges } = graph;
  const image = imageAt(graph, process, atNs);
  const file = image === NONE ? NONE : files.row(images.fileId.get(image));
  const write = file === NONE ? NONE : lastWrite(graph, file, atNs);
  return write !== NONE && edges.process.get(write) === process;
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
  const from = connections.isUnix(connection) ? socketName(graph, connection) : connections.endpoint(client);
  const server = acceptorCauses(graph, connection, connections.openedNs.get(connection))[0]?.from;
  const login = server?.kind === "process" && server.row !== NONE && isLoginServer(graph, server.row, server.atNs);
  return {
    link: login ? "login" : "boundary",
    explanation: login ? `remote login from ${from}` : `came from ${from}`,
    cause: login ? `remote login from ${from}` : `connection from ${from}`,
    certainty: connections.has(connection, CONNECTION_FLAG.BEFORE_START) ? "before start" : "observed",
  };
}
