import { HashIndex, hash2 } from "../../core/graph/hash-index.ts";
import { BATCH, FILE, HDR, KIND, LOSS, USE } from "../../core/wire/layout.gen.ts";
import { drop } from "../../core/wire/memory.ts";
import { Bytes } from "./bytes.ts";

/** Of which kind a record is, and of which process. Words of the row. */
const WHO = [HDR.kind, HDR.nstr, HDR.start, HDR.start + 4, HDR.tgid].map((offset) => offset / 4);
/** What makes two records of a file alike, by kind: all but when, in which thread and under which descriptor. */
const ALIKE: ReadonlyMap<number, readonly number[]> = new Map([
  [
    KIND.OPEN,
    words(FILE.path, FILE.dev, FILE.ino, FILE.ino + 4, FILE.gen, FILE.open, FILE.mode, FILE.oflags, FILE.uid),
  ],
  [KIND.READ, words(USE.path, USE.dev, USE.ino, USE.ino + 4, USE.gen, USE.mode)],
  [KIND.WRITE, words(USE.path, USE.dev, USE.ino, USE.ino + 4, USE.gen, USE.mode)],
]);
const SECOND_NS = 1_000_000_000n;

function words(...offsets: readonly number[]): readonly number[] {
  return [...WHO, ...offsets.map((offset) => offset / 4)];
}

/** Rows that were left out, of one process and kind. */
interface LeftOut {
  /** The first of them, in words of the frame: its header is theirs. */
  readonly row: number;
  count: number;
}

/**
 * Leaves out of the frames of a segment, one after the other, what a process did to the same file in the same way again within a second.
 * How much that was is told by THROTTLED rows at the end of each batch. Strings stay: later rows may refer to them.
 */
export class Thinning {
  /** Of the second that is being looked at: where in `kept` the rows with a hash begin. */
  #index = new HashIndex();
  #kept = new Uint32Array(1 << 14);
  #keptWords = 0;
  #untilNs = 0n;
  readonly #out = new Bytes(1 << 16);

  /** The batches of a frame, thinned, and how many rows were left out; undefined when none are. */
  frame(raw: Uint8Array): { readonly bytes: Uint8Array; readonly leftOut: number } | undefined {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const out = this.#out;
    out.length = 0;
    let leftOut = 0;
    for (let at = 0; at + BATCH.SIZE <= raw.length; ) {
      const rowEnd = at + BATCH.SIZE + view.getUint32(at + BATCH.rowBytes, true);
      const end = rowEnd + view.getUint32(at + BATCH.strBytes, true);
      leftOut += this.#batch(raw, view, at, rowEnd, out);
      out.append(raw.subarray(rowEnd, end));
      at = (end + 7) & ~7;
      out.fill(-out.length & 7);
    }
    return leftOut === 0 ? undefined : { bytes: out.bytes.slice(0, out.length), leftOut };
  }

  #batch(raw: Uint8Array, view: DataView, at: number, rowEnd: number, out: Bytes): number {
    const time = view.getBigUint64(at + BATCH.time, true);
    if (time >= this.#untilNs) {
      this.#untilNs = time + SECOND_NS;
      this.#index = new HashIndex();
      this.#keptWords = 0;
    }
    const found: LeftOut[] = [];
    const byWho = new HashIndex();
    const words32 = new Uint32Array(raw.buffer, raw.byteOffset, raw.byteLength >> 2);
    const base = out.append(raw.subarray(at, at + BATCH.SIZE));
    let rows = view.getUint32(at + BATCH.rows, true);
    let leftOut = 0;
    let from = at + BATCH.SIZE;
    let row = from;
    for (let size = 0; row + HDR.SIZE <= rowEnd; row += size) {
      const kind = view.getUint16(row + HDR.kind, true);
      size = view.getUint16(row + HDR.size, true);
      const alike = ALIKE.get(kind);
      if (alike === undefined || !this.#isRepeat(words32, row >> 2, size >> 2, alike)) continue;
      if (row > from) out.append(raw.subarray(from, row));
      from = row + size;
      leftOut++;
      const hash = hashOf(words32, row >> 2, WHO);
      let who = byWho.first(hash);
      while (who >= 0 && !isAlike(words32, row >> 2, words32, (found[who] as LeftOut).row, WHO)) who = byWho.next();
      if (who < 0) {
        who = found.length;
        found.push({ row: row >> 2, count: 0 });
        byWho.add(hash, who);
      }
      (found[who] as LeftOut).count++;
    }
    out.append(raw.subarray(from, rowEnd));
    rows += found.length - leftOut;
    for (const { row: first, count } of found) append(out, raw.subarray(first * 4, first * 4 + HDR.SIZE), count);
    const head = new DataView(out.bytes.buffer, base);
    head.setUint32(BATCH.rows, rows, true);
    head.setUint32(BATCH.rowBytes, out.length - base - BATCH.SIZE, true);
    return leftOut;
  }

  /** Whether a row is like one of the last second; else it is the one that later ones are compared with. */
  #isRepeat(from: Uint32Array, row: number, size: number, alike: readonly number[]): boolean {
    const hash = hashOf(from, row, alike);
    for (let at = this.#index.first(hash); at >= 0; at = this.#index.next())
      if (isAlike(from, row, this.#kept, at, alike)) return true;
    this.#index.add(hash, this.#keptWords);
    if (this.#keptWords + size > this.#kept.length) {
      const grown = new Uint32Array(2 * this.#kept.length);
      grown.set(this.#kept);
      drop(this.#kept.buffer);
      this.#kept = grown;
    }
    this.#kept.set(from.subarray(row, row + size), this.#keptWords);
    this.#keptWords += size;
    return false;
  }
}

function hashOf(from: Uint32Array, row: number, words: readonly number[]): number {
  let hash = 0;
  for (const word of words) hash = hash2(hash, from[row + word] as number);
  return hash;
}

function isAlike(a: Uint32Array, rowA: number, b: Uint32Array, rowB: number, words: readonly number[]): boolean {
  for (const word of words) if (a[rowA + word] !== b[rowB + word]) return false;
  return true;
}

function append(out: Bytes, header: Uint8Array, count: number): void {
  const at = out.append(header);
  out.fill(LOSS.SIZE - HDR.SIZE);
  const view = new DataView(out.bytes.buffer, at);
  const kind = view.getUint16(HDR.kind, true);
  view.setUint16(HDR.kind, KIND.THROTTLED, true);
  view.setUint16(HDR.size, LOSS.SIZE, true);
  view.setUint32(HDR.nstr, 0, true);
  view.setBigUint64(LOSS.lost, BigInt(count), true);
  view.setUint32(LOSS.kind, kind, true);
}
