import { EDGE, EDGE_FLAG } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { EdgeIndex, FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/**
 * Of a file that more had written to, renamed or changed the mode of, so many are looked at: who wrote last, then the newest (edges.ts).
 * A program that is being executed has its last writer among them.
 */
export const MAX_WRITERS = 1024;
/** A question about the past goes further: others may have written since. */
export const MAX_PAST_WRITERS = 65_536;

/** Who may have written a file before a moment, not `except`. */
export function* writesBefore(
  graph: Graph,
  file: FileIndex,
  timeNs: number,
  except: ProcessIndex = NONE,
  most: number = MAX_WRITERS,
): Generator<EdgeIndex> {
  const { files, edges } = graph;
  let left = most;
  for (let edge = files.writers.get(file); edge !== NONE && left > 0; edge = edges.nextOfObject.get(edge), left--) {
    if (edges.kind.get(edge) !== EDGE.WROTE || edges.process.get(edge) === except) continue;
    if (edges.firstNs.get(edge) <= timeNs) yield edge;
  }
}

/** The last write to a file before a moment; an open for writing counts only when nobody was seen to write. */
export function lastWrite(
  graph: Graph,
  file: FileIndex,
  timeNs: number,
  except: ProcessIndex = NONE,
  most: number = MAX_WRITERS,
): EdgeIndex {
  let best: EdgeIndex = NONE;
  for (const edge of writesBefore(graph, file, timeNs, except, most))
    if (best === NONE || compareWrites(graph, edge, best, timeNs) < 0) best = edge;
  return best;
}

/** Those whose writes a file may hold at a moment, the last one first: nobody emptied it after them. */
export function contentWrites(
  graph: Graph,
  file: FileIndex,
  timeNs: number,
  except: ProcessIndex = NONE,
  most: number = MAX_WRITERS,
): readonly EdgeIndex[] {
  const { edges } = graph;
  const writes = [...writesBefore(graph, file, timeNs, except, most)].filter((edge) =>
    edges.has(edge, EDGE_FLAG.WRITTEN),
  );
  let sinceNs = Number.NEGATIVE_INFINITY;
  // Of one that opened it several times it is not known which open emptied it.
  for (const edge of writes)
    if (edges.has(edge, EDGE_FLAG.EMPTIED)) sinceNs = Math.max(sinceNs, edges.firstNs.get(edge));
  const holds = writes.filter((edge) => edges.lastNs.get(edge) >= sinceNs);
  if (holds.length > 0) return holds.sort((a, b) => compareWrites(graph, a, b, timeNs));
  const last = lastWrite(graph, file, timeNs, except, most);
  return last === NONE ? [] : [last];
}

/** Those that opened a file for writing after a moment and before another, and were not seen to write. */
export function opensForWriting(
  graph: Graph,
  file: FileIndex,
  afterNs: number,
  timeNs: number,
  most: number = MAX_WRITERS,
): readonly EdgeIndex[] {
  const { edges } = graph;
  return [...writesBefore(graph, file, timeNs, NONE, most)].filter(
    (edge) => !edges.has(edge, EDGE_FLAG.WRITTEN) && graph.edges.lastBefore(edge, timeNs) > afterNs,
  );
}

/** How many of those that changed a file are beyond the `most` that are looked at. */
export function unseenWriters({ files }: Graph, file: FileIndex, most: number = MAX_WRITERS): number {
  return Math.max(0, files.writerCount.get(file) - most);
}

/** What of a file's writers is not told, as a gap. */
export function writersGap(graph: Graph, file: FileIndex, untold: number): string {
  return `${untold} more that wrote ${graph.files.path.get(file)} or changed it are not told`;
}

function compareWrites(graph: Graph, a: EdgeIndex, b: EdgeIndex, timeNs: number): number {
  const { edges } = graph;
  const written = Number(edges.has(b, EDGE_FLAG.WRITTEN)) - Number(edges.has(a, EDGE_FLAG.WRITTEN));
  return written || graph.edges.lastBefore(b, timeNs) - graph.edges.lastBefore(a, timeNs);
}
