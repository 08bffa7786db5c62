import type { I32Field, WordField } from "./blocks.ts";
import { isFileKind } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import { type EdgeIndex, NONE } from "./indexes.ts";
import type { Queue } from "./queue.ts";
import { rowOf, type Table } from "./table.ts";

/** Edges of one group at most; what hubs have beyond is forgotten without. */
const MOST_EDGES = 1024;
/** So many edges of a list: most files have few, most processes some. */
const OF_FILE = 3;
const OF_CONNECTION = 3;
const OF_PROCESS = 16;

/** Brings near what it takes to forget what waits first in a queue, as ReadAhead does for rows of a batch. Changes nothing. */
export class ForgetAhead {
  readonly #rows: Int32Array;
  readonly #hashes = new Int32Array(MOST_EDGES);
  readonly #edges = new Int32Array(MOST_EDGES);
  readonly #near = new Int32Array(MOST_EDGES);
  /** What was read: without it the reads would be left out as useless. */
  seen = 0;

  /** @param group how many are looked at together */
  constructor(group: number) {
    this.#rows = new Int32Array(group);
  }

  lookAtFiles(graph: Graph, queue: Queue): void {
    const { files, edges } = graph;
    const rows = this.#rows;
    const queued = this.#first(queue, files, [files.flags]);
    let count = 0;
    for (let i = 0; i < queued; i++) {
      const row = rows[i] as number;
      // What was heard of since has another turn.
      if (!files.has(row, FILE_FLAG.RECENT)) rows[count++] = row;
    }
    for (let i = 0; i < count; i++) this.#near[i] = files.path.at(rows[i] as number);
    for (let i = 0; i < count; i++) this.#hashes[i] = files.hashOf(rows[i] as number);
    this.seen ^= files.path.touch(this.#near, count) ^ files.index.touch(this.#hashes, count);
    this.#lookAtEdges(graph, this.#collect(graph, [files.readers, files.writers], count, edges.nextOfObject, OF_FILE));
  }

  lookAtProcesses(graph: Graph, queue: Queue): void {
    const { processes, edges } = graph;
    const count = this.#first(queue, processes, [processes.flags, processes.word]);
    this.#lookAtEdges(graph, this.#collect(graph, processes.edges, count, edges.nextOfProcess, OF_PROCESS));
  }

  lookAtConnections(graph: Graph, queue: Queue): void {
    const { connections, edges } = graph;
    const count = this.#first(queue, connections, [connections.flags, connections.edges]);
    for (let i = 0; i < count; i++) this.#hashes[i] = connections.hashOf(this.#rows[i] as number);
    this.seen ^= connections.tuples.touch(this.#hashes, count);
    this.#lookAtEdges(graph, this.#collect(graph, [connections.edges], count, edges.nextOfObject, OF_CONNECTION));
  }

  /** The rows of what waits first, to #rows; whether they are live and some of their fields are near then. Returns how many. */
  #first(queue: Queue, table: Table, fields: readonly WordField[]): number {
    const rows = this.#rows;
    const ids = queue.peek(rows.length);
    const count = ids.length;
    for (let i = 0; i < count; i++) rows[i] = rowOf(ids[i] as number);
    this.seen ^= table.touchStates(rows, count);
    for (const field of fields) this.seen ^= field.touch(rows, count);
    return count;
  }

  /** The first edges of lists that begin in fields of the rows, to #edges. Returns how many. */
  #collect(
    { edges }: Graph,
    heads: readonly I32Field<EdgeIndex>[],
    count: number,
    next: I32Field<EdgeIndex>,
    most: number,
  ): number {
    const found = this.#edges;
    let end = 0;
    for (const head of heads) {
      for (let i = 0; i < count && end < MOST_EDGES; i++) {
        const edge = head.get(this.#rows[i] as number);
        if (edge !== NONE) found[end++] = edge;
      }
    }
    for (let step = 1, from = 0; step < most && from < end && end < MOST_EDGES; step++) {
      const to = end;
      this.seen ^= edges.object.touch(found.subarray(from, to), to - from);
      for (; from < to && end < MOST_EDGES; from++) {
        const edge = next.get(found[from] as number);
        if (edge !== NONE) found[end++] = edge;
      }
    }
    return end;
  }

  #lookAtEdges({ edges, files, processes }: Graph, count: number): void {
    const found = this.#edges;
    const near = this.#near;
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
