import type { Graph } from "../graph/graph.ts";
import type { Monitor } from "../monitor.ts";
import type { OriginStep } from "../query/model.ts";
import { type Branch, type Hop, keyOf, type Node } from "./cause.ts";
import { firstNs, severityOf, subjectOf, titleOf } from "./places.ts";

/** A step with what it led to, before it has a place in the list. */
interface Laid {
  readonly step: Omit<OriginStep, "cause">;
  readonly below: Laid[];
  readonly onChain: boolean;
}

/** Steps of the chain, each after its cause and with all that its cause led to: what leads on to the target is last. */
export function layOut(monitor: Monitor, branches: readonly Branch[]): readonly OriginStep[] {
  const [main, ...sides] = branches;
  const roots: Laid[] = [];
  const places = new Map<string, Laid>();
  if (main === undefined) return [];
  let cause: Laid | undefined;
  for (let i = main.trail.length - 1, depth = 0; i >= 0; i--, depth++) {
    const hop = main.trail[i] as Hop;
    const laid: Laid = { step: stepOf(monitor, hop, depth, "", i === 0), below: [], onChain: true };
    places.set(keyOf(hop.node), laid);
    (cause?.below ?? roots).push(laid);
    cause = laid;
    for (const side of sides) if (side.beside?.hop === hop) addSide(monitor, side, depth + 1, roots, places);
  }
  const steps: OriginStep[] = [];
  const add = ({ step, below }: Laid, at: number): void => {
    const place = steps.push({ ...step, cause: at }) - 1;
    for (const one of below.toSorted(byChain)) add(one, place);
  };
  // What has no cause that is known stands below the chain.
  for (const root of roots.toSorted((a, b) => byChain(b, a))) add(root, -1);
  return steps;
}

const byChain = (a: Laid, b: Laid): number => Number(a.onChain) - Number(b.onChain);

function addSide(monitor: Monitor, side: Branch, depth: number, roots: Laid[], places: Map<string, Laid>): void {
  // A branch that ends before a place of another one was caused by it.
  const joint = side.trail.at(-1)?.cause;
  let cause = joint === undefined ? undefined : places.get(keyOf(joint.from));
  for (let i = side.trail.length - 1, below = depth; i >= 0; i--, below++) {
    const hop = side.trail[i] as Hop;
    const first = i === 0 ? side.beside : undefined;
    // That it was opened by what it stands beside is said by standing there.
    const known = first !== undefined && hop.cause !== undefined && keyOf(hop.cause.from) === keyOf(first.hop.node);
    const step = stepOf(monitor, hop, below, first?.cause.aside ?? "", false, known);
    const laid: Laid = { step, below: [], onChain: false };
    places.set(keyOf(hop.node), laid);
    (cause?.below ?? roots).push(laid);
    cause = laid;
  }
}

function stepOf(
  monitor: Monitor,
  hop: Hop,
  depth: number,
  aside: string,
  target: boolean,
  told = false,
): Omit<OriginStep, "cause"> {
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
    ...(severity === undefined ? {} : { severity }),
    target,
    ...(hop.left === undefined ? {} : { left: hop.left }),
  };
}

function beganNs(graph: Graph, node: Node): number {
  return node.kind === "process" ? graph.processes.startNs.get(node.row) : firstNs(graph, node);
}
