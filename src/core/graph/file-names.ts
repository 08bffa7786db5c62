import { type TextAt, TextHeap } from "../wire/text-heap.ts";
import { HashIndex } from "./hash-index.ts";
import { NONE } from "./indexes.ts";
import type { HeapText } from "./texts.ts";

/** In place of a row: a path of that hash is among the others. */
const ELSEWHERE = 1 << 26;
/** Of a path in the index, which is a third full on average. */
const INDEX_BYTES = 24;
/** Of one of the others beside its text, in a table of the engine. */
const OTHER_BYTES = 64;
/** More than that the others do not take: who links a file again and again must not push out all else that is remembered. */
const MOST_OTHER_BYTES = 4 << 20;
/** So many others are there at least before those of files that are forgotten are looked for. */
const FEW = 1024;

/**
 * Which file a path leads to: the last one that was given it. As a rule that is the path its row holds: it is found by its hash and compared
 * byte by byte, and no text is made. Others are kept as text: further links, and those of bytes that text writes in another way.
 */
export class FileNames {
  readonly #paths: HeapText;
  readonly #table: { row(id: number): number };
  readonly #index = new HashIndex();
  readonly #others = new Map<string, number>();
  #otherLength = 0;
  /** With as many others those of files that are forgotten go. */
  #most = FEW;
  /** Holds the path that is asked for. */
  readonly #asked = new TextHeap();

  /** paths: of the rows of a table. */
  constructor(paths: HeapText, table: { row(id: number): number }) {
    this.#paths = paths;
    this.#table = table;
  }

  /** About what it takes. */
  get bytes(): number {
    return this.#index.size * INDEX_BYTES + this.#otherBytes;
  }

  get #otherBytes(): number {
    return this.#others.size * OTHER_BYTES + this.#otherLength;
  }

  find(path: string): number {
    const own = this.#own(this.#ask(path));
    if (own !== NONE) return own;
    const id = this.#others.get(path);
    return id === undefined ? NONE : this.#table.row(id);
  }

  /** The path of a row, of plain bytes, leads to it. Returns the row whose path did, NONE when there is none. */
  add(row: number): number {
    const index = this.#index;
    const hash = this.#paths.hashOf(row);
    let before: number = NONE;
    for (let at = index.first(hash); at >= 0; at = index.next()) {
      const alike = at === ELSEWHERE ? this.#forget(this.#paths.get(row)) : this.#paths.alike(at, row);
      if (!alike) continue;
      if (at !== ELSEWHERE) before = at;
      index.remove(hash, at);
      break;
    }
    index.add(hash, row);
    return before;
  }

  /** The path of a row leads to it no longer. */
  remove(row: number): void {
    this.#index.remove(this.#paths.hashOf(row), row);
  }

  /** A path that is not that of its row leads to a file. Returns the row whose path did, NONE when there is none. */
  addOther(path: string, id: number): number {
    if (this.#others.size >= this.#most) this.#tidy();
    if (this.#otherBytes > MOST_OTHER_BYTES) this.#thin();
    const at = this.#ask(path);
    const hash = this.#asked.hashOf(at);
    const before = this.#own(at);
    if (before !== NONE) this.#index.remove(hash, before);
    if (!this.#others.has(path)) {
      this.#index.add(hash, ELSEWHERE);
      this.#otherLength += path.length;
    }
    this.#others.set(path, id);
    return before;
  }

  /** Returns whether the path led to the file so. */
  removeOther(path: string, id: number): boolean {
    if (this.#others.get(path) !== id) return false;
    this.#forget(path);
    this.#index.remove(this.#asked.hashOf(this.#ask(path)), ELSEWHERE);
    return true;
  }

  /** The other paths, with their files. */
  *others(): Iterable<readonly [path: string, row: number]> {
    for (const [path, id] of this.#others) {
      const row = this.#table.row(id);
      if (row !== NONE) yield [path, row];
    }
  }

  #ask(path: string): TextAt {
    this.#asked.clear();
    return this.#asked.add(path);
  }

  /** The row whose path is the one that is asked for, and leads to it. */
  #own(at: TextAt): number {
    const index = this.#index;
    for (let row = index.first(this.#asked.hashOf(at)); row >= 0; row = index.next())
      if (row !== ELSEWHERE && this.#paths.sameAs(row, this.#asked, at)) return row;
    return NONE;
  }

  #forget(path: string): boolean {
    if (!this.#others.delete(path)) return false;
    this.#otherLength -= path.length;
    return true;
  }

  /** Drops an eighth of the others, those that were added first. */
  #thin(): void {
    for (const [path, id] of this.#others) {
      if (this.#otherBytes <= (MOST_OTHER_BYTES / 8) * 7) return;
      this.removeOther(path, id);
    }
  }

  #tidy(): void {
    for (const [path, id] of this.#others) if (this.#table.row(id) === NONE) this.removeOther(path, id);
    this.#most = Math.max(FEW, 2 * this.#others.size);
  }
}
