import { drop } from "./memory.ts";
import { NO_TEXT, type TextAt, TextHeap } from "./text-heap.ts";

/**
 * Wire string id -> text, across batches. Ids count up from a key batch, which starts again. Id 0 is the empty string. Most are never asked
 * for as text: they are kept as bytes, and decoded when first asked for.
 */
export class StringTable {
  readonly heap = new TextHeap();
  #at = new Int32Array(FIRST_IDS);
  #size = 1;
  /** Of those that were asked for. */
  readonly #texts = new Map<number, string>();

  /** Grows with each reset: ids of different epochs have nothing to do with each other. */
  epoch = 0;

  get size(): number {
    return this.#size;
  }

  reset(): void {
    this.epoch++;
    this.heap.clear();
    this.#size = 1;
    this.#texts.clear();
  }

  /** Where the text of an id is in the heap; that of the empty text for an id that was never announced. */
  at(id: number): TextAt {
    return id < this.#size ? (this.#at[id] as number) : NO_TEXT;
  }

  /** The text of an id; empty for an id that was never announced. */
  get(id: number): string {
    const at = this.at(id);
    if (at === NO_TEXT) return "";
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = this.heap.text(at);
    this.#texts.set(id, text);
    return text;
  }

  /** The bytes of an id, as they were announced. */
  bytes(id: number): Uint8Array {
    return this.heap.bytesOf(this.at(id));
  }

  /**
   * Reads `count` strings (u32 length, bytes, padding to 4) between start and end; the first has id `first`.
   * Returns false when they do not fit exactly: what was well-formed is kept. A gap before `first` (a batch went missing) reads as "".
   */
  load(bytes: Uint8Array, start: number, end: number, first: number, count: number): boolean {
    if (count === 0) return true;
    if (first === 0 || first > this.#size + MAX_GAP || this.heap.usedBytes > MAX_BYTES) return false;
    // Every string takes at least its length.
    const fitting = Math.min(count, (end - start) >> 2);
    this.#reserve(first + fitting);
    let at = this.heap.append(bytes.subarray(start, end));
    let left = end - start;
    for (let id = first; id < first + fitting; id++) {
      const length = this.heap.lengthOf(at);
      if (left < 4 || length > left - 4) return false;
      this.#at[id] = length === 0 ? NO_TEXT : at;
      if (id < this.#size) this.#texts.delete(id);
      else this.#size = id + 1;
      const words = 1 + ((length + 3) >>> 2);
      at += words;
      left -= 4 * words;
    }
    return fitting === count;
  }

  #reserve(ids: number): void {
    if (ids > this.#at.length) {
      const before = this.#at;
      this.#at = new Int32Array(2 * ids);
      this.#at.set(before);
      drop(before.buffer);
    }
    this.#at.fill(NO_TEXT, this.#size, ids);
  }
}

const FIRST_IDS = 1 << 10;
/** More missing ids than batches in flight can hold: damage, which must not make us allocate. */
const MAX_GAP = 1 << 20;
/** More than any writer keeps before it starts again: damage, too. */
const MAX_BYTES = 1 << 28;
