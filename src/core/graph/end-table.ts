import type { Column } from "./columns.ts";
import type { EndIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

/** A row for each end of a connection that has what most have not. */
export abstract class EndTable extends Table {
  readonly #byEnd = new Map<EndIndex, number>();
  protected abstract readonly rows: Column & { clear(row: number): void };

  find(end: EndIndex): number {
    return this.#byEnd.get(end) ?? NONE;
  }

  /** Made, with zeros, when there is none. */
  obtain(end: EndIndex): number {
    const known = this.find(end);
    if (known !== NONE) return known;
    const row = this.take();
    this.rows.clear(row);
    this.#byEnd.set(end, row);
    return row;
  }

  forget(end: EndIndex): void {
    const row = this.find(end);
    if (row === NONE) return;
    this.#byEnd.delete(end);
    this.give(row);
  }
}
