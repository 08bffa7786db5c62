import type { Monitor } from "../monitor.ts";
import type { Certainty, OriginChain, OriginStep, Target, Trace } from "../query/model.ts";
import type { Node } from "./cause.ts";
import { nodeOf, noteGaps, targetTitle } from "./places.ts";
import { rootCause } from "./root-cause.ts";
import { layOut } from "./steps.ts";
import { walk } from "./walk.ts";
import { type Names, NUMBERS } from "./words.ts";

export interface TraceOptions {
  /** User names for the sentences. */
  readonly names?: Names;
  /** Every step, not only the few that carry the cause. */
  readonly whole?: boolean;
}

/**
 * Where something came from: back through forks, files written and then run, pipes and local sockets to what began it. Every link is
 * earlier than what it explains. At most about ten steps a branch, unless the whole is asked for.
 */
export function originOf(monitor: Monitor, target: Target, options: TraceOptions = {}): OriginChain {
  const start = nodeOf(monitor, target);
  if (start === undefined) return { ...forgotten(target), rootCause: "This is no longer remembered." };
  const { names = NUMBERS, whole = false } = options;
  const gaps = new Set<string>();
  const branches = walk(monitor, start, names, whole, gaps);
  const places = branches.flatMap(({ trail }) => trail.map(({ node }) => node));
  return {
    ...traceOf(monitor, target, start, layOut(monitor, branches), places, gaps),
    rootCause: rootCause(monitor.graph, branches, names),
  };
}

/** What an origin and an impact have in common. */
export function traceOf(
  monitor: Monitor,
  target: Target,
  start: Node,
  steps: readonly OriginStep[],
  places: readonly Node[],
  gaps: Set<string>,
): Trace {
  const { graph } = monitor;
  if (graph.lostTotal > 0) gaps.add(`${graph.lostTotal} events were lost`);
  for (const node of places) noteGaps(graph, node, gaps);
  const known = (certainty: Certainty): number => steps.filter((step) => step.certainty === certainty).length;
  const inferred = known("inferred");
  const before = known("before start");
  return {
    target,
    title: targetTitle(monitor, target, start),
    steps,
    observedLinks: known("observed"),
    links: steps.length,
    gaps: [
      ...(inferred > 0 ? [`${inferred} inferred`] : []),
      ...(before > 0 ? [`${before} found when capture began`] : []),
      ...gaps,
    ],
  };
}

export function forgotten(target: Target): Trace {
  return { target, title: "forgotten", steps: [], observedLinks: 0, links: 0, gaps: ["earlier history forgotten"] };
}
