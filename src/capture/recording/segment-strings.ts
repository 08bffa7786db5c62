import { BATCH, BATCH_FLAG } from "../../core/wire/layout.gen.ts";
import { drop } from "../../core/wire/memory.ts";
import { Bytes } from "./bytes.ts";

/** More strings than any source keeps between two key batches. */
const MAX_STRINGS = 1 << 22;

/**
 * Gives the strings of a segment ids of their own, counted from 1 in the order of their first use, so that a segment refers to nothing
 * before it. Keeps the bytes of every string since the source's last key batch: any of them may be referred to at any time.
 */
export class SegmentStrings {
  /** Entries as on the wire (u32 length, bytes, padding to 4) of strings that got an id since `take`. */
  readonly fresh = new Bytes(1 << 14);
  freshCount = 0;

  readonly #arena = new Bytes(1 << 16);
  /** By the source's id: where its entry begins in the arena. */
  #starts = new Uint32Array(1 << 12);
  /** By the source's id: id in the segment, 0 = none yet. */
  #ids = new Uint32Array(1 << 12);
  /** Ids of the source below this are known. */
  #known = 1;
  #nextId = 1;

  /** Takes in the strings a batch brings; its lengths have been checked against its size. */
  load(batch: Uint8Array, view: DataView): void {
    if ((view.getUint16(BATCH.flags, true) & BATCH_FLAG.KEY) !== 0) {
      this.#arena.length = 0;
      this.#ids.fill(0, 0, this.#known);
      this.#known = 1;
    }
    const count = view.getUint32(BATCH.strs, true);
    const first = view.getUint32(BATCH.firstStr, true);
    if (count === 0 || first < this.#known || first + count > MAX_STRINGS) return;
    const start = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    const end = start + view.getUint32(BATCH.strBytes, true);
    this.#reserve(first + count);
    // What a batch that went missing would have brought reads as an empty string.
    if (first > this.#known) {
      const at = this.#arena.reserve(4);
      this.#arena.bytes.fill(0, at, at + 4);
      this.#starts.fill(at, this.#known, first);
    }
    const base = this.#arena.append(batch.subarray(start, end));
    let at = start;
    let id = first;
    for (; id < first + count && at + 4 <= end; id++) {
      const length = view.getUint32(at, true);
      if (length > end - at - 4) break;
      this.#starts[id] = base + at - start;
      at += 4 + ((length + 3) & ~3);
    }
    this.#known = id;
  }

  /** The segment's id of a string of the source; new ones are added to `fresh`. */
  idOf(id: number): number {
    if (id === 0 || id >= this.#known) return 0;
    const known = this.#ids[id] as number;
    if (known !== 0) return known;
    const start = this.#starts[id] as number;
    const arena = this.#arena.bytes;
    const length =
      (arena[start] as number) |
      ((arena[start + 1] as number) << 8) |
      ((arena[start + 2] as number) << 16) |
      ((arena[start + 3] as number) << 24);
    this.fresh.append(arena.subarray(start, start + 4 + ((length + 3) & ~3)));
    this.freshCount++;
    return (this.#ids[id] = this.#nextId++);
  }

  /** Id of the first string in `fresh`. */
  get freshId(): number {
    return this.#nextId - this.freshCount;
  }

  taken(): void {
    this.fresh.length = 0;
    this.freshCount = 0;
  }

  /** A new segment begins: ids count from 1 again. */
  restart(): void {
    this.#ids.fill(0, 0, this.#known);
    this.#nextId = 1;
    this.taken();
  }

  #reserve(size: number): void {
    if (size <= this.#starts.length) return;
    const length = Math.max(size, this.#starts.length * 2);
    const starts = new Uint32Array(length);
    const ids = new Uint32Array(length);
    starts.set(this.#starts);
    ids.set(this.#ids);
    drop(this.#starts.buffer);
    drop(this.#ids.buffer);
    this.#starts = starts;
    this.#ids = ids;
  }
}
