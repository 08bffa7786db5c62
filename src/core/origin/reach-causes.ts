import { EDGE, REACH } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { HUB, imageAt } from "../graph/provenance.ts";
import { edgeCertainty } from "../query/certainty.ts";
import { didTo, wasDone } from "../query/deeds.ts";
import { type Cause, RANK } from "./cause.ts";
import { duration, who } from "./words.ts";

/** Whether what was done to a process changes what it runs: its memory or registers were written. */
export function rewrote(graph: Graph, edge: EdgeIndex): boolean {
  const { edges } = graph;
  return edges.kind.get(edge) === EDGE.INJECTED && (edges.detail.get(edge) & (REACH.WROTE | REACH.REGISTERS)) !== 0;
}

/** Who reached into what a process ran at a moment, or gave it what it worked with. An exec undoes what was done before. */
export function reachCauses(graph: Graph, process: ProcessIndex, atNs: number, gaps: Set<string>): Cause[] {
  const { processes, images, edges } = graph;
  const causes: Cause[] = [];
  if (processes.actorCount.get(process) > HUB) {
    gaps.add(`too many acted on ${who(graph, process, atNs)} to follow`);
    return causes;
  }
  const image = imageAt(graph, process, atNs);
  const ranNs = image === NONE ? Number.NEGATIVE_INFINITY : images.atNs.get(image);
  for (let edge = processes.actors.get(process); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    const firstNs = edges.firstNs.get(edge);
    if (edges.kind.get(edge) === EDGE.SIGNALLED || firstNs > atNs || edges.lastNs.get(edge) < ranNs) continue;
    const actor = edges.process.get(edge);
    const doneNs = edges.lastBefore(edge, atNs);
    const injected = edges.kind.get(edge) === EDGE.INJECTED;
    const name = who(graph, actor, doneNs);
    causes.push({
      from: { kind: "process", row: actor, atNs: doneNs },
      link: injected ? "injected" : "passed descriptor",
      atNs: doneNs,
      certainty: edgeCertainty(graph, edge),
      explanation: `${wasDone(graph, edge)} ${name} ${duration(atNs - doneNs)} before`,
      aside: `${didTo(graph, edge)} ${who(graph, process, atNs)}`,
      rank: rewrote(graph, edge) ? RANK.INJECTED : RANK.SOURCE,
    });
  }
  return causes;
}
