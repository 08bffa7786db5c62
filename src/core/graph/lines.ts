import { forgetBetween } from "./forget.ts";
import type { Graph } from "./graph.ts";
import type { ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/** Of a line of processes each of which began the next and exited, so many are kept at its begin, where its cause is, and at its end. */
const KEPT = 64;

/** Notes who exited: with children and a parent it is one of such a line, which would have no end while anybody descends from it. */
export function noteLine({ lines, processes }: Graph, process: ProcessIndex): void {
  if (processes.firstChild.get(process) !== NONE && processes.parent.get(process) !== NONE)
    lines.push(processes.id(process));
}

/** Forgets of the lines that grew those in between, unless they are kept for what they did. Who comes after them says so. */
export function shortenLines(graph: Graph): void {
  const { lines, processes } = graph;
  for (const id of lines) {
    const process = processes.row(id);
    const further = above(graph, process, KEPT);
    if (further === NONE) continue;
    if (above(graph, further, KEPT) !== NONE) leaveOut(graph, further);
    // Those after it may have exited before.
    if (above(graph, process, KEPT) !== NONE && hasBelow(graph, process, KEPT)) leaveOut(graph, process);
  }
  lines.length = 0;
}

function leaveOut(graph: Graph, process: ProcessIndex): void {
  const { processes } = graph;
  const children: ProcessIndex[] = [];
  for (let child = processes.firstChild.get(process); child !== NONE; child = processes.nextSibling.get(child))
    children.push(child);
  if (forgetBetween(graph, process)) for (const child of children) forgetImagesAbove(graph, child);
}

/** The images between the first that a process executed itself and those of whoever is remembered; one it runs without that stays. */
function forgetImagesAbove({ images, processes }: Graph, process: ProcessIndex): void {
  const id = processes.id(process);
  let first: ImageIndex = NONE;
  let at = processes.image.get(process);
  for (; at !== NONE && images.processId.get(at) === id; at = images.previous.get(at)) first = at;
  const next = at;
  while (at !== NONE && processes.row(images.processId.get(at)) === NONE) at = images.previous.get(at);
  if (first === NONE || at === next) return;
  if (at !== NONE) images.hold(at);
  images.previous.set(first, at);
  images.release(next);
}

/** The ancestor so many generations above; NONE when there are fewer. */
function above({ processes }: Graph, process: ProcessIndex, generations: number): ProcessIndex {
  let at = process;
  for (let i = 0; i < generations && at !== NONE; i++) at = processes.parent.get(at);
  return at;
}

/** Whether it goes on below for so many generations, by the newest child that has any. */
function hasBelow({ processes }: Graph, process: ProcessIndex, generations: number): boolean {
  const { firstChild, nextSibling } = processes;
  let at = process;
  for (let i = 0; i < generations; i++) {
    at = firstChild.get(at);
    for (
      let left = KEPT;
      left > 0 && at !== NONE && firstChild.get(at) === NONE && nextSibling.get(at) !== NONE;
      left--
    )
      at = nextSibling.get(at);
    if (at === NONE) return false;
  }
  return true;
}
