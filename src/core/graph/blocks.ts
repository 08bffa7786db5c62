import { drop } from "../wire/memory.ts";
import type { Column } from "./columns.ts";

/** A large block of glibc begins 16 bytes behind the begin of a page: behind so many more, rows of 64 bytes are one cache line each. */
const TO_A_LINE = 48;

type Words = Int32Array<ArrayBuffer>;
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
  readonly #fields: { readonly field: Field<A>; readonly offset: number }[] = [];

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
    for (const { field, offset } of this.#fields) field.view = this.from(offset);
  }

  clear(row: number): void {
    const { data, width } = this;
    // For so few fields faster than fill.
    for (let at = row * width, end = at + width; at < end; at++) data[at] = 0;
  }

  protected abstract make(length: number): A;

  /** The field whose view begins at an offset moves with the rows. */
  protected join<F extends Field<A>>(field: F, offset: number): F {
    this.#fields.push({ field, offset });
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
    return this.join(new I32Field<T>(this.from(offset), this.width), offset);
  }

  unsigned(offset: number): U32Field {
    return this.join(new U32Field(this.from(offset), this.width), offset);
  }

  /** So many bits of a field, from bit `shift` on. */
  bits(offset: number, shift: number, many: number): BitField {
    return this.join(new BitField(this.from(offset), this.width, shift, many), offset);
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
    return this.join(new F64Field(this.from(offset), this.width), offset);
  }

  protected make(length: number): Floats {
    return new Float64Array(length);
  }
}

export abstract class WordField extends Field<Words> {
  /** Brings the field of some rows near, and what shares its cache line; -1 = none. Returns what nobody needs. */
  touch(rows: Int32Array, count: number): number {
    const { view, width } = this;
    let seen = 0;
    for (let i = 0; i < count; i++) seen ^= view[Math.max(rows[i] as number, 0) * width] as number;
    return seen;
  }
}

export class I32Field<T extends number = number> extends WordField implements Cells<T> {
  get(row: number): T {
    return this.view[Math.imul(row, this.width)] as T;
  }

  set(row: number, value: T): void {
    this.view[Math.imul(row, this.width)] = value;
  }
}

export class U32Field extends WordField implements Cells {
  get(row: number): number {
    return (this.view[Math.imul(row, this.width)] as number) >>> 0;
  }

  set(row: number, value: number): void {
    this.view[Math.imul(row, this.width)] = value;
  }
}

/** Unsigned; higher bits of what is set are lost. */
export class BitField extends WordField implements Cells {
  declare readonly shift: number;
  declare readonly mask: number;

  constructor(view: Words, width: number, shift: number, many: number) {
    super(view, width);
    this.shift = shift;
    this.mask = 2 ** many - 1;
  }

  get(row: number): number {
    return ((this.view[Math.imul(row, this.width)] as number) >>> this.shift) & this.mask;
  }

  set(row: number, value: number): void {
    const { mask, shift, view } = this;
    const at = Math.imul(row, this.width);
    view[at] = ((view[at] as number) & ~(mask << shift)) | ((value & mask) << shift);
  }
}

export class F64Field extends Field<Floats> implements Cells {
  get(row: number): number {
    return this.view[Math.imul(row, this.width)] as number;
  }

  set(row: number, value: number): void {
    this.view[Math.imul(row, this.width)] = value;
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
    this.ints.clear(row);
  }
}
