import { drop } from "../wire/memory.ts";
import type { Column } from "./columns.ts";
import type { EndIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

/** A row for each end of a connection that has what most have not. */
export abstract class EndTable extends Table {
  /** By end: row + 1, 0 = none. No map: where ends come and go, the engine makes a new one again and again. */
  #byEnd = new Int32Array(128);
  protected abstract readonly rows: Column & { clear(row: number): void };

  find(end: EndIndex): number {
    return (this.#byEnd[end] ?? 0) - 1;
  }

  /** Made, with zeros, when there is none. */
  obtain(end: EndIndex): number {
    const known = this.find(end);
    if (known !== NONE) return known;
    const row = this.take();
    this.rows.clear(row);
    if (end >= this.#byEnd.length) this.#reserve(end + 1);
    this.#byEnd[end] = row + 1;
    return row;
  }

  forget(end: EndIndex): void {
    const row = this.find(end);
    if (row === NONE) return;
    this.#byEnd[end] = 0;
    this.give(row);
  }

  #reserve(ends: number): void {
    const before = this.#byEnd;
    this.#byEnd = new Int32Array(Math.max(ends, 2 * before.length));
    this.#byEnd.set(before);
    drop(before.buffer);
  }
}
