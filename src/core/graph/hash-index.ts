import { finalised, keyedWord } from "../wire/keyed-hash.ts";
import { drop } from "../wire/memory.ts";

/**
 * Open-addressing multimap from a 32-bit hash to rows. Keys stay in the tables' columns: the caller walks the rows of a hash and
 * compares columns.
 *
 *     for (let row = index.first(hash); row >= 0; row = index.next()) if (...) return row;
 *
 * One walk at a time; adding or removing ends it. Linear probing, deletion by shifting back, at most half full.
 */
export class HashIndex {
  /** Per slot: hash, row + 1 (0 = empty). */
  #slots = new Int32Array(2 * 64);
  #mask = 63;
  #size = 0;
  #hash = 0;
  #at = 0;

  get size(): number {
    return this.#size;
  }

  first(hash: number): number {
    return this.#find(hash, hash & this.#mask);
  }

  next(): number {
    return this.#find(this.#hash, (this.#at + 1) & this.#mask);
  }

  /** Brings the slots of some hashes near. Returns what nobody needs. */
  touch(hashes: Int32Array, count: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let seen = 0;
    for (let i = 0; i < count; i++) seen ^= slots[2 * ((hashes[i] as number) & mask)] as number;
    return seen;
  }

  /**
   * The first row of each of some hashes, NONE where there is none. For reading ahead: it may be another of that hash that is meant.
   * Returns what nobody needs.
   */
  glance(hashes: Int32Array, count: number, rows: Int32Array): number {
    const seen = this.touch(hashes, count);
    for (let i = 0; i < count; i++) rows[i] = this.first(hashes[i] as number);
    return seen;
  }

  add(hash: number, row: number): void {
    if (this.#size * 2 > this.#mask) this.#grow();
    this.#insert(hash, row + 1);
    this.#size++;
  }

  /**
   * Adds a row whose key others have, too: beside the latest of those, so many in all. Whoever makes the same key again and again must not
   * make each time dearer; the others are found by nothing but their row.
   */
  addLatest(hash: number, row: number, many: number, isEarlier: (one: number, other: number) => boolean): void {
    let left = many;
    let earliest = -1;
    for (let other = this.first(hash); other >= 0; other = this.next()) {
      left--;
      if (earliest < 0 || isEarlier(other, earliest)) earliest = other;
    }
    if (left <= 0) this.remove(hash, earliest);
    this.add(hash, row);
  }

  /** Returns whether the row was there. */
  remove(hash: number, row: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = hash & mask;
    while (slots[2 * hole + 1] !== row + 1 || slots[2 * hole] !== hash) {
      if (slots[2 * hole + 1] === 0) return false;
      hole = (hole + 1) & mask;
    }
    for (let at = (hole + 1) & mask; slots[2 * at + 1] !== 0; at = (at + 1) & mask) {
      const home = (slots[2 * at] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[2 * hole] = slots[2 * at] as number;
      slots[2 * hole + 1] = slots[2 * at + 1] as number;
      hole = at;
    }
    slots[2 * hole + 1] = 0;
    this.#size--;
    return true;
  }

  #find(hash: number, from: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let at = from; ; at = (at + 1) & mask) {
      const row = slots[2 * at + 1] as number;
      if (row === 0) return -1;
      if (slots[2 * at] === hash) {
        this.#hash = hash;
        this.#at = at;
        return row - 1;
      }
    }
  }

  #insert(hash: number, value: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let at = hash & mask;
    while (slots[2 * at + 1] !== 0) at = (at + 1) & mask;
    slots[2 * at] = hash;
    slots[2 * at + 1] = value;
  }

  #grow(): void {
    const slots = this.#slots;
    this.#slots = new Int32Array(2 * slots.length);
    this.#mask = slots.length - 1;
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i + 1] !== 0) this.#insert(slots[i] as number, slots[i + 1] as number);
    }
    drop(slots.buffer);
  }
}

/** Mixes two words to 32 signed bits (murmur3's finaliser over both): an unsigned number may need a box of its own. */
export function hash2(a: number, b: number): number {
  return finalised(Math.imul(a, 0xcc9e2d51) ^ Math.imul(b, 0x1b873593));
}

/** The same for two words that somebody may choose, in a file that is played: the key keeps them from choosing the hash. */
export function keyedHash2(a: number, b: number): number {
  return hash2(keyedWord(a), b);
}
