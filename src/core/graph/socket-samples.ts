import { MixedBlock } from "./blocks.ts";
import type { EndIndex, SampleIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

/** What sockets moved from one refresh to the next: a row for each end of a connection that a refresh told of. */
export class SocketSamples extends Table {
  readonly #rows = this.column(new MixedBlock(3, 2));
  /** Bytes a second. */
  readonly txRate = this.#rows.floats.field(0);
  readonly rxRate = this.#rows.floats.field(1);
  readonly atNs = this.#rows.floats.field(2);
  /** Number of the refresh that told of it last. */
  readonly refresh = this.#rows.ints.field(6);
  readonly #byEnd = new Map<EndIndex, SampleIndex>();

  find(end: EndIndex): SampleIndex {
    return this.#byEnd.get(end) ?? NONE;
  }

  /** That of a refresh or of the one before it; NONE = nothing was moved since. */
  current(end: EndIndex, refresh: number): SampleIndex {
    const row = this.find(end);
    return row !== NONE && this.refresh.get(row) + 1 >= refresh ? row : NONE;
  }

  /** Made, with rates of 0, when there is none. */
  obtain(end: EndIndex): SampleIndex {
    const known = this.find(end);
    if (known !== NONE) return known;
    const row: SampleIndex = this.take();
    this.#rows.clear(row);
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
