import { BATCH, BATCH_FLAG, MAGIC, WIRE_VERSION } from "../../core/wire/layout.gen.ts";
import { giveBack } from "./compress.ts";
import { MissingStrings } from "./missing-strings.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * The batches of one frame after another. What it hands out fits its own lengths, and string ids follow one another without a hole but
 * for frames that could not be read, so that no reader's tables can be made to grow.
 */
export class BatchCursor {
  /** The frame does not hold what it should: nothing more comes from it. */
  damaged = false;
  #raw = NOTHING;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #length = 0;
  #nextString = 0;
  #patchy = false;
  readonly #missing = new MissingStrings();

  /** Starts on a frame. start: its first batch must be a key batch; patchy: frames before it, of its segment, could not be read. */
  open(raw: Uint8Array, start: boolean, patchy = false): void {
    this.#raw = raw;
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    this.damaged = false;
    this.#at = 0;
    this.#patchy = patchy;
    if (start) {
      this.#nextString = 0;
      this.#missing.clear();
    }
    this.#measure();
  }

  /** The frame is done with: what was taken of it is of no use any more. start: as for `open`, of what comes next. */
  close(start: boolean): void {
    giveBack(this.#raw);
    this.open(NOTHING, start);
  }

  /** Whether there is a batch. */
  get has(): boolean {
    return this.#length > 0;
  }

  /** ns since boot when the batch was closed. */
  get time(): bigint {
    return this.#view.getBigUint64(this.#at + BATCH.time, true);
  }

  get rows(): number {
    return this.#view.getUint32(this.#at + BATCH.rows, true);
  }

  /** The batch; the cursor moves on. */
  take(): Uint8Array {
    const batch = this.#raw.subarray(this.#at, this.#at + this.#length);
    const missing = !this.#missing.none;
    this.#nextString = (this.#isKey() ? 1 : this.#nextString) + this.#u32(BATCH.strs);
    this.#at += (this.#length + 7) & ~7;
    this.#measure();
    return missing ? this.#missing.without(batch) : batch;
  }

  #measure(): void {
    this.#length = 0;
    if (this.#at >= this.#raw.length) return;
    this.damaged = true;
    if (this.#at + BATCH.SIZE > this.#raw.length) return;
    if (this.#u32(BATCH.magic) !== MAGIC || this.#view.getUint16(this.#at + BATCH.version, true) !== WIRE_VERSION)
      return;
    const rowBytes = this.#u32(BATCH.rowBytes);
    const strBytes = this.#u32(BATCH.strBytes);
    const length = BATCH.SIZE + rowBytes + strBytes;
    if (rowBytes % 8 !== 0 || this.#at + length > this.#raw.length) return;
    const strings = this.#u32(BATCH.strs);
    const expected = this.#isKey() ? 1 : this.#nextAfterHole();
    if (expected === 0 || strings * 4 > strBytes || (strings > 0 && this.#u32(BATCH.firstStr) !== expected)) return;
    this.damaged = false;
    this.#length = length;
  }

  /** The id the next string has: it tells how many stood in frames that could not be read. */
  #nextAfterHole(): number {
    const next = this.#nextString;
    const first = this.#u32(BATCH.firstStr);
    if (this.#patchy && next > 0 && first > next && this.#missing.add(next, first)) this.#nextString = first;
    return this.#nextString;
  }

  #u32(offset: number): number {
    return this.#view.getUint32(this.#at + offset, true);
  }

  #isKey(): boolean {
    return (this.#view.getUint16(this.#at + BATCH.flags, true) & BATCH_FLAG.KEY) !== 0;
  }
}
