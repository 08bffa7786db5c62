import { firstWhere } from "../../core/wire/first-where.ts";
import { BATCH, FLAG, HDR, KIND } from "../../core/wire/layout.gen.ts";
import { giveBack } from "./compress.ts";
import { FRAME } from "./format.ts";
import { type FrameStore, relativeNs } from "./frame-store.ts";

/** When a batch was closed, and whether it tells what somebody did: no refresh, no snapshot, no report. */
export interface Moment {
  readonly time: bigint;
  readonly change: boolean;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether a batch, whose lengths fit, tells what somebody did. */
export function tellsChange(batch: Uint8Array): boolean {
  const view = viewOf(batch);
  return changeIn(view, 0, Math.min(batch.length, BATCH.SIZE + view.getUint32(BATCH.rowBytes, true)));
}

/** The times of the newest change at or before a moment, and of the one before that; ns since time 0. */
export function changesBefore(store: FrameStore, timeNs: number): readonly number[] {
  const found: number[] = [];
  for (let frame = lastFrameAt(store, timeNs); frame >= store.first && found.length < 2; frame--) {
    const { kind, activity } = store.head(frame);
    if (kind !== FRAME.EVENTS || activity === 0) continue;
    const times = momentsOf(store.load(frame))
      .filter(({ change }) => change)
      .map(({ time }) => relativeNs(store, time))
      .filter((time) => time <= timeNs && time !== found[0]);
    found.push(...new Set(times.reverse()));
  }
  return found.slice(0, 2);
}

/** When the first batch at or after a moment was closed: what happened then is told from there on. */
export function momentFrom(store: FrameStore, timeNs: number): number | undefined {
  for (let frame = firstFrameTo(store, timeNs); frame < store.end; frame++) {
    if (store.head(frame).kind !== FRAME.EVENTS) continue;
    const found = momentsOf(store.load(frame)).find(({ time }) => relativeNs(store, time) >= timeNs);
    if (found !== undefined) return relativeNs(store, found.time);
  }
  return undefined;
}

/** The last frame that begins at or before a moment; before the first when none does. */
function lastFrameAt(store: FrameStore, timeNs: number): number {
  return firstWhere(store.first, store.end, (frame) => relativeNs(store, store.head(frame).firstTime) > timeNs) - 1;
}

/** The first frame that ends at or after a moment. */
function firstFrameTo(store: FrameStore, timeNs: number): number {
  return firstWhere(store.first, store.end, (frame) => relativeNs(store, store.head(frame).lastTime) >= timeNs);
}

/** The batches of a frame, which is given back; what contradicts its own lengths ends them. */
function momentsOf(raw: Uint8Array | undefined): Moment[] {
  const moments: Moment[] = [];
  if (raw === undefined) return moments;
  const view = viewOf(raw);
  for (let at = 0; at + BATCH.SIZE <= raw.length; ) {
    const rowEnd = at + BATCH.SIZE + view.getUint32(at + BATCH.rowBytes, true);
    const end = rowEnd + view.getUint32(at + BATCH.strBytes, true);
    if (end > raw.length) break;
    moments.push({ time: view.getBigUint64(at + BATCH.time, true), change: changeIn(view, at, rowEnd) });
    at = (end + 7) & ~7;
  }
  giveBack(raw);
  return moments;
}

const NO_CHANGE: ReadonlySet<number> = new Set([
  KIND.TICK,
  KIND.SOCKET,
  KIND.MARK,
  KIND.LOSS,
  KIND.THROTTLED,
  KIND.BYTES,
]);

function changeIn(view: DataView, batch: number, rowEnd: number): boolean {
  for (let row = batch + BATCH.SIZE; row + HDR.SIZE <= rowEnd; ) {
    const kind = view.getUint16(row + HDR.kind, true);
    const size = view.getUint16(row + HDR.size, true);
    if (size < HDR.SIZE) return false;
    const found = (view.getUint16(row + HDR.flags, true) & FLAG.BEFORE_START) !== 0;
    if (!found && kind < KIND.STATE_FILE && !NO_CHANGE.has(kind)) return true;
    row += size;
  }
  return false;
}
