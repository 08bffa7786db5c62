/**
 * Growable typed-array columns. One class per element type, so that each keeps its own monomorphic access.
 * Rows are read and written by index below the capacity their table reserved.
 */
export interface Column {
  readonly bytesPerRow: number;
  reserve(capacity: number): void;
}

export class F64Column implements Column {
  readonly bytesPerRow = 8;
  #data = new Float64Array(0);
  get(row: number): number {
    return this.#data[row] as number;
  }
  set(row: number, value: number): void {
    this.#data[row] = value;
  }
  reserve(capacity: number): void {
    const grown = new Float64Array(capacity);
    grown.set(this.#data);
    this.#data = grown;
  }
}

export class U32Column implements Column {
  readonly bytesPerRow = 4;
  #data = new Uint32Array(0);
  get(row: number): number {
    return this.#data[row] as number;
  }
  set(row: number, value: number): void {
    this.#data[row] = value;
  }
  reserve(capacity: number): void {
    const grown = new Uint32Array(capacity);
    grown.set(this.#data);
    this.#data = grown;
  }
}

/** Also the type of links between rows: -1 = none. */
export class I32Column<T extends number = number> implements Column {
  readonly bytesPerRow = 4;
  #data = new Int32Array(0);
  get(row: number): T {
    return this.#data[row] as T;
  }
  set(row: number, value: T): void {
    this.#data[row] = value;
  }
  reserve(capacity: number): void {
    const grown = new Int32Array(capacity);
    grown.set(this.#data);
    this.#data = grown;
  }
}

export class U16Column implements Column {
  readonly bytesPerRow = 2;
  #data = new Uint16Array(0);
  get(row: number): number {
    return this.#data[row] as number;
  }
  set(row: number, value: number): void {
    this.#data[row] = value;
  }
  reserve(capacity: number): void {
    const grown = new Uint16Array(capacity);
    grown.set(this.#data);
    this.#data = grown;
  }
}

/** `width` bytes a row, for addresses. */
export class BytesColumn implements Column {
  readonly bytesPerRow: number;
  data = new Uint8Array(0);
  constructor(width: number) {
    this.bytesPerRow = width;
  }
  reserve(capacity: number): void {
    const grown = new Uint8Array(capacity * this.bytesPerRow);
    grown.set(this.data);
    this.data = grown;
  }
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
