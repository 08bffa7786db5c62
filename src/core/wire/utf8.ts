/**
 * Bytes to text without the host's TextDecoder (core has no host). Well-formed UTF-8 becomes its characters; every other byte
 * becomes \xNN, so that two different byte strings seldom look alike and nothing is lost silently. NUL stays (argv is separated by it).
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let run = start;
  let at = start;
  while (at < end) {
    if ((bytes[at] as number) < 0x80) {
      at++;
      continue;
    }
    text += ascii(bytes, run, at);
    const length = sequenceLength(bytes, at, end);
    text += length === 0 ? escaped(bytes[at] as number) : String.fromCodePoint(codePoint(bytes, at, length));
    at += length === 0 ? 1 : length;
    run = at;
  }
  return run === start ? ascii(bytes, start, end) : text + ascii(bytes, run, end);
}

/** UTF-8 of text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const plain = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return encodeAny(text);
    plain[at] = code;
  }
  return plain;
}

function encodeAny(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}

/** fromCharCode takes its bytes as arguments: the engine's stack bounds how many. */
const CHUNK = 4096;

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += CHUNK) {
    const stop = Math.min(end, at + CHUNK);
    // A plain array is passed faster than a view of the bytes.
    const codes = new Array<number>(stop - at);
    for (let i = at; i < stop; i++) codes[i - at] = bytes[i] as number;
    text += String.fromCharCode.apply(null, codes);
  }
  return text;
}

function escaped(byte: number): string {
  return `\\x${byte.toString(16)}`;
}

/** Bytes of the well-formed sequence at `at` (Unicode table 3-7), 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  const length = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length === 0 || at + length > end) return 0;
  const second = bytes[at + 1] as number;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) {
    if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  let code = (bytes[at] as number) & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] as number) & 63);
  return code;
}
