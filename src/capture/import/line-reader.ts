import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { unreadable } from "../file-error.ts";
import { CaptureError } from "../source.ts";
import { inflate, isGzip, MAX_INFLATED } from "./inflate.ts";
import type { Problems } from "./problems.ts";

/** A longer line is skipped and reported. */
export const MAX_LINE = 16 << 20;
const CHUNK = 1 << 20;
const NEWLINE = 10;
const RETURN = 13;
const BOM = "\ufeff";

/** A line without its end. */
export interface Line {
  readonly text: string;
  /** The line is `bytes` from `from` up to `to`; until the next one is read. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/**
 * The lines of a text file, plain or gzip by its first bytes. A plain file is read in pieces. Lines that are empty or too long are left
 * out; the latter are reported.
 */
export class LineReader implements Line {
  /** Number of the current line, from 1, and the offset of its first byte in the (decompressed) text. */
  line = 0;
  byte = 0;
  readonly #problems: Problems;
  #fd: number;
  #chunk: Buffer;
  /** Unread part of the chunk. */
  #from = 0;
  #to = 0;
  /** The current line in the chunk. */
  #start = 0;
  #end = 0;
  /** Offset of the chunk's first byte in the text. */
  #base = 0;
  #ended = false;
  /** Inside a line that is too long. */
  #skipping = false;

  /** Throws CaptureError when the file cannot be read. */
  constructor(path: string, problems: Problems) {
    this.#problems = problems;
    this.#chunk = Buffer.allocUnsafe(CHUNK);
    try {
      this.#fd = openSync(path, "r");
    } catch (error) {
      throw unreadable(path, error);
    }
    try {
      // A pipe gives less at a time than a line.
      do this.#fill();
      while (!this.#ended && this.#to < this.#chunk.length && !this.#chunk.subarray(0, this.#to).includes(NEWLINE));
      if (isGzip(this.#chunk.subarray(0, this.#to))) this.#inflate(path);
    } catch (error) {
      this.close();
      throw error instanceof CaptureError ? named(path, error) : unreadable(path, error);
    }
  }

  get text(): string {
    return this.#decode(this.#start, this.#end);
  }

  get bytes(): Buffer {
    return this.#chunk;
  }

  get from(): number {
    return this.#start;
  }

  get to(): number {
    return this.#end;
  }

  /** The first lines, without moving on; at most those of the first piece. */
  *peek(): Generator<string> {
    let from = this.#from;
    while (from < this.#to) {
      const newline = this.#chunk.subarray(0, this.#to).indexOf(NEWLINE, from);
      const end = newline < 0 ? this.#to : newline;
      yield this.#decode(from, this.#trim(from, end));
      from = end + 1;
    }
  }

  /** Moves to the next line; false at the end. Throws CaptureError when reading fails. */
  next(): boolean {
    for (;;) {
      const newline = this.#chunk.subarray(0, this.#to).indexOf(NEWLINE, this.#from);
      if (newline < 0 && !this.#ended) {
        this.#more();
        continue;
      }
      const start = this.#from;
      const end = newline < 0 ? this.#to : newline;
      if (newline < 0 && start >= end && !this.#skipping) return false;
      this.#from = newline < 0 ? end : end + 1;
      if (this.#skipping) {
        this.#skipping = false;
        continue;
      }
      this.line++;
      this.byte = this.#base + start;
      if (end - start > MAX_LINE) {
        this.#tooLong();
        continue;
      }
      this.#start = start;
      this.#end = this.#trim(start, end);
      if (this.#end > start) return true;
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#ended = true;
    this.#from = this.#to = 0;
  }

  #decode(start: number, end: number): string {
    const text = this.#chunk.toString("utf8", start, end);
    return this.#base + start === 0 && text.startsWith(BOM) ? text.slice(1) : text;
  }

  #trim(start: number, end: number): number {
    return end > start && this.#chunk[end - 1] === RETURN ? end - 1 : end;
  }

  /** Makes room behind the unread part and reads into it; the part of a line that is too long is dropped. */
  #more(): void {
    const rest = this.#to - this.#from;
    if (this.#skipping || rest > MAX_LINE) {
      if (!this.#skipping) {
        this.line++;
        this.byte = this.#base + this.#from;
        this.#tooLong();
      }
      this.#skipping = true;
      this.#base += this.#to;
      this.#from = this.#to = 0;
    } else if (this.#from > 0) {
      this.#chunk.copyWithin(0, this.#from, this.#to);
      this.#base += this.#from;
      this.#from = 0;
      this.#to = rest;
    }
    if (this.#to === this.#chunk.length) {
      const grown = Buffer.allocUnsafe(this.#chunk.length * 2);
      this.#chunk.copy(grown, 0, 0, this.#to);
      this.#chunk = grown;
    }
    this.#fill();
  }

  #fill(): void {
    let size: number;
    try {
      size = readSync(this.#fd, this.#chunk, this.#to, this.#chunk.length - this.#to, null);
    } catch (error) {
      if (this.#base + this.#to === 0) throw error;
      this.#problems.add(0, 0, `reading stopped after ${this.#base + this.#to} bytes: ${(error as Error).message}`);
      size = 0;
    }
    this.#to += size;
    if (size === 0) this.#ended = true;
  }

  #inflate(path: string): void {
    const { size } = fstatSync(this.#fd);
    if (size > MAX_INFLATED) throw new CaptureError("the gzip file is too large", "EFBIG", "decompress it first");
    const { bytes, problem } = inflate(readFileSync(path));
    if (problem !== undefined) this.#problems.add(0, 0, `${problem}: ${bytes.length} bytes of text could be read`);
    this.#chunk = bytes;
    this.#to = bytes.length;
    this.#ended = true;
  }

  #tooLong(): void {
    this.#problems.add(this.line, this.byte, `longer than ${MAX_LINE >> 20} MiB, skipped`);
  }
}

function named(path: string, error: CaptureError): CaptureError {
  return new CaptureError(`cannot read ${path}: ${error.message}`, error.code, error.hint);
}
