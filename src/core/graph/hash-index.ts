/**
 * Open-addressing multimap from a 32-bit hash to rows. Keys stay in the tables' columns: the caller walks the rows of a hash and
 * compares columns.
 *
 *     for (let row = index.first(hash); row >= 0; row = index.next()) if (...) return row;
 *
 * One walk at a time; adding or removing ends it. Linear probing, deletion by shifting back, at most half full.
 */
export class HashIndex {
  #hashes = new Uint32Array(64);
  /** Row + 1; 0 = empty. */
  #rows = new Uint32Array(64);
  #mask = 63;
  #size = 0;
  #hash = 0;
  #at = 0;

  get size(): number {
    return this.#size;
  }

  first(hash: number): number {
    this.#hash = hash;
    this.#at = hash & this.#mask;
    return this.#find();
  }

  next(): number {
    this.#at = (this.#at + 1) & this.#mask;
    return this.#find();
  }

  add(hash: number, row: number): void {
    if ((this.#size + 1) * 2 > this.#rows.length) this.#grow();
    this.#insert(hash, row + 1);
    this.#size++;
  }

  /** Returns whether the row was there. */
  remove(hash: number, row: number): boolean {
    const rows = this.#rows;
    const hashes = this.#hashes;
    const mask = this.#mask;
    let hole = hash & mask;
    while (rows[hole] !== row + 1 || hashes[hole] !== hash) {
      if (rows[hole] === 0) return false;
      hole = (hole + 1) & mask;
    }
    for (let at = (hole + 1) & mask; rows[at] !== 0; at = (at + 1) & mask) {
      const home = (hashes[at] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      rows[hole] = rows[at] as number;
      hashes[hole] = hashes[at] as number;
      hole = at;
    }
    rows[hole] = 0;
    this.#size--;
    return true;
  }

  #find(): number {
    const rows = this.#rows;
    const hash = this.#hash;
    for (let at = this.#at; ; at = (at + 1) & this.#mask) {
      const row = rows[at] as number;
      if (row === 0) return -1;
      if (this.#hashes[at] === hash) {
        this.#at = at;
        return row - 1;
      }
    }
  }

  #insert(hash: number, value: number): void {
    let at = hash & this.#mask;
    while (this.#rows[at] !== 0) at = (at + 1) & this.#mask;
    this.#rows[at] = value;
    this.#hashes[at] = hash;
  }

  #grow(): void {
    const rows = this.#rows;
    const hashes = this.#hashes;
    this.#rows = new Uint32Array(rows.length * 2);
    this.#hashes = new Uint32Array(rows.length * 2);
    this.#mask = this.#rows.length - 1;
    for (let i = 0; i < rows.length; i++) {
      if (rows[i] !== 0) this.#insert(hashes[i] as number, rows[i] as number);
    }
  }
}

/** Mixes two words to 32 bits (murmur3's finaliser over both). */
export function hash2(a: number, b: number): number {
  let h = Math.imul(a, 0xcc9e2d51) ^ Math.imul(b, 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
