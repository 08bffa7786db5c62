import type { I32Field } from "./blocks.ts";
import { isFileKind } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import { type EdgeIndex, NONE } from "./indexes.ts";
import type { Queue } from "./queue.ts";
import { rowOf } from "./table.ts";

/** Edges of one group at most; what hubs have beyond is forgotten without. */
const MOST_EDGES = 1024;
/** So many edges of a list: most files have few, most processes some. */
const OF_FILE = 3;
const OF_PROCESS = 16;

/** Brings near what it takes to forget what waits first in a queue, as ReadAhead does for rows of a batch. Changes nothing. */
export class ForgetAhead {
  readonly #rows: Int32Array;
  readonly #hashes = new Int32Array(MOST_EDGES);
  readonly #edges = new Int32Array(MOST_EDGES);
  readonly #near = new Int32Array(MOST_EDGES);
  #edgesEnd = 0;
  /** What was read: without it the reads would be left out as useless. */
  seen = 0;

  /** @param group how many are looked at together */
  constructor(group: number) {
    this.#rows = new Int32Array(group);
  }

  lookAtFiles(graph: Graph, queue: Queue): void {
    const { files, edges } = graph;
    const rows = this.#rows;
    const queued = this.#peek(queue);
    this.seen ^= files.flags.touch(rows, queued) ^ files.touchStates(rows, queued);
    let count = 0;
    for (let i = 0; i < queued; i++) {
      const row = rows[i] as number;
      // What was heard of since has another turn.
      if (!files.has(row, FILE_FLAG.RECENT)) rows[count++] = row;
    }
    for (let i = 0; i < count; i++) this.#near[i] = files.path.at(rows[i] as number);
    for (let i = 0; i < count; i++) this.#hashes[i] = files.hashOf(rows[i] as number);
    this.seen ^= files.path.touch(this.#near, count) ^ files.index.touch(this.#hashes, count);
    this.#collect(graph, [files.readers, files.writers], count, edges.nextOfObject, OF_FILE);
    this.#lookAtEdges(graph);
  }

  lookAtProcesses(graph: Graph, queue: Queue): void {
    const { processes, edges } = graph;
    const rows = this.#rows;
    const count = this.#peek(queue);
    this.seen ^= processes.flags.touch(rows, count) ^ processes.touchStates(rows, count);
    this.seen ^= processes.word.touch(rows, count);
    this.#collect(graph, processes.edges, count, edges.nextOfProcess, OF_PROCESS);
    this.#lookAtEdges(graph);
  }

  lookAtConnections(graph: Graph, queue: Queue): void {
    const { connections, edges } = graph;
    const rows = this.#rows;
    const count = this.#peek(queue);
    this.seen ^= connections.flags.touch(rows, count) ^ connections.touchStates(rows, count);
    this.seen ^= connections.edges.touch(rows, count);
    for (let i = 0; i < count; i++) this.#hashes[i] = connections.hashOf(rows[i] as number);
    this.seen ^= connections.tuples.touch(this.#hashes, count);
    this.#collect(graph, [connections.edges], count, edges.nextOfObject, OF_FILE);
    this.#lookAtEdges(graph);
  }

  #peek(queue: Queue): number {
    const ids = queue.peek(this.#rows.length);
    for (let i = 0; i < ids.length; i++) this.#rows[i] = rowOf(ids[i] as number);
    return ids.length;
  }

  /** The first edges of lists that begin in fields of the rows. */
  #collect(
    { edges }: Graph,
    heads: readonly I32Field<EdgeIndex>[],
    count: number,
    next: I32Field<EdgeIndex>,
    most: number,
  ): void {
    const found = this.#edges;
    let end = 0;
    for (const head of heads) {
      for (let i = 0; i < count && end < MOST_EDGES; i++) {
        const edge = head.get(this.#rows[i] as number);
        if (edge !== NONE) found[end++] = edge;
      }
    }
    for (let step = 1, from = 0; step < most && from < end; step++) {
      const to = end;
      this.seen ^= edges.object.touch(found.subarray(from, to), to - from);
      for (; from < to && end < MOST_EDGES; from++) {
        const edge = next.get(found[from] as number);
        if (edge !== NONE) found[end++] = edge;
      }
    }
    this.#edgesEnd = end;
  }

  #lookAtEdges({ edges, files, processes }: Graph): void {
    const found = this.#edges;
    const near = this.#near;
    const count = this.#edgesEnd;
    let seen = edges.object.touch(found, count) ^ edges.touchStates(found, count);
    for (let i = 0; i < count; i++) near[i] = edges.process.get(found[i] as number);
    seen ^= processes.word.touch(near, count);
    for (let i = 0; i < count; i++) this.#hashes[i] = edges.hashOf(found[i] as number);
    seen ^= edges.index.touch(this.#hashes, count);
    for (const link of edges.links) {
      for (let i = 0; i < count; i++) near[i] = link.get(found[i] as number);
      seen ^= edges.object.touch(near, count);
    }
    for (let i = 0; i < count; i++) {
      const edge = found[i] as number;
      near[i] = isFileKind(edges.kind.get(edge)) ? edges.object.get(edge) : NONE;
    }
    this.seen ^= seen ^ files.flags.touch(near, count);
  }
}
