import type { U64 } from "./fields.ts";

/** A byte buffer that grows; numbers are little endian. */
export class GrowingBytes {
  length = 0;
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);

  reserve(size: number): void {
    const length = this.length + size;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.length = length;
  }

  u8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  u64(at: number, value: U64): void {
    if (typeof value === "bigint") {
      this.#view.setBigUint64(at, value, true);
      return;
    }
    this.#view.setUint32(at, value % 0x1_0000_0000, true);
    this.#view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }

  f64(at: number, value: number): void {
    this.#view.setFloat64(at, value, true);
  }

  set(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.length);
    this.#bytes.fill(0, 0, this.length);
    this.length = 0;
    return taken;
  }
}
