import { BATCH, FLAG, HDR, KIND, LOSS } from "../../core/wire/layout.gen.ts";
import { Bytes } from "./bytes.ts";

/** More than a segment has: beyond it what is missing is not believed, so that a reader's tables cannot be made to grow. */
const MOST = 1 << 18;

/** Strings of a segment that stood in a frame that cannot be read. */
export class MissingStrings {
  readonly #ranges: { readonly from: number; readonly to: number }[] = [];
  #count = 0;

  get none(): boolean {
    return this.#count === 0;
  }

  clear(): void {
    this.#ranges.length = this.#count = 0;
  }

  /** Ids from <= id < to are missing. Whether that may be. */
  add(from: number, to: number): boolean {
    if (this.#count + to - from > MOST) return false;
    this.#ranges.push({ from, to });
    this.#count += to - from;
    return true;
  }

  /** A batch, whose lengths fit, without the rows that refer to a missing string: LOSS rows count them. */
  without(batch: Uint8Array): Uint8Array {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    const rowEnd = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    const lost = new Map<number, number>();
    const out = new Bytes(batch.length);
    out.append(batch.subarray(0, BATCH.SIZE));
    let rows = 0;
    for (let row = BATCH.SIZE, size = 0; row + HDR.SIZE <= rowEnd; row += size, rows++) {
      size = view.getUint16(row + HDR.size, true);
      // What contradicts its own length is for the reader to reject.
      if (size < HDR.SIZE || row + size > rowEnd) size = rowEnd - row;
      const kind = view.getUint16(row + HDR.kind, true);
      if (this.#refersToOne(view, row, size)) lost.set(kind, (lost.get(kind) ?? 0) + 1);
      else out.append(batch.subarray(row, row + size));
    }
    if (lost.size === 0) return batch;
    const time = view.getBigUint64(BATCH.time, true);
    for (const [kind, count] of lost) {
      rows += 1 - count;
      lossRow(out, time, kind, count);
    }
    const head = new DataView(out.bytes.buffer);
    head.setUint32(BATCH.rows, rows, true);
    head.setUint32(BATCH.rowBytes, out.length - BATCH.SIZE, true);
    out.append(batch.subarray(rowEnd));
    return out.bytes.subarray(0, out.length);
  }

  #refersToOne(view: DataView, row: number, size: number): boolean {
    const slots = Math.min(view.getUint8(row + HDR.nstr), (size - HDR.SIZE) >> 2);
    for (let slot = 0; slot < slots; slot++) {
      const id = view.getUint32(row + HDR.SIZE + 4 * slot, true);
      if (this.#ranges.some(({ from, to }) => from <= id && id < to)) return true;
    }
    return false;
  }
}

/** How many records of a kind are missing. */
function lossRow(out: Bytes, time: bigint, kind: number, lost: number): void {
  const at = out.reserve(LOSS.SIZE);
  out.bytes.fill(0, at, out.length);
  const view = new DataView(out.bytes.buffer, at);
  view.setUint16(HDR.kind, KIND.LOSS, true);
  view.setUint16(HDR.size, LOSS.SIZE, true);
  view.setUint16(HDR.flags, FLAG.NO_OWNER, true);
  view.setBigUint64(HDR.time, time, true);
  view.setBigUint64(LOSS.lost, BigInt(lost), true);
  view.setUint32(LOSS.kind, kind, true);
}
