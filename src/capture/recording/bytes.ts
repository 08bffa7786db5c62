import { drop } from "../../core/wire/memory.ts";

/** A buffer that grows by doubling; what was there keeps its offset, not its memory. */
export class Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `size` more bytes, not cleared; returns where they begin. */
  reserve(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max((this.length + 7) & ~7, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, at));
      drop(this.bytes.buffer);
      this.bytes = grown;
    }
    return at;
  }

  /** Adds so many zeros. */
  fill(size: number): void {
    const at = this.reserve(size);
    this.bytes.fill(0, at, this.length);
  }

  /** Copies bytes to the end; returns where they begin. */
  append(more: Uint8Array): number {
    const at = this.reserve(more.length);
    this.bytes.set(more, at);
    return at;
  }
}
