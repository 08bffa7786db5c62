import { BYTES, FILE, HDR, KIND, OPEN_FLAG } from "../wire/layout.gen.ts";
import { EDGE, edgeHash } from "./edges.ts";
import { fileHash } from "./files.ts";
import type { Graph } from "./graph.ts";
import { NONE } from "./indexes.ts";

/** Rows looked at together. */
const GROUP = 128;
/** With fewer the tables are in the processor's caches as they are. */
const MANY_EDGES = 1 << 16;

/**
 * In a large graph a row of a file waits for memory, not for the processor: what it looks up may lie anywhere. So rows are looked at ahead,
 * one step of the way for a whole group before the next, in loops so short that the processor fetches many at once. Changes nothing,
 * and what it sees may be out of date when the row's turn comes.
 */
export class ReadAhead {
  readonly #hashes = new Int32Array(GROUP);
  readonly #kinds = new Int32Array(GROUP);
  /** `Processes.word` of the rows' processes. */
  readonly #words = new Int32Array(GROUP);
  readonly #files = new Int32Array(GROUP);
  readonly #edges = new Int32Array(GROUP);
  /** What was read: without it the reads would be left out as useless. */
  seen = 0;

  /** Looks at rows of a batch from a word on. Returns the word behind the last of them. */
  look(graph: Graph, words: Uint32Array, from: number, end: number): number {
    if (graph.edges.count < MANY_EDGES) return end;
    const { files, edges } = graph;
    const hashes = this.#hashes;
    let count = 0;
    let at = from;
    for (let row = 0; row < GROUP && at + HDR.SIZE / 4 <= end; row++) {
      const head = words[at] as number;
      const kind = head & 0xffff;
      const edge = edgeOf(kind, words, at);
      if (edge !== NONE) {
        const bytes = kind === KIND.BYTES;
        const ino = at + (bytes ? BYTES.ino : FILE.ino) / 4;
        const dev = words[at + (bytes ? BYTES.dev : FILE.dev) / 4] as number;
        const generation = words[at + (bytes ? BYTES.gen : FILE.gen) / 4] as number;
        hashes[count] = fileHash(dev, generation, words[ino] as number, words[ino + 1] as number);
        this.#kinds[count] = edge;
        this.#words[count++] = (words[at + HDR.tgid / 4] as number) ^ (words[at + HDR.start / 4] as number);
      }
      const size = head >>> 18;
      if (size < HDR.SIZE / 4) return end;
      at += size;
    }
    let seen = files.index.touch(hashes, count);
    files.index.glance(hashes, count, this.#files);
    seen ^= files.near(this.#files, count);
    for (let i = 0; i < count; i++)
      hashes[i] = edgeHash(this.#kinds[i] as number, this.#words[i] as number, this.#files[i] as number);
    seen ^= edges.index.touch(hashes, count);
    edges.index.glance(hashes, count, this.#edges);
    for (let i = 0; i < count; i++) {
      const file = this.#files[i] as number;
      // A new edge goes in front of the first of the file.
      if (this.#edges[i] === NONE && file !== NONE) this.#edges[i] = files.readers.get(file);
    }
    seen ^= edges.near(this.#edges, count);
    this.seen = seen;
    return at;
  }
}

function edgeOf(kind: number, words: Uint32Array, at: number): number {
  switch (kind) {
    case KIND.OPEN:
      return ((words[at + FILE.open / 4] as number) & (OPEN_FLAG.WRITE | OPEN_FLAG.CREATED)) !== 0
        ? EDGE.WROTE
        : EDGE.READ;
    case KIND.READ:
      return EDGE.READ;
    case KIND.WRITE:
      return EDGE.WROTE;
    case KIND.BYTES:
      return words[at + BYTES.write / 4] === 0 ? EDGE.READ : EDGE.WROTE;
    default:
      return NONE;
  }
}
