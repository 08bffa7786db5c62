/** What a table grows with its rows. Rows are read and written by index below the capacity their table reserved. */
export interface Column {
  readonly bytesPerRow: number;
  reserve(capacity: number): void;
}

/** Text a row; the engine shares equal strings that came from one announcement. */
export class TextColumn implements Column {
  readonly bytesPerRow = 8;
  #data: string[] = [];

  get(row: number): string {
    return this.#data[row] as string;
  }

  set(row: number, value: string): void {
    this.#data[row] = value;
  }

  reserve(capacity: number): void {
    while (this.#data.length < capacity) this.#data.push("");
  }
}
