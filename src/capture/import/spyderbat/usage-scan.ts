/** Numbers of each process in a sample: pid, start in ticks since boot, ticks used, resident pages, bytes of address space, state letter. */
export const USAGE = { PID: 0, START: 1, TICKS: 2, PAGES: 3, SIZE: 4, STATE: 5, FIELDS: 6 } as const;

/** Columns of an entry while it is read; user and kernel time become one. */
const ENTRY = { START: 0, USER: 1, KERNEL: 2, PAGES: 3, SIZE: 4, STATE: 5, FIELDS: 6, NONE: -1 } as const;

/** Results lie in memory that is taken in pieces of this many numbers: one piece holds many samples. */
const SLAB = 1 << 17;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const COLON = 58;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
const [I, R, S, U, V] = [0x69, 0x72, 0x73, 0x75, 0x76];
const DEFAULT_STATE = 83;
const DEFAULT = Buffer.from('"default":');
const FAILED = -1;

/**
 * Reads the processes of a sample from the bytes of its line: `{"default":{"rss":0,...},"1":{"rss":2576,...},...}`. What a process leaves
 * out is as in "default". Samples are nearly all of a capture, and making objects of them takes several times as long.
 * Anything but flat entries of integers and plain strings without blanks between is refused: it is left to JSON.parse.
 */
export class UsageScanner {
  /** Offset behind the object. */
  end = 0;
  #slab = new Float64Array(SLAB);
  /** The result so far is the slab from `#from` up to `#to`. */
  #from = 0;
  #to = 0;
  readonly #common = new Float64Array(ENTRY.FIELDS);
  readonly #entry = new Float64Array(ENTRY.FIELDS);

  /** USAGE.FIELDS numbers for each process of the object at `at`; undefined when it is refused. */
  scan(bytes: Uint8Array, at: number, limit: number): Float64Array | undefined {
    this.#from = this.#to;
    if (!this.#readCommon(bytes, at, limit)) return undefined;
    let next = at;
    if (bytes[next] !== OPEN) return undefined;
    if (bytes[next + 1] === CLOSE) next += 2;
    else {
      do {
        next = this.#process(bytes, next + 1, limit);
        if (next === FAILED || next >= limit) return undefined;
      } while (bytes[next] === COMMA);
      if (bytes[next++] !== CLOSE) return undefined;
    }
    this.end = next;
    return this.#slab.subarray(this.#from, this.#to);
  }

  #readCommon(bytes: Uint8Array, at: number, limit: number): boolean {
    this.#common.fill(0);
    // Not a byte further than the object: it may be missing in every line.
    const object = Buffer.from(bytes.buffer, bytes.byteOffset + at, limit - at);
    const key = object.indexOf(DEFAULT);
    if (key < 0) return true;
    this.#entry.fill(0);
    if (readEntry(bytes, at + key + DEFAULT.length, limit, this.#entry) === FAILED) return false;
    this.#common.set(this.#entry);
    return true;
  }

  /** `"1":{...}`: behind it. */
  #process(bytes: Uint8Array, at: number, limit: number): number {
    const colon = stringEnd(bytes, at, limit);
    if (colon === FAILED || bytes[colon] !== COLON) return FAILED;
    const pid = digits(bytes, at + 1, colon - 1);
    const entry = this.#entry;
    for (let i = 0; i < ENTRY.FIELDS; i++) entry[i] = this.#common[i] as number;
    const next = readEntry(bytes, colon + 1, limit, entry);
    if (next !== FAILED && pid > 0) this.#keep(pid);
    return next;
  }

  #keep(pid: number): void {
    if (this.#to + USAGE.FIELDS > this.#slab.length) this.#renew();
    const slab = this.#slab;
    const entry = this.#entry;
    const at = this.#to;
    slab[at + USAGE.PID] = pid;
    slab[at + USAGE.START] = entry[ENTRY.START] as number;
    slab[at + USAGE.TICKS] = (entry[ENTRY.USER] as number) + (entry[ENTRY.KERNEL] as number);
    slab[at + USAGE.PAGES] = entry[ENTRY.PAGES] as number;
    slab[at + USAGE.SIZE] = entry[ENTRY.SIZE] as number;
    slab[at + USAGE.STATE] = entry[ENTRY.STATE] || DEFAULT_STATE;
    this.#to = at + USAGE.FIELDS;
  }

  /** Goes on in a new slab, with the result so far at its beginning. */
  #renew(): void {
    const part = this.#slab.subarray(this.#from, this.#to);
    this.#slab = new Float64Array(Math.max(SLAB, part.length * 2));
    this.#slab.set(part);
    this.#from = 0;
    this.#to = part.length;
  }
}

/** `{"rss":2576,...}`: behind it. */
function readEntry(bytes: Uint8Array, at: number, limit: number, entry: Float64Array): number {
  if (bytes[at] !== OPEN) return FAILED;
  if (bytes[at + 1] === CLOSE) return at + 2;
  let next = at;
  do next = readField(bytes, next + 1, limit, entry);
  while (next !== FAILED && bytes[next] === COMMA);
  return next !== FAILED && bytes[next] === CLOSE ? next + 1 : FAILED;
}

/** `"rss":2576`: behind it. */
function readField(bytes: Uint8Array, at: number, limit: number, entry: Float64Array): number {
  const colon = stringEnd(bytes, at, limit);
  if (colon === FAILED || bytes[colon] !== COLON) return FAILED;
  const column = columnOf(bytes, at + 1, colon - at - 2);
  let next = colon + 1;
  let value: number;
  if (bytes[next] === QUOTE) {
    value = bytes[next + 1] as number;
    next = stringEnd(bytes, next, limit);
  } else {
    const negative = bytes[next] === MINUS;
    const from = negative ? next + 1 : next;
    next = from;
    value = 0;
    for (let digit = digitAt(bytes, next); digit >= 0 && digit <= 9; digit = digitAt(bytes, ++next))
      value = value * 10 + digit;
    if (next === from) return FAILED;
    if (negative) value = -value;
  }
  if (column !== ENTRY.NONE) entry[column] = value;
  return next;
}

/** Keys by their length and a letter or two: no other key of an entry has both. */
function columnOf(bytes: Uint8Array, key: number, length: number): number {
  const first = bytes[key];
  if (length === 3) return first === R ? ENTRY.PAGES : ENTRY.NONE; // rss
  if (length === 10) return first === S ? ENTRY.START : ENTRY.NONE; // start_time
  if (length !== 5) return ENTRY.NONE;
  if (first === U) return ENTRY.USER; // utime
  if (first === V) return ENTRY.SIZE; // vsize
  if (first !== S) return ENTRY.NONE;
  return bytes[key + 2] === I ? ENTRY.KERNEL : ENTRY.STATE; // stime, state
}

/** Behind the string that begins at `at`; strings with escapes are refused. */
function stringEnd(bytes: Uint8Array, at: number, limit: number): number {
  if (bytes[at] !== QUOTE) return FAILED;
  let next = at + 1;
  while (next < limit && bytes[next] !== QUOTE) if (bytes[next++] === BACKSLASH) return FAILED;
  return next < limit ? next + 1 : FAILED;
}

/** The number that all bytes of a range are digits of; 0 when they are not. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = digitAt(bytes, at);
    if (!(digit >= 0 && digit <= 9)) return 0;
    value = value * 10 + digit;
  }
  return value;
}

function digitAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) - ZERO;
}
