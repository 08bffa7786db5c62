import { drop } from "./memory.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** A position: the word where a text begins. */
export type TextAt = number;

/** The empty text. */
export const NO_TEXT: TextAt = 0;

const FIRST_WORDS = 1 << 12;
/** Between so many words room is taken far ahead: it costs address space until it is used, growing costs a copy. */
const LARGE_WORDS = 1 << 18;
const HUGE_WORDS = 1 << 24;

/**
 * Texts one behind the other, as the wire has them: their length in bytes, the bytes, zeros up to a multiple of 4. They lie outside of the
 * engine's heap: a text that nobody asks for is never made, and its collector has nothing to walk over.
 */
export class TextHeap {
  #words = new Int32Array(FIRST_WORDS);
  #bytes = new Uint8Array(this.#words.buffer);
  /** Words in use; the first is the length of the empty text. */
  #used = 1;

  /** With those that nothing refers to any more. */
  get usedBytes(): number {
    return 4 * this.#used;
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

  /** Bytes that a text takes here. */
  spaceOf(at: TextAt): number {
    return at === NO_TEXT ? 0 : 4 * this.#size(at);
  }

  /** All of it; the bytes of a text begin behind its length. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether two texts are the same, byte by byte. */
  same(a: TextAt, b: TextAt): boolean {
    if (a === b) return true;
    const words = this.#words;
    for (let i = 0, size = this.#size(a); i < size; i++) if (words[a + i] !== words[b + i]) return false;
    return true;
  }

  /** The same for texts that are the same: 32 bits. */
  hashOf(at: TextAt): number {
    const words = this.#words;
    let hash = 0;
    for (let i = 0, size = this.#size(at); i < size; i++)
      hash = Math.imul(hash ^ (words[at + i] as number), 0x9e3779b1) ^ (hash >>> 15);
    return hash;
  }

  add(text: string): TextAt {
    if (text === "") return NO_TEXT;
    const bytes = encodeUtf8(text);
    const at = this.#take(sizeOf(bytes.length));
    this.#words[at + sizeOf(bytes.length) - 1] = 0;
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

  /** Forgets all texts. */
  clear(): void {
    this.#used = 1;
    if (this.#words.length <= LARGE_WORDS) return;
    drop(this.#words.buffer);
    this.#words = new Int32Array(FIRST_WORDS);
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  /** Keeps the texts that are moved, at the positions that `move` returns. */
  compact(each: (move: (at: TextAt) => TextAt) => void): void {
    const before = this.#words;
    this.#words = new Int32Array(FIRST_WORDS);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#used = 1;
    each((at) => {
      if (at === NO_TEXT) return NO_TEXT;
      const length = before[at] as number;
      // Where a text went stands in its place, for the others that refer to it.
      if (length < 0) return ~length;
      const size = sizeOf(length);
      const to = this.#take(size);
      for (let i = 0; i < size; i++) this.#words[to + i] = before[at + i] as number;
      before[at] = ~to;
      return to;
    });
    drop(before.buffer);
  }

  #size(at: TextAt): number {
    return sizeOf(this.lengthOf(at));
  }

  #take(size: number): TextAt {
    const at = this.#used;
    if (at + size > this.#words.length) this.#reserve(at + size);
    this.#used = at + size;
    return at;
  }

  #reserve(words: number): void {
    let capacity = this.#words.length;
    while (capacity < words) capacity *= capacity < LARGE_WORDS || capacity >= HUGE_WORDS ? 2 : 8;
    const before = this.#words;
    if (capacity === before.length) return;
    this.#words = new Int32Array(capacity);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#words.set(before.subarray(0, this.#used));
    drop(before.buffer);
  }
}

const sizeOf = (bytes: number): number => 1 + ((bytes + 3) >>> 2);
