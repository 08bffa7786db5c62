import type { Graph } from "../graph/graph.ts";
import type { Monitor } from "../monitor.ts";
import type { OriginStep } from "../query/model.ts";
import { type Branch, type Hop, keyOf, type Node } from "./cause.ts";
import { severityOf, subjectOf, titleOf } from "./places.ts";

/** Steps of the chain, each after its cause and what else its cause led to: what leads on to the target is last. */
export function layOut(monitor: Monitor, branches: readonly Branch[]): readonly OriginStep[] {
  const [main, ...sides] = branches;
  const steps: OriginStep[] = [];
  const places = new Map<string, number>();
  if (main === undefined) return steps;
  let cause = -1;
  for (let i = main.trail.length - 1, depth = 0; i >= 0; i--, depth++) {
    const hop = main.trail[i] as Hop;
    const at = steps.length;
    places.set(keyOf(hop.node), at);
    steps.push(stepOf(monitor, hop, depth, cause, "", i === 0));
    cause = at;
    for (const side of sides) if (side.beside?.hop === hop) addSide(monitor, side, depth + 1, steps, places);
  }
  return asTree(steps);
}

/** Whatever the order they were found in, a step stands with all that it led to. */
function asTree(steps: readonly OriginStep[]): readonly OriginStep[] {
  const effects = new Map<number, number[]>();
  const onChain = new Set<number>();
  steps.forEach(({ cause }, at) => {
    effects.set(cause, [...(effects.get(cause) ?? []), at]);
  });
  for (let at = steps.findIndex((step) => step.target); at >= 0; at = steps[at]?.cause ?? -1) onChain.add(at);
  const ordered: OriginStep[] = [];
  const add = (at: number, cause: number): void => {
    const place = at < 0 ? -1 : ordered.push({ ...(steps[at] as OriginStep), cause }) - 1;
    const below = effects.get(at) ?? [];
    // What has no cause that is known stands below the chain.
    for (const last of at < 0 ? [true, false] : [false, true])
      for (const one of below) if (onChain.has(one) === last) add(one, place);
  };
  add(-1, -1);
  return ordered;
}

function addSide(
  monitor: Monitor,
  side: Branch,
  depth: number,
  steps: OriginStep[],
  places: Map<string, number>,
): void {
  // A branch that ends before a place of another one was caused by it.
  const joint = side.trail.at(-1)?.cause;
  let cause = joint === undefined ? -1 : (places.get(keyOf(joint.from)) ?? -1);
  for (let i = side.trail.length - 1, below = depth; i >= 0; i--, below++) {
    const hop = side.trail[i] as Hop;
    const at = steps.length;
    places.set(keyOf(hop.node), at);
    const first = i === 0 ? side.beside : undefined;
    // That it was opened by what it stands beside is said by standing there.
    const known = first !== undefined && hop.cause !== undefined && keyOf(hop.cause.from) === keyOf(first.hop.node);
    steps.push(stepOf(monitor, hop, below, cause, first?.cause.aside ?? "", false, known));
    cause = at;
  }
}

function stepOf(
  monitor: Monitor,
  hop: Hop,
  depth: number,
  cause: number,
  aside: string,
  target: boolean,
  told = false,
): OriginStep {
  const { graph } = monitor;
  const { node } = hop;
  const why = hop.cause ?? hop.boundary;
  const own = told ? "" : (why?.explanation ?? "");
  const explanation = aside === "" ? own : own === "" ? aside : `${aside}; ${own}`;
  const severity = severityOf(monitor, node);
  return {
    subject: subjectOf(graph, node),
    link: why?.link ?? "boundary",
    atNs: hop.cause?.atNs ?? beganNs(graph, node),
    title: titleOf(graph, node),
    explanation: explanation === "" ? "nothing earlier is known" : explanation,
    certainty: why?.certainty ?? "observed",
    depth,
    cause,
    ...(severity === undefined ? {} : { severity }),
    target,
    ...(hop.left === undefined ? {} : { left: hop.left }),
  };
}

function beganNs(graph: Graph, node: Node): number {
  return node.kind === "process" ? graph.processes.startNs.get(node.row) : node.atNs;
}
