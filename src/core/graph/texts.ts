import type { StringTable } from "../wire/strings.ts";
import { NO_TEXT, type TextAt, type TextHeap } from "../wire/text-heap.ts";
import type { Cells } from "./blocks.ts";

/**
 * Text a row as bytes, found by a field of the row: for texts that are many, seldom alike and seldom asked for. That of a row that is
 * not in use is empty. A text that came over the wire stays where it came: it is not copied.
 */
export class HeapText {
  readonly #heap: TextHeap;
  readonly #at: Cells;
  /** What its texts take. */
  bytes = 0;

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

  /** It is that of a wire string. */
  read(row: number, strings: StringTable, id: number): void {
    this.#put(row, strings.at(id));
  }

  /** Whether it is that of a wire string. */
  is(row: number, strings: StringTable, id: number): boolean {
    return this.#heap.same(this.#at.get(row), strings.at(id));
  }

  /** As TextHeap.hashOf. */
  hashOf(row: number): number {
    return this.#heap.hashOf(this.#at.get(row));
  }

  /** What a function makes of its bytes. */
  hints(row: number, of: (bytes: Uint8Array, start: number, end: number) => number): number {
    const start = 4 * this.#at.get(row) + 4;
    return of(this.#heap.bytes, start, start + this.lengthOf(row));
  }

  clear(row: number): void {
    this.#put(row, NO_TEXT);
  }

  /** Gives the text of each row below a limit another place. */
  move(limit: number, to: (at: TextAt) => TextAt): void {
    for (let row = 0; row < limit; row++) this.#at.set(row, to(this.#at.get(row)));
  }

  #put(row: number, at: TextAt): void {
    this.bytes += this.#heap.spaceOf(at) - this.#heap.spaceOf(this.#at.get(row));
    this.#at.set(row, at);
  }
}

/** So much more than what was referred to last time is worth a pause of some milliseconds. */
const TIDY_BYTES = 4 << 20;

/** The texts of several tables, in the heap of the strings that came over the wire. */
export class Texts {
  readonly #strings: StringTable;
  readonly #columns: { readonly column: HeapText; readonly table: { readonly limit: number } }[] = [];
  /** Of the heap when it was tidied last. */
  #keptBytes = 0;

  constructor(strings: StringTable) {
    this.#strings = strings;
    strings.share();
  }

  /** What rows refer to; of several that refer to the same text each counts. */
  get bytes(): number {
    let bytes = 0;
    for (const { column } of this.#columns) bytes += column.bytes;
    return bytes;
  }

  column(table: { readonly limit: number }, at: Cells): HeapText {
    const column = new HeapText(this.#strings.heap, at);
    this.#columns.push({ column, table });
    return column;
  }

  /** Gives back what texts take that nothing refers to, when the heap has grown by half. */
  tidy(): void {
    const { heap } = this.#strings;
    if (heap.usedBytes < 1.5 * this.#keptBytes + TIDY_BYTES) return;
    heap.compact((to) => {
      this.#strings.move(to);
      for (const { column, table } of this.#columns) column.move(table.limit, to);
    });
    this.#keptBytes = heap.usedBytes;
  }
}
