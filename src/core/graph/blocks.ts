import { drop } from "../wire/memory.ts";
import type { Column } from "./columns.ts";

/** A large block of glibc begins 16 bytes behind the begin of a page: behind so many more, rows of 64 bytes are one cache line each. */
const TO_A_LINE = 48;

/** One value a row: a column, or a field of a block. */
export interface Cells<T extends number = number> {
  get(row: number): T;
  set(row: number, value: T): void;
}

/**
 * Several 32-bit fields a row in one array, for tables whose rows are read and written whole and at random: a row then costs one or
 * two cache lines instead of one for each field.
 */
export class I32Block implements Column {
  readonly bytesPerRow: number;
  readonly width: number;
  data: Int32Array<ArrayBuffer> = new Int32Array(0);

  constructor(width: number) {
    this.width = width;
    this.bytesPerRow = 4 * width;
  }

  reserve(capacity: number): void {
    const before = this.data;
    this.data = new Int32Array(capacity * this.width);
    this.data.set(before);
    drop(before.buffer);
  }

  clear(row: number): void {
    const { data, width } = this;
    // For so few fields faster than fill.
    for (let at = row * width, end = at + width; at < end; at++) data[at] = 0;
  }

  /** Brings rows near; -1 = none. Returns what nobody needs. */
  touch(rows: Int32Array, count: number): number {
    const { data, width } = this;
    let seen = 0;
    for (let i = 0; i < count; i++) seen ^= data[Math.max(rows[i] as number, 0) * width] as number;
    return seen;
  }

  /** Signed; also links, -1 = none. */
  field<T extends number = number>(offset: number): I32Field<T> {
    return new I32Field<T>(this, offset);
  }

  unsigned(offset: number): U32Field {
    return new U32Field(this, offset);
  }
}

export class I32Field<T extends number = number> implements Cells<T> {
  readonly #block: I32Block;
  readonly #offset: number;
  readonly #width: number;

  constructor(block: I32Block, offset: number) {
    this.#block = block;
    this.#offset = offset;
    this.#width = block.width;
  }

  get(row: number): T {
    return this.#block.data[row * this.#width + this.#offset] as T;
  }

  set(row: number, value: T): void {
    this.#block.data[row * this.#width + this.#offset] = value;
  }
}

export class U32Field implements Cells {
  readonly #block: I32Block;
  readonly #offset: number;
  readonly #width: number;

  constructor(block: I32Block, offset: number) {
    this.#block = block;
    this.#offset = offset;
    this.#width = block.width;
  }

  get(row: number): number {
    return (this.#block.data[row * this.#width + this.#offset] as number) >>> 0;
  }

  set(row: number, value: number): void {
    this.#block.data[row * this.#width + this.#offset] = value;
  }
}

/** Several 64-bit floats a row: times, counters, ids. */
export class F64Block implements Column {
  readonly bytesPerRow: number;
  readonly width: number;
  data: Float64Array<ArrayBuffer> = new Float64Array(0);

  constructor(width: number) {
    this.width = width;
    this.bytesPerRow = 8 * width;
  }

  reserve(capacity: number): void {
    const before = this.data;
    this.data = new Float64Array(capacity * this.width);
    this.data.set(before);
    drop(before.buffer);
  }

  clear(row: number): void {
    const { data, width } = this;
    for (let at = row * width, end = at + width; at < end; at++) data[at] = 0;
  }

  field(offset: number): F64Field {
    return new F64Field(this, offset);
  }
}

export class F64Field implements Cells {
  readonly #block: F64Block;
  readonly #offset: number;
  readonly #width: number;

  constructor(block: F64Block, offset: number) {
    this.#block = block;
    this.#offset = offset;
    this.#width = block.width;
  }

  get(row: number): number {
    return this.#block.data[row * this.#width + this.#offset] as number;
  }

  set(row: number, value: number): void {
    this.#block.data[row * this.#width + this.#offset] = value;
  }
}

/**
 * Floats, then 32-bit fields, of a row side by side: what is read together costs one cache line, of 64 bytes at best. Offsets of 32-bit
 * fields begin at 2 x floats.
 */
export class MixedBlock implements Column {
  readonly bytesPerRow: number;
  readonly ints: I32Block;
  readonly floats: F64Block;
  /** The same memory with two entries a row, 2 x row and 2 x row + 1. */
  readonly halves: { readonly ints: I32Block; readonly floats: F64Block };

  /** @param words 32-bit fields; together with the floats a multiple of 8 bytes */
  constructor(floats: number, words: number) {
    this.bytesPerRow = 8 * floats + 4 * words;
    this.ints = new I32Block(this.bytesPerRow / 4);
    this.floats = new F64Block(this.bytesPerRow / 8);
    this.halves = { ints: new I32Block(this.bytesPerRow / 8), floats: new F64Block(this.bytesPerRow / 16) };
  }

  reserve(capacity: number): void {
    const before = this.ints.data;
    const bytes = capacity * this.bytesPerRow;
    const memory = new ArrayBuffer(TO_A_LINE + bytes);
    for (const blocks of [this, this.halves]) {
      blocks.ints.data = new Int32Array(memory, TO_A_LINE, bytes / 4);
      blocks.floats.data = new Float64Array(memory, TO_A_LINE, bytes / 8);
    }
    this.ints.data.set(before);
    drop(before.buffer);
  }

  clear(row: number): void {
    this.ints.clear(row);
  }
}
