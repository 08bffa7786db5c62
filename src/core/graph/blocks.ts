import { drop } from "../wire/memory.ts";
import type { Column } from "./columns.ts";

/** A large block of glibc begins 16 bytes behind the begin of a page: behind so many more, rows of 64 bytes are one cache line each. */
const TO_A_LINE = 48;

type Words = Int32Array<ArrayBuffer>;
type Halves = Uint16Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;
type Floats = Float64Array<ArrayBuffer>;

/** One value a row: a column, or a field of a block. */
export interface Cells<T extends number = number> {
  get(row: number): T;
  set(row: number, value: T): void;
}

/**
 * A field of every row, in a view of its block's memory that begins where it lies in row 0. To find a value is most of what an event costs
 * where all is in the caches, so the view is the field's own, and fields are declared: what begins as undefined V8 looks at again and again.
 */
abstract class Field<A> {
  declare view: A;
  declare readonly width: number;

  constructor(view: A, width: number) {
    this.view = view;
    this.width = width;
  }
}

/** Several fields a row in one array, for tables whose rows are read and written whole and at random: a row then costs one or two cache lines. */
abstract class Block<A extends Words | Floats> implements Column {
  readonly bytesPerRow: number;
  readonly width: number;
  data: A;
  /** Each moves the view of a field to where the rows are. */
  readonly #moves: (() => void)[] = [];

  /** @param width values a row */
  constructor(data: A, width: number) {
    this.data = data;
    this.width = width;
    this.bytesPerRow = width * data.BYTES_PER_ELEMENT;
  }

  reserve(capacity: number): void {
    const before = this.data;
    this.place(this.make(capacity * this.width));
    this.data.set(before);
    drop(before.buffer);
  }

  /** Says where the rows are from now on. */
  place(data: A): void {
    this.data = data;
    for (const move of this.#moves) move();
  }

  clear(row: number): void {
    const { data, width } = this;
    // For so few fields faster than fill.
    for (let at = row * width, end = at + width; at < end; at++) data[at] = 0;
  }

  protected abstract make(length: number): A;

  /** A field whose view moves with the rows. */
  protected join<V, F extends Field<V>>(view: () => V, of: (view: V) => F): F {
    const field = of(view());
    this.#moves.push(() => {
      field.view = view();
    });
    return field;
  }

  protected from(offset: number): A {
    return this.data.subarray(offset) as A;
  }
}

/** 32-bit fields. */
export class I32Block extends Block<Words> {
  constructor(width: number) {
    super(new Int32Array(0), width);
  }

  /** Signed; also links, -1 = none. */
  field<T extends number = number>(offset: number): I32Field<T> {
    return this.join(
      () => this.from(offset),
      (view) => new I32Field<T>(view, this.width),
    );
  }

  unsigned(offset: number): U32Field {
    return this.join(
      () => this.from(offset),
      (view) => new U32Field(view, this.width),
    );
  }

  /** The lower (0) or upper (1) half of a field. */
  half(offset: number, which: 0 | 1): U16Field {
    return this.join(
      () => new Uint16Array(this.data.buffer, this.data.byteOffset, 2 * this.data.length).subarray(2 * offset + which),
      (view) => new U16Field(view, 2 * this.width),
    );
  }

  /** One of the four bytes of a field, the lowest first. */
  byte(offset: number, which: 0 | 1 | 2 | 3): U8Field {
    return this.join(
      () => new Uint8Array(this.data.buffer, this.data.byteOffset, 4 * this.data.length).subarray(4 * offset + which),
      (view) => new U8Field(view, 4 * this.width),
    );
  }

  protected make(length: number): Words {
    return new Int32Array(length);
  }
}

/** 64-bit floats: times, counters, ids. */
export class F64Block extends Block<Floats> {
  constructor(width: number) {
    super(new Float64Array(0), width);
  }

  field(offset: number): F64Field {
    return this.join(
      () => this.from(offset),
      (view) => new F64Field(view, this.width),
    );
  }

  protected make(length: number): Floats {
    return new Float64Array(length);
  }
}

export abstract class WordField<A extends Words | Halves | Bytes = Words | Halves | Bytes> extends Field<A> {
  /** Brings the field of some rows near, and what shares its cache line; -1 = none. Returns what nobody needs. */
  touch(rows: Int32Array, count: number): number {
    const { view, width } = this;
    let seen = 0;
    for (let i = 0; i < count; i++) seen ^= view[Math.max(rows[i] as number, 0) * width] as number;
    return seen;
  }
}

export class I32Field<T extends number = number> extends WordField<Words> implements Cells<T> {
  get(row: number): T {
    return this.view[row * this.width] as T;
  }

  set(row: number, value: T): void {
    this.view[row * this.width] = value;
  }
}

export class U32Field extends WordField<Words> implements Cells {
  get(row: number): number {
    return (this.view[row * this.width] as number) >>> 0;
  }

  set(row: number, value: number): void {
    this.view[row * this.width] = value;
  }
}

/** Unsigned, as U8Field; higher bits of what is set are lost. */
export class U16Field extends WordField<Halves> implements Cells {
  get(row: number): number {
    return this.view[row * this.width] as number;
  }

  set(row: number, value: number): void {
    this.view[row * this.width] = value;
  }
}

export class U8Field extends WordField<Bytes> implements Cells {
  get(row: number): number {
    return this.view[row * this.width] as number;
  }

  set(row: number, value: number): void {
    this.view[row * this.width] = value;
  }
}

export class F64Field extends Field<Floats> implements Cells {
  get(row: number): number {
    return this.view[row * this.width] as number;
  }

  set(row: number, value: number): void {
    this.view[row * this.width] = value;
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
      blocks.ints.place(new Int32Array(memory, TO_A_LINE, bytes / 4));
      blocks.floats.place(new Float64Array(memory, TO_A_LINE, bytes / 8));
    }
    this.ints.data.set(before);
    drop(before.buffer);
  }

  clear(row: number): void {
    this.floats.clear(row);
  }
}
