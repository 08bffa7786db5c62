import { Bytes } from "./bytes.ts";
import {
  checkedFrameHead,
  FRAME_BYTES,
  FRAME_FLAG,
  type FrameHead,
  frameHeadAt,
  INDEX_ENTRY_BYTES,
  putFrameHead,
} from "./format.ts";

/** Three weeks of a frame a second: what a reader keeps in memory of a hostile file. */
export const MAX_FRAMES = 1 << 21;

/** Where the frames of a file are, in the form an INDEX holds them. */
export class FrameTable {
  readonly #entries = new Bytes(INDEX_ENTRY_BYTES * 256);
  /** Numbers of the frames that begin a segment which needs none before. */
  readonly starts: number[] = [];
  #lastTime = 0n;

  get length(): number {
    return this.#entries.length / INDEX_ENTRY_BYTES;
  }

  add(offset: number, head: FrameHead): void {
    const whole = FRAME_FLAG.START | FRAME_FLAG.STATE;
    const start = (head.flags & FRAME_FLAG.START) !== 0;
    if (start && (this.starts.length === 0 || (head.flags & whole) === whole)) this.starts.push(this.length);
    const at = this.#entries.reserve(INDEX_ENTRY_BYTES);
    this.#view().setBigUint64(at, BigInt(offset), true);
    putFrameHead(head, this.#entries.bytes, at + 8);
  }

  offset(frame: number): number {
    return Number(this.#view().getBigUint64(frame * INDEX_ENTRY_BYTES, true));
  }

  head(frame: number): FrameHead {
    return frameHeadAt(this.#entries.bytes, frame * INDEX_ENTRY_BYTES + 8);
  }

  /** Entries as stored in an INDEX, in pieces of at most `count`. */
  *pieces(count: number): Iterable<Uint8Array> {
    const size = count * INDEX_ENTRY_BYTES;
    for (let at = 0; at < this.#entries.length; at += size) {
      yield this.#entries.bytes.subarray(at, Math.min(this.#entries.length, at + size));
    }
  }

  /**
   * Adds the entries of one INDEX frame. They must describe frames without a hole from `beginOffset` on, in the order of time: so a
   * table cannot be larger than the file it is of. Returns where the last one ends, undefined when they are not to be believed.
   */
  extend(content: Uint8Array, beginOffset: number): number | undefined {
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    let offset = beginOffset;
    for (let at = 0; at < content.length; at += INDEX_ENTRY_BYTES) {
      const head = checkedFrameHead(content, at + 8);
      if (head === undefined || this.length === MAX_FRAMES || head.lastTime < this.#lastTime) return undefined;
      if (view.getBigUint64(at, true) !== BigInt(offset)) return undefined;
      this.add(offset, head);
      this.#lastTime = head.lastTime;
      offset += FRAME_BYTES + head.storedBytes;
    }
    return offset;
  }

  #view(): DataView {
    return new DataView(this.#entries.bytes.buffer);
  }
}
