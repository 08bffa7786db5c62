import { I32Block } from "./blocks.ts";
import { EndTable } from "./end-table.ts";
import { HashIndex, keyedHash2 } from "./hash-index.ts";
import type { EndIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/** So many that are told to have the same address at once are found by it. */
const MOST_ALIKE = 32;
/** Rows count up, but where one is used again. */
const isEarlier = (one: number, other: number): boolean => one < other;

/** What only the ends of unix sockets have: a kernel address (0 = unknown), and the pid their other end named as theirs (SO_PEERCRED; 0 = none). */
export class UnixEnds extends EndTable {
  protected readonly rows = this.column(new I32Block(4));
  readonly #lo = this.rows.unsigned(0);
  readonly #hi = this.rows.unsigned(1);
  readonly #tgid = this.rows.unsigned(2);
  readonly #end = this.rows.field<EndIndex>(3);
  readonly #byAddress = new HashIndex();

  /** The end that has an address, and was not retired. */
  byAddress(lo: number, hi: number): EndIndex {
    const index = this.#byAddress;
    for (let row = index.first(keyedHash2(lo, hi)); row >= 0; row = index.next()) {
      if (this.#lo.get(row) === lo && this.#hi.get(row) === hi) return this.#end.get(row);
    }
    return NONE;
  }

  addressOf(end: EndIndex): readonly [lo: number, hi: number] {
    const row = this.find(end);
    return row === NONE ? [0, 0] : [this.#lo.get(row), this.#hi.get(row)];
  }

  setAddress(end: EndIndex, lo: number, hi: number): void {
    if (lo === 0 && hi === 0) return;
    const row = this.obtain(end);
    if (this.#lo.get(row) === lo && this.#hi.get(row) === hi) return;
    this.#dropAddress(row);
    this.#lo.set(row, lo);
    this.#hi.set(row, hi);
    this.#byAddress.addLatest(keyedHash2(lo, hi), row, MOST_ALIKE, isEarlier);
  }

  /** Its address is used again by another. */
  retire(end: EndIndex): void {
    const row = this.find(end);
    if (row !== NONE) this.#dropAddress(row);
  }

  credTgid(end: EndIndex): number {
    const row = this.find(end);
    return row === NONE ? 0 : this.#tgid.get(row);
  }

  setCredTgid(end: EndIndex, tgid: number): void {
    if (tgid !== 0) this.#tgid.set(this.obtain(end), tgid);
  }

  override obtain(end: EndIndex): number {
    const row = super.obtain(end);
    this.#end.set(row, end);
    return row;
  }

  override forget(end: EndIndex): void {
    this.retire(end);
    super.forget(end);
  }

  #dropAddress(row: number): void {
    const lo = this.#lo.get(row);
    const hi = this.#hi.get(row);
    if (lo !== 0 || hi !== 0) this.#byAddress.remove(keyedHash2(lo, hi), row);
  }
}
