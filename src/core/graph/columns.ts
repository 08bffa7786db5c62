/** What a table grows with its rows. Rows are read and written by index below the capacity their table reserved. */
export interface Column {
  readonly bytesPerRow: number;
  reserve(capacity: number): void;
}

/** Text a row, empty until set; the engine shares equal strings that came from one announcement. */
export class TextColumn implements Column {
  readonly bytesPerRow = 8;
  #data: string[] = [];

  get(row: number): string {
    return this.#data[row] ?? "";
  }

  set(row: number, value: string): void {
    this.#data[row] = value;
  }

  /** Rows are taken one after the other: the array grows with them. */
  reserve(): void {}
}

/** Text that few rows have: an entry for those, about 8 bytes a row over all. */
export class SparseText implements Column {
  readonly bytesPerRow = 8;
  readonly #texts = new Map<number, string>();

  get(row: number): string {
    return this.#texts.size === 0 ? "" : (this.#texts.get(row) ?? "");
  }

  set(row: number, value: string): void {
    if (value !== "") this.#texts.set(row, value);
    else if (this.#texts.size > 0) this.#texts.delete(row);
  }

  reserve(): void {}
}
