import { keyedHash } from "./keyed-hash.ts";
import { drop, grown } from "./memory.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** A position: the word where a text begins. */
export type TextAt = number;

/** The empty text. */
export const NO_TEXT: TextAt = 0;

const FIRST_WORDS = 1 << 12;
/** As of `grown`. */
const LARGE_WORDS = 1 << 18;
const HUGE_WORDS = 1 << 24;
/** Places of so many words are kept for texts of just that length; longer ones are rounded up to a multiple of it. */
const EXACT_WORDS = 64;

/**
 * Texts one behind the other, as the wire has them: their length in bytes, the bytes, zeros up to a multiple of 4. They lie outside of the
 * engine's heap: a text that nobody asks for is never made, and its collector has nothing to walk over.
 */
export class TextHeap {
  #words = new Int32Array(FIRST_WORDS);
  #bytes = new Uint8Array(this.#words.buffer);
  /** Words in use; the first is the length of the empty text. */
  #used = 1;
  /** By words, the last place that was dropped; each leads to the one before. */
  readonly #free = new Map<number, TextAt>();
  #freeWords = 0;

  /** Of texts that are there. */
  get liveBytes(): number {
    return 4 * (this.#used - this.#freeWords);
  }

  /** Of places that wait for a text of their length. */
  get freeBytes(): number {
    return 4 * this.#freeWords;
  }

  get usedBytes(): number {
    return 4 * this.#used;
  }

  /** Forgets all texts. Memory of which an eighth was in use is kept: as much will be needed again. */
  clear(): void {
    const keep = this.#words.length <= Math.max(LARGE_WORDS, 8 * this.#used);
    this.#used = 1;
    if (this.#freeWords > 0) this.#free.clear();
    this.#freeWords = 0;
    if (keep) return;
    drop(this.#words.buffer);
    this.#words = new Int32Array(FIRST_WORDS);
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  text(at: TextAt): string {
    return at === NO_TEXT ? "" : decodeUtf8(this.#bytes, 4 * at + 4, 4 * at + 4 + this.lengthOf(at));
  }

  /** A copy of the bytes of a text. */
  bytesOf(at: TextAt): Uint8Array {
    return this.#bytes.slice(4 * at + 4, 4 * at + 4 + this.lengthOf(at));
  }

  /** Bytes of a text. */
  lengthOf(at: TextAt): number {
    return (this.#words[at] as number) >>> 0;
  }

  /** Brings texts near. Returns what nobody needs. */
  touch(at: Int32Array, count: number): number {
    const words = this.#words;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const begin = at[i] as number;
      seen ^= words[begin + (((words[begin] as number) + 3) >>> 2)] as number;
    }
    return seen;
  }

  /** All of it; the bytes of a text begin behind its length. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether a text is that of another heap, byte by byte. */
  same(at: TextAt, other: TextHeap, otherAt: TextAt): boolean {
    const mine = this.#words;
    const its = other.#words;
    for (let i = 0, size = this.#size(at); i < size; i++) if (mine[at + i] !== its[otherAt + i]) return false;
    return true;
  }

  /** The same for texts that are the same, in whatever heap, while the program runs: 32 bits. */
  hashOf(at: TextAt): number {
    return keyedHash(this.#words, at, at + this.#size(at));
  }

  /** Whether a text is ASCII: its bytes are what any text that reads the same has. */
  isPlain(at: TextAt): boolean {
    const words = this.#words;
    let all = 0;
    for (let i = at + 1, end = at + this.#size(at); i < end; i++) all |= words[i] as number;
    return (all & 0x80808080) === 0;
  }

  /** Takes in a text of another heap. */
  copy(other: TextHeap, otherAt: TextAt): TextAt {
    if (otherAt === NO_TEXT) return NO_TEXT;
    const size = other.#size(otherAt);
    const at = this.#place(size);
    const mine = this.#words;
    const its = other.#words;
    for (let i = 0; i < size; i++) mine[at + i] = its[otherAt + i] as number;
    return at;
  }

  add(text: string): TextAt {
    if (text === "") return NO_TEXT;
    const bytes = encodeUtf8(text);
    const size = sizeOf(bytes.length);
    const at = this.#place(size);
    this.#words[at + size - 1] = 0;
    this.#words[at] = bytes.length;
    this.#bytes.set(bytes, 4 * at + 4);
    return at;
  }

  /** Takes in the bytes of any number of texts, the first at the position that is returned; the caller checks their lengths. */
  append(bytes: Uint8Array): TextAt {
    const size = (bytes.length + 3) >> 2;
    const at = this.#take(size);
    if (size > 0) this.#words[at + size - 1] = 0;
    this.#bytes.set(bytes, 4 * at);
    return at;
  }

  /** Nothing refers to a text of `copy` or `add` any more: another one takes its place. */
  drop(at: TextAt): void {
    if (at === NO_TEXT) return;
    const words = placeOf(this.#size(at));
    this.#words[at] = this.#free.get(words) ?? NO_TEXT;
    this.#free.set(words, at);
    this.#freeWords += words;
  }

  /** Keeps the texts that are moved, at the positions that `move` returns. */
  compact(each: (move: (at: TextAt) => TextAt) => void): void {
    const kept = new TextHeap();
    kept.#reserve(this.#used - this.#freeWords);
    each((at) => kept.copy(this, at));
    drop(this.#words.buffer);
    this.#words = kept.#words;
    this.#bytes = kept.#bytes;
    this.#used = kept.#used;
    this.#free.clear();
    this.#freeWords = 0;
  }

  #size(at: TextAt): number {
    return sizeOf(this.lengthOf(at));
  }

  /** Room for a text that may be dropped. */
  #place(size: number): TextAt {
    const words = placeOf(size);
    const free = this.#freeWords === 0 ? undefined : this.#free.get(words);
    if (free === undefined || free === NO_TEXT) return this.#take(words);
    this.#free.set(words, this.#words[free] as number);
    this.#freeWords -= words;
    return free;
  }

  #take(size: number): TextAt {
    const at = this.#used;
    if (at + size > this.#words.length) this.#reserve(at + size);
    this.#used = at + size;
    return at;
  }

  #reserve(words: number): void {
    let capacity = this.#words.length;
    while (capacity < words) capacity = grown(capacity, LARGE_WORDS, HUGE_WORDS);
    const before = this.#words;
    if (capacity === before.length) return;
    this.#words = new Int32Array(capacity);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#words.set(before.subarray(0, this.#used));
    drop(before.buffer);
  }
}

const sizeOf = (bytes: number): number => 1 + ((bytes + 3) >>> 2);

function placeOf(size: number): number {
  return size <= EXACT_WORDS ? size : Math.ceil(size / EXACT_WORDS) * EXACT_WORDS;
}
