import { BATCH, BATCH_FLAG, FLAG, HDR, KIND, LOSS, MAGIC } from "../../core/wire/layout.gen.ts";
import { Bytes } from "./bytes.ts";
import { FRAME_RAW_BYTES } from "./format.ts";
import { SegmentStrings } from "./segment-strings.ts";

/** A frame before compression. */
export interface RawFrame {
  /** Batches, each padded to 8 bytes. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly activity: number;
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  readonly wall: bigint;
  /** What is lost when the frame is, by kind number: its records, and those it reports as lost. */
  readonly counts: Float64Array;
}

/** Strings one batch may bring along; then it is cut into two. */
const STRING_BYTES = FRAME_RAW_BYTES / 2;

/** Collects the batches of a frame, their strings renumbered for the segment. */
export class FrameBuilder {
  readonly #out = new Bytes(FRAME_RAW_BYTES + (FRAME_RAW_BYTES >> 1));
  readonly #strings = new SegmentStrings();
  readonly #counts = new Float64Array(KIND.MAX);
  #rows = 0;
  #activity = 0;
  #key = true;
  #batches = 0;
  #firstTime = 0n;
  #lastTime = 0n;
  #wall = 0n;

  get bytes(): number {
    return this.#out.length;
  }

  /** Time of the first batch; only while there is one. */
  get firstTime(): bigint {
    return this.#firstTime;
  }

  /** Takes in what a batch brings for later ones and drops its rows. */
  skip(batch: Uint8Array): void {
    const view = headerOf(batch);
    if (view !== undefined) this.#strings.load(batch, view);
  }

  /** Adds a batch. One that contradicts its own lengths is ignored. */
  add(batch: Uint8Array): void {
    const view = headerOf(batch);
    if (view === undefined) return;
    this.#strings.load(batch, view);
    const time = view.getBigUint64(BATCH.time, true);
    // A reader relies on frames in the order of time.
    if (time > this.#lastTime) this.#lastTime = time;
    this.#wall = view.getBigUint64(BATCH.wall, true);
    if (this.#batches++ === 0) this.#firstTime = this.#lastTime;
    const end = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    let from: number = BATCH.SIZE;
    do from = this.#addRows(batch, from, end);
    while (from < end);
  }

  /** The frame so far, in memory of its own; the next frame begins. */
  take(): RawFrame {
    const frame: RawFrame = {
      bytes: this.#out.bytes.slice(0, this.#out.length),
      rows: this.#rows,
      activity: this.#activity,
      firstTime: this.#firstTime,
      lastTime: this.#lastTime,
      wall: this.#wall,
      counts: this.#counts.slice(),
    };
    this.#out.length = 0;
    this.#counts.fill(0);
    this.#rows = 0;
    this.#activity = 0;
    this.#batches = 0;
    return frame;
  }

  /** A segment begins with the next batch. Only between frames. */
  restart(): void {
    this.#strings.restart();
    this.#key = true;
  }

  /** Copies rows of a batch from `from` until the end or until they brought enough strings; returns where it stopped. */
  #addRows(batch: Uint8Array, from: number, end: number): number {
    const out = this.#out;
    const base = out.append(batch.subarray(0, BATCH.SIZE));
    let at = out.append(batch.subarray(from, end));
    const { bytes } = out;
    const view = new DataView(bytes.buffer);
    const words = new Uint32Array(bytes.buffer);
    const strings = this.#strings;
    const rowsAt = at;
    const rowsEnd = out.length;
    let rows = 0;
    while (at + HDR.SIZE <= rowsEnd && strings.fresh.length < STRING_BYTES) {
      const word = at >> 2;
      const kind = (words[word] as number) & 0xffff;
      const size = (words[word] as number) >>> 16;
      const slots = bytes[at + HDR.nstr] as number;
      if (size < HDR.SIZE + 4 * slots || size % 8 !== 0 || at + size > rowsEnd) break;
      const firstSlot = word + HDR.SIZE / 4;
      for (let slot = firstSlot; slot < firstSlot + slots; slot++) {
        const id = words[slot] as number;
        if (id !== 0) words[slot] = strings.idOf(id);
      }
      if (kind === KIND.LOSS) this.#report(view, at, size);
      else if (kind !== KIND.MARK && kind < KIND.MAX)
        this.#count(kind, (bytes[at + HDR.flags] as number) & FLAG.BEFORE_START);
      rows++;
      at += size;
    }
    // A row that contradicts its own length ends the batch: the next cannot be found.
    const stopped = strings.fresh.length < STRING_BYTES ? end : from + at - rowsAt;
    out.length = at;
    view.setUint16(base + BATCH.flags, this.#key ? BATCH_FLAG.KEY : 0, true);
    view.setUint32(base + BATCH.rowBytes, at - rowsAt, true);
    view.setUint32(base + BATCH.rows, rows, true);
    view.setUint32(base + BATCH.strBytes, strings.fresh.length, true);
    view.setUint32(base + BATCH.strs, strings.freshCount, true);
    view.setUint32(base + BATCH.firstStr, strings.freshId, true);
    out.append(strings.fresh.bytes.subarray(0, strings.fresh.length));
    out.fill(-out.length & 7);
    strings.taken();
    this.#key = false;
    return stopped;
  }

  #count(kind: number, beforeStart: number): void {
    (this.#counts[kind] as number)++;
    this.#rows++;
    if (beforeStart === 0 && kind !== KIND.TICK && kind !== KIND.SOCKET) this.#activity++;
  }

  #report(view: DataView, row: number, size: number): void {
    const kind = size >= LOSS.SIZE ? view.getUint32(row + LOSS.kind, true) : KIND.MAX;
    if (kind < KIND.MAX) (this.#counts[kind] as number) += Number(view.getBigUint64(row + LOSS.lost, true));
  }
}

/** A view of a batch whose lengths fit; undefined for what is no batch. */
function headerOf(batch: Uint8Array): DataView | undefined {
  if (batch.length < BATCH.SIZE) return undefined;
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  if (view.getUint32(BATCH.magic, true) !== MAGIC) return undefined;
  const rowBytes = view.getUint32(BATCH.rowBytes, true);
  const fits = rowBytes % 8 === 0 && BATCH.SIZE + rowBytes + view.getUint32(BATCH.strBytes, true) <= batch.length;
  return fits ? view : undefined;
}
