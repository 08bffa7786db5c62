import { CONNECTION_FLAG } from "../graph/connections.ts";
import { EDGE_FLAG } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { ownersOf } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import type { ImpactTree, OriginStep, Target } from "../query/model.ts";
import type { Node } from "./cause.ts";
import { clientsOf, type Served } from "./clients.ts";
import { type Budget, type Effect, type Place, placeKey } from "./effect.ts";
import { Heap } from "./heap.ts";
import { summaryOf } from "./impact-summary.ts";
import { cameTo, channelEffects, connectionEffects, fileEffects } from "./object-effects.ts";
import { forgotten, type TraceOptions, traceOf } from "./origin.ts";
import { firstNs, nodeOf, severityOf, subjectOf, titleOf } from "./places.ts";
import { priority } from "./priority.ts";
import { processEffects } from "./process-effects.ts";

/** Places told, effects followed of each place, edges looked at, and clients told of each server. */
const SHORT = { places: 40, beam: 10, edges: 50_000, clients: 10 } as const;
const WHOLE = { places: 400, beam: 100, edges: 400_000, clients: 200 } as const;
/** Who has more effects than this has a part in everything: only when asked about it is followed. */
const HUB = 256;

/** A place that was reached, and from where. */
export interface Reached {
  place: Place;
  effect: Effect | undefined;
  /** The place before; undefined for the target. */
  from: Reached | undefined;
  /** Effects of it that were not followed. */
  left: number;
}

/**
 * What something led to: forward through forks, files written and then run, pipes and local sockets, most telling first. Every effect is
 * later than its cause, and a cause that its own origin would name.
 */
export function impactOf(monitor: Monitor, target: Target, options: TraceOptions = {}): ImpactTree {
  const start = nodeOf(monitor, target);
  if (start === undefined) return { ...forgotten(target), summary: "This is no longer remembered." };
  const limits = options.whole ? WHOLE : SHORT;
  const gaps = new Set<string>();
  const reached = spread(monitor, { node: sinceOf(monitor.graph, target, start) }, limits, gaps);
  const told = prune(monitor.graph, reached);
  const served = servedBy(monitor.graph, told, limits);
  const steps = layOut(monitor, told, served);
  const nodes = told.map(({ place }) => place.node);
  const clients = [...new Set([...served.values()].flatMap(({ names }) => names))];
  return { ...traceOf(monitor, target, start, steps, nodes, gaps), summary: summaryOf(monitor.graph, told, clients) };
}

/**
 * Whom the processes of an impact served: what was asked about in all it had, what came of it in what it accepted itself; of a listening
 * socket who came to it.
 */
function servedBy(graph: Graph, told: readonly Reached[], limits: typeof SHORT | typeof WHOLE): Map<Reached, Served> {
  const { connections, edges } = graph;
  const found = new Map<Reached, Served>();
  const budget: Budget = { left: limits.edges };
  for (const one of told) {
    const { node, only, passes } = one.place;
    const listens = node.kind === "connection" && connections.isListening(node.row);
    if (!listens && (node.kind !== "process" || only !== undefined || passes)) continue;
    const servers = listens ? ownersOf(graph, node.row, 0) : [node.row as ProcessIndex];
    const accepted = (edge: EdgeIndex): boolean => edges.has(edge, EDGE_FLAG.OPENER);
    const came = listens
      ? (edge: EdgeIndex) => accepted(edge) && cameTo(graph, node.row, edges.object.get(edge))
      : one.from === undefined
        ? () => true
        : accepted;
    const served = clientsOf(graph, servers, came, limits.clients, budget);
    if (served.steps.length > 0) found.set(one, served);
    one.left += served.names.length - served.steps.length;
  }
  return found;
}

/** From when on things count: all that a process did and that was done with a file; after a finding only what followed it. */
function sinceOf(graph: Graph, target: Target, start: Node): Node {
  switch (target.kind) {
    case "process":
      return { ...start, atNs: graph.processes.startNs.get(start.row) } as Node;
    case "file":
    case "channel":
      return { ...start, atNs: Number.NEGATIVE_INFINITY } as Node;
    case "connection":
    case "finding":
      return start;
  }
}

/** The places best first: each step costs what its kind, its rarity and the time it took say. */
function spread(monitor: Monitor, start: Place, limits: typeof SHORT | typeof WHOLE, gaps: Set<string>): Reached[] {
  const { graph } = monitor;
  const budget: Budget = { left: limits.edges };
  const root: Reached = { place: start, effect: undefined, from: undefined, left: 0 };
  const reached = new Map<string, Reached>();
  const queue = new Heap<{ readonly at: Reached; readonly cost: number }>();
  queue.push({ at: root, cost: 0 }, 0);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { at, cost } = next;
    const key = placeKey(at.place);
    const known = reached.get(key);
    if (known !== undefined && !retold(known, at)) continue;
    if (known === undefined && reached.size === limits.places) {
      if (at.from !== undefined) at.from.left++;
      continue;
    }
    const now = known ?? at;
    reached.set(key, now);
    const effects = effectsOf(graph, now, gaps, budget);
    if (effects.length > HUB && now !== root) {
      gaps.add(`${titleOf(graph, now.place.node)} has too many effects to follow`);
      now.left += effects.length;
      continue;
    }
    const ranked = effects
      .map((effect) => ({ effect, cost: cost + costOf(monitor, effect, now.place.node, effects.length) }))
      .sort((a, b) => a.cost - b.cost);
    now.left += Math.max(0, ranked.length - limits.beam);
    for (const { effect, cost: total } of ranked.slice(0, limits.beam))
      queue.push({ at: { place: effect.to, effect, from: now, left: 0 }, cost: total }, total);
  }
  if (budget.left <= 0) gaps.add("there is more than could be looked through");
  return [...reached.values()];
}

