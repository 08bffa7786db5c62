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

/** What few rows have: an entry for those, about 8 bytes a row over all. The others have `empty`. */
export class Sparse<T extends string | number> implements Column {
  readonly bytesPerRow = 8;
  readonly #empty: T;
  readonly #values = new Map<number, T>();

  constructor(empty: T) {
    this.#empty = empty;
  }

  get(row: number): T {
    return this.#values.size === 0 ? this.#empty : (this.#values.get(row) ?? this.#empty);
  }

  set(row: number, value: T): void {
    if (value !== this.#empty) this.#values.set(row, value);
    else if (this.#values.size > 0) this.#values.delete(row);
  }

  reserve(): void {}
}
