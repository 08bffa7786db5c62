/**
 * HalfSipHash-1-3 (Aumasson and Bernstein), as the kernel's hash tables have it, over words, with a key that is drawn when the program
 * starts: whoever chooses texts cannot choose them so that their hashes are the same. Hashes mean nothing outside of this process.
 */
const KEY_0 = draw();
const KEY_1 = draw();

/** Of words from start up to end: 32 bits. */
export function keyedHash(words: Int32Array | Uint32Array, start: number, end: number): number {
  let v0 = KEY_0;
  let v1 = KEY_1;
  let v2 = KEY_0 ^ 0x6c796765;
  let v3 = KEY_1 ^ 0x74656462;
  // Three rounds at the end, in which nothing more comes in.
  for (let at = start; at < end + 3; at++) {
    const word = at < end ? (words[at] as number) : 0;
    if (at === end) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}

/** A word that nobody who chose it can tell, for a hash of a few. */
export function keyedWord(word: number): number {
  return finalised(word ^ KEY_0) ^ KEY_1;
}

/** The finaliser of murmur3: each bit of a word depends on each that went in. */
export function finalised(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function draw(): number {
  return (Math.random() * 0x1_0000_0000) | 0;
}