function costOf(monitor: Monitor, { to, cost, atNs, certainty }: Effect, from: Node, siblings: number): number {
  return priority(monitor, { node: to.node, cost, apartNs: atNs - from.atNs, certainty, siblings });
}

/**
 * Reached a second time. What says more of why it is there becomes the way to it: it was started by one, but runs what another wrote.
 * Returns whether its effects must be looked at again: what only passed something on turns out to have been told what to do.
 */
function retold(known: Reached, at: Reached): boolean {
  if (known.effect === undefined || at.effect === undefined || at.effect.cost >= known.effect.cost) return false;
  for (let above = at.from; above !== undefined; above = above.from) if (above === known) return false;
  known.effect = at.effect;
  known.from = at.from;
  if (known.place.passes === undefined || at.place.passes) return false;
  known.place = at.place;
  return true;
}

function effectsOf(graph: Graph, { place, from }: Reached, gaps: Set<string>, budget: Budget): readonly Effect[] {
  const { node } = place;
  switch (node.kind) {
    case "process":
      return processEffects(graph, node.row, place, gaps, budget);
    case "connection":
      return connectionEffects(graph, node.row, from === undefined, budget);
    case "file":
      return fileEffects(graph, node.row, node.atNs, gaps, budget);
    case "channel":
      return channelEffects(graph, node.row);
  }
}

/** Takes away what led nowhere and says nothing by itself, from the leaves up. */
function prune(graph: Graph, reached: readonly Reached[]): readonly Reached[] {
  const { processes, images, connections } = graph;
  const effects = new Map<Reached, number>();
  for (const { from } of reached) if (from !== undefined) effects.set(from, (effects.get(from) ?? 0) + 1);
  const dull = ({ place: { node, only, passes }, effect, from }: Reached): boolean => {
    if (from === undefined) return false;
    // Who came to a listening socket is told as its client.
    if (node.kind === "connection") return connections.isUnix(node.row) || effect?.link === "accepted";
    if (node.kind !== "process") return false;
    if (passes) return from.from !== undefined && effect?.link !== "connected";
    const above = from.place.node;
    if (only !== undefined)
      return above.kind === "connection" && (connections.isUnix(above.row) || from.effect?.link === "accepted");
    const image = processes.image.get(node.row);
    return image >= 0 && images.processId.get(image) !== processes.id(node.row);
  };
  const gone = new Set<Reached>();
  for (const leaf of reached) {
    for (let at: Reached | undefined = leaf; at !== undefined && !gone.has(at); at = at.from) {
      if ((effects.get(at) ?? 0) > 0 || at.left > 0 || !dull(at)) break;
      gone.add(at);
      if (at.from !== undefined) effects.set(at.from, (effects.get(at.from) ?? 1) - 1);
    }
  }
  return reached.filter((one) => !gone.has(one));
}

/** The steps as a tree, what came of each below it in the order of time. */
function layOut(
  monitor: Monitor,
  reached: readonly Reached[],
  served: ReadonlyMap<Reached, Served>,
): readonly OriginStep[] {
  const below = new Map<Reached | undefined, Reached[]>();
  for (const one of reached) {
    const siblings = below.get(one.from);
    if (siblings === undefined) below.set(one.from, [one]);
    else siblings.push(one);
  }
  const steps: OriginStep[] = [];
  const add = (one: Reached, depth: number, cause: number): void => {
    const at = steps.length;
    steps.push(stepOf(monitor, one, depth, cause));
    const effects = (below.get(one) ?? []).map((effect) => ({
      atNs: effect.effect?.atNs ?? 0,
      add: () => add(effect, depth + 1, at),
    }));
    const clients = (served.get(one)?.steps ?? []).map((client) => ({
      atNs: client.atNs,
      add: () => void steps.push({ ...client, depth: depth + 1, cause: at }),
    }));
    for (const next of [...effects, ...clients].sort((a, b) => a.atNs - b.atNs)) next.add();
  };
  for (const root of below.get(undefined) ?? []) add(root, 0, -1);
  return steps;
}

function stepOf(monitor: Monitor, { place, effect, left }: Reached, depth: number, cause: number): OriginStep {
  const { graph } = monitor;
  const { node } = place;
  const severity = severityOf(monitor, node);
  const found = effect === undefined && wasFound(graph, node);
  return {
    subject: subjectOf(graph, node),
    link: effect?.link ?? "boundary",
    atNs: effect?.atNs ?? firstNs(graph, node),
    title: titleOf(graph, named(node, effect)),
    explanation: effect?.explanation ?? `all below came of it${found ? " since capture began" : ""}`,
    certainty: effect?.certainty ?? (found ? "before start" : "observed"),
    depth,
    cause,
    ...(severity === undefined ? {} : { severity }),
    target: depth === 0,
    ...(left > 0 ? { left } : {}),
  };
}

/** Whether it was there when capture began: what had come of it by then is not known. */
function wasFound({ connections, processes }: Graph, node: Node): boolean {
  if (node.kind === "connection") return connections.has(node.row, CONNECTION_FLAG.BEFORE_START);
  return node.kind === "process" && processes.has(node.row, PROCESS_FLAG.BEFORE_START);
}

/** A process is called by what it came to run, or by the image that ran the file. */
function named(node: Node, effect: Effect | undefined): Node {
  if (node.kind !== "process") return node;
  return { ...node, atNs: effect?.link === "executed" ? effect.atNs : Number.POSITIVE_INFINITY };
}
