/**
 * Growable typed-array columns. One class per element type, so that each keeps its own monomorphic access.
 * Rows are read and written by index below the capacity their table reserved.
 */
interface Column {
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
export class I32Column implements Column {
  readonly bytesPerRow = 4;
  #data = new Int32Array(0);
  get(row: number): number {
    return this.#data[row] as number;
  }
  set(row: number, value: number): void {
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
    while (this.#data.length < capacity) this.#data.push('');
  }
}

/** Ids are row + generation x this: 2^26 rows at once, 2^27 reuses of each. */
const GENERATION = 0x400_0000;

/**
 * Rows with a free list. A row index is valid while its object lives; an id is never used again, so an id kept by a screen
 * or a finding finds its object or nothing. Subclasses add columns and clear them in `alloc`.
 */
export class Table {
  /** Rows in use. */
  count = 0;
  /** Rows ever in use: every live row is below. */
  limit = 0;
  #columns: Column[] = [];
  #capacity = 0;
  #free: number[] = [];
  #generation: U32Column;
  #live: U16Column;

  constructor() {
    this.#generation = this.column(new U32Column());
    this.#live = this.column(new U16Column());
  }

  /** Bytes of one row over all columns, strings not counted. */
  get rowBytes(): number {
    return this.#columns.reduce((sum, column) => sum + column.bytesPerRow, 0);
  }

  id(row: number): number {
    return row + this.#generation.get(row) * GENERATION;
  }

  /** The row of an id, -1 when the object is forgotten. */
  row(id: number): number {
    const row = id % GENERATION;
    return row < this.limit && this.#live.get(row) === 1 && this.id(row) === id ? row : -1;
  }

  isLive(row: number): boolean {
    return row >= 0 && row < this.limit && this.#live.get(row) === 1;
  }

  protected column<C extends Column>(column: C): C {
    if (this.#capacity > 0) column.reserve(this.#capacity);
    this.#columns.push(column);
    return column;
  }

  /** A row with whatever its columns last held. */
  protected take(): number {
    const row = this.#free.pop() ?? this.limit++;
    if (row >= this.#capacity) {
      this.#capacity = Math.max(64, this.#capacity * 2);
      for (const column of this.#columns) column.reserve(this.#capacity);
    }
    this.#live.set(row, 1);
    this.count++;
    return row;
  }

  protected give(row: number): void {
    this.#live.set(row, 0);
    this.#generation.set(row, this.#generation.get(row) + 1);
    this.#free.push(row);
    this.count--;
  }
}
