import type { StringTable } from "../wire/strings.ts";
import { NO_TEXT, type TextAt, TextHeap } from "../wire/text-heap.ts";
import type { Cells } from "./blocks.ts";

/**
 * Text a row as bytes, found by a field of the row: for texts that are many, seldom alike and seldom asked for. That of a row that is
 * not in use is empty.
 */
export class HeapText {
  readonly #heap: TextHeap;
  readonly #at: Cells;

  constructor(heap: TextHeap, at: Cells) {
    this.#heap = heap;
    this.#at = at;
  }

  get(row: number): string {
    return this.#heap.text(this.#at.get(row));
  }

  /** Its length in bytes. */
  lengthOf(row: number): number {
    return this.#heap.lengthOf(this.#at.get(row));
  }

  set(row: number, text: string): void {
    this.#put(row, this.#heap.add(text));
  }

  /** Takes over the text of a wire string. */
  read(row: number, strings: StringTable, id: number): void {
    this.#put(row, this.#heap.copy(strings.heap, strings.at(id)));
  }

  /** Whether it is that of a wire string. */
  is(row: number, strings: StringTable, id: number): boolean {
    return this.sameAs(row, strings.heap, strings.at(id));
  }

  /** Whether it is a text of another heap. */
  sameAs(row: number, heap: TextHeap, at: TextAt): boolean {
    return this.#heap.same(this.#at.get(row), heap, at);
  }

  /** Whether two rows have the same. */
  alike(row: number, other: number): boolean {
    return this.#heap.same(this.#at.get(row), this.#heap, this.#at.get(other));
  }

  /** As TextHeap.isPlain. */
  isPlain(row: number): boolean {
    return this.#heap.isPlain(this.#at.get(row));
  }

  /** Where it is in the heap. */
  at(row: number): TextAt {
    return this.#at.get(row);
  }

  /** As TextHeap.touch. */
  touch(at: Int32Array, count: number): number {
    return this.#heap.touch(at, count);
  }

  /** As TextHeap.hashOf. */
  hashOf(row: number): number {
    return this.#heap.hashOf(this.#at.get(row));
  }

  /** What a function makes of its bytes. */
  map(row: number, of: (bytes: Uint8Array, start: number, end: number) => number): number {
    const start = 4 * this.#at.get(row) + 4;
    return of(this.#heap.bytes, start, start + this.lengthOf(row));
  }

  clear(row: number): void {
    this.#put(row, NO_TEXT);
  }

  /** Gives each row below a limit another place. */
  move(limit: number, to: (at: TextAt) => TextAt): void {
    for (let row = 0; row < limit; row++) this.#at.set(row, to(this.#at.get(row)));
  }

  #put(row: number, at: TextAt): void {
    this.#heap.drop(this.#at.get(row));
    this.#at.set(row, at);
  }
}

/** So much is worth a pause of some milliseconds. */
const FREE_BYTES = 1 << 20;

/** The texts of several tables in one heap. */
export class Texts {
  readonly #heap: TextHeap;
  readonly #columns: { readonly column: HeapText; readonly table: { readonly limit: number } }[] = [];

  constructor(heap = new TextHeap()) {
    this.#heap = heap;
  }

  /** Of what is referred to. */
  get bytes(): number {
    return this.#heap.liveBytes;
  }

  column(table: { readonly limit: number }, at: Cells): HeapText {
    const column = new HeapText(this.#heap, at);
    this.#columns.push({ column, table });
    return column;
  }

  /** Gives back places that no text comes for, when they are most of the heap: texts have become longer, or shorter. */
  tidy(): void {
    const heap = this.#heap;
    if (heap.freeBytes < FREE_BYTES || heap.freeBytes < heap.liveBytes) return;
    heap.compact((to) => {
      for (const { column, table } of this.#columns) column.move(table.limit, to);
    });
  }
}
