import { grown } from "../wire/memory.ts";
import { I32Block, type U32Field } from "./blocks.ts";
import type { Column } from "./columns.ts";

/** Ids are row + generation x this: 2^26 rows at once, 2^27 reuses of each. */
const GENERATION = 0x400_0000;

/** Rows there is room for at first. */
const SMALLEST = 64;
/** As of `grown`. */
const LARGE = 1 << 14;

/** The row an id had, also of an object that is forgotten. */
export function rowOf(id: number): number {
  // As an integer: of an id that is a double the engine would make a double.
  return (id % GENERATION) | 0;
}

/**
 * Rows with a free list. A row index is valid while its object lives; an id is never used again, so an id kept by a screen
 * or a finding finds its object or nothing. Subclasses add columns and clear them in `alloc`.
 */
export class Table {
  /** Rows in use. */
  count = 0;
  /** Rows ever in use: every live row is below. */
  limit = 0;
  /** Bytes of one row over all columns, strings not counted. */
  rowBytes = 0;
  #columns: Column[] = [];
  #capacity = 0;
  #free: number[] = [];
  /** Generation x 2, + 1 while in use. */
  #state: U32Field;

  constructor() {
    this.#state = this.column(new I32Block(1)).unsigned(0);
  }

  id(row: number): number {
    return row + (this.#state.get(row) >>> 1) * GENERATION;
  }

  /** The row of an id, -1 when the object is forgotten. */
  row(id: number): number {
    const row = rowOf(id);
    return row < this.limit && (this.#state.get(row) & 1) === 1 && this.id(row) === id ? row : -1;
  }

  /** Brings near whether rows are live. As I32Field.touch. */
  touchStates(rows: Int32Array, count: number): number {
    return this.#state.touch(rows, count);
  }

  isLive(row: number): boolean {
    return row >= 0 && row < this.limit && (this.#state.get(row) & 1) === 1;
  }

  /** The row that is taken after so many others. */
  upcoming(others: number): number {
    const free = this.#free.length - 1 - others;
    return free >= 0 ? (this.#free[free] as number) : this.limit - 1 - free;
  }

  protected column<C extends Column>(column: C): C {
    if (this.#capacity > 0) column.reserve(this.#capacity);
    this.#columns.push(column);
    this.rowBytes += column.bytesPerRow;
    return column;
  }

  /** A row with whatever its columns last held. */
  protected take(): number {
    const row = this.#free.pop() ?? this.limit++;
    const state = this.#state;
    this.count++;
    if (row >= this.#capacity) this.#grow();
    state.set(row, state.get(row) | 1);
    return row;
  }

  #grow(): void {
    this.#capacity = Math.max(SMALLEST, grown(this.#capacity, LARGE));
    for (const column of this.#columns) column.reserve(this.#capacity);
  }

  protected give(row: number): void {
    // In use is an odd number: the next even one is the next generation.
    this.#state.set(row, this.#state.get(row) + 1);
    this.#free.push(row);
    this.count--;
  }
}
