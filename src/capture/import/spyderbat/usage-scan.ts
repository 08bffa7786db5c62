/** Numbers of each process in a sample: pid, start in ticks since boot, ticks used, resident pages, bytes of address space, state letter. */
export const USAGE = { PID: 0, START: 1, TICKS: 2, PAGES: 3, SIZE: 4, STATE: 5, FIELDS: 6 } as const;

/** Columns while reading; user and kernel time become one at the end. */
const RAW = { PID: 0, START: 1, USER: 2, KERNEL: 3, PAGES: 4, SIZE: 5, STATE: 6, FIELDS: 7 } as const;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const COLON = 58;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
const DEFAULT_STATE = 83;
const FAILED = -1;

/**
 * Reads the processes of a sample from the bytes of its line: `{"default":{"rss":0,...},"1":{"rss":2576,...},...}`. What a process leaves
 * out is as in "default". Samples are nearly all of a capture, and making objects of them takes several times as long. Anything but flat
 * entries of integers and plain strings without blanks between is refused: it is left to JSON.parse.
 */
export class UsageScanner {
  /** Offset behind the object. */
  end = 0;
  #rows = new Float64Array(512 * RAW.FIELDS);
  #count = 0;

  /** USAGE.FIELDS numbers for each process of the object at `at`; undefined when it is refused. */
  scan(bytes: Uint8Array, at: number, limit: number): Float64Array | undefined {
    this.#count = 0;
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
    return this.#finished();
  }

  /** `"1":{...}`: behind it. The entry "default" has no pid. */
  #process(bytes: Uint8Array, at: number, limit: number): number {
    const colon = stringEnd(bytes, at, limit);
    if (colon === FAILED || bytes[colon] !== COLON || bytes[colon + 1] !== OPEN) return FAILED;
    if ((this.#count + 1) * RAW.FIELDS > this.#rows.length) this.#grow();
    const rows = this.#rows;
    const row = this.#count++ * RAW.FIELDS;
    rows.fill(Number.NaN, row, row + RAW.FIELDS);
    rows[row] = digits(bytes, at + 1, colon - 1);
    let next = colon + 1;
    if (bytes[next + 1] === CLOSE) return next + 2;
    do next = readField(bytes, next + 1, limit, rows, row);
    while (next !== FAILED && bytes[next] === COMMA);
    return next !== FAILED && bytes[next] === CLOSE ? next + 1 : FAILED;
  }

  #grow(): void {
    const grown = new Float64Array(this.#rows.length * 2);
    grown.set(this.#rows);
    this.#rows = grown;
  }

  #finished(): Float64Array {
    const rows = this.#rows;
    let common = 0;
    while (common < this.#count && rows[common * RAW.FIELDS] !== 0) common++;
    const value = (row: number, column: number): number => {
      const own = rows[row + column] as number;
      if (!Number.isNaN(own)) return own;
      return common < this.#count ? rows[common * RAW.FIELDS + column] || 0 : 0;
    };
    const usage = new Float64Array(this.#count * USAGE.FIELDS);
    let used = 0;
    for (let i = 0; i < this.#count; i++) {
      const row = i * RAW.FIELDS;
      if (rows[row] === 0) continue;
      usage[used + USAGE.PID] = rows[row] as number;
      usage[used + USAGE.START] = value(row, RAW.START);
      usage[used + USAGE.TICKS] = value(row, RAW.USER) + value(row, RAW.KERNEL);
      usage[used + USAGE.PAGES] = value(row, RAW.PAGES);
      usage[used + USAGE.SIZE] = value(row, RAW.SIZE);
      usage[used + USAGE.STATE] = value(row, RAW.STATE) || DEFAULT_STATE;
      used += USAGE.FIELDS;
    }
    return usage.subarray(0, used);
  }
}

/** `"rss":2576`: behind it. */
function readField(bytes: Uint8Array, at: number, limit: number, rows: Float64Array, row: number): number {
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
  if (column !== 0) rows[row + column] = value;
  return next;
}

/** Keys by their length and a letter or two: no other key of an entry has both. */
function columnOf(bytes: Uint8Array, key: number, length: number): number {
  const first = String.fromCharCode(bytes[key] as number);
  if (length === 3) return first === "r" ? RAW.PAGES : 0; // rss
  if (length === 10) return first === "s" ? RAW.START : 0; // start_time
  if (length !== 5) return 0;
  if (first === "u") return RAW.USER; // utime
  if (first === "v") return RAW.SIZE; // vsize
  if (first !== "s") return 0;
  return bytes[key + 2] === 0x69 ? RAW.KERNEL : RAW.STATE; // stime, state
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
