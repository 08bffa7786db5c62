import { forgetBetween } from "./forget.ts";
import type { Graph } from "./graph.ts";
import type { ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/** Of a line of forks so many are kept at its begin, where its cause is, and at its end. */
const KEPT = 64;
/** So many are added before it is looked at again. */
const STRIDE = 64;

/** Notes a fork: ancestors of what lives are not forgotten, and who forks the next and exits, again and again, leaves a line without end. */
export function lengthenLine({ longLines, processes }: Graph, parent: ProcessIndex, child: ProcessIndex): void {
  const { generation } = processes;
  const since = generation.get(parent) + 1;
  const long = since >= 2 * KEPT + STRIDE;
  generation.set(child, long ? 2 * KEPT : since);
  if (long) longLines.push(child);
}

/** Forgets of long lines those in between who have exited, forked only the next, and are part of no finding. Who comes after them says so. */
export function shortenLines(graph: Graph): void {
  const { longLines, processes } = graph;
  for (const last of longLines) {
    const line: ProcessIndex[] = [];
    for (let at = last; at !== NONE; at = processes.parent.get(at)) line.push(at);
    for (const between of line.slice(KEPT, -KEPT)) forgetBetween(graph, between);
  }
  longLines.length = 0;
}
