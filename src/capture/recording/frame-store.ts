import { firstWhere } from "../../core/wire/first-where.ts";
import type { FrameHead } from "./format.ts";

/** Where a replay finds frames: a file, or the rewind window. A number never changes its frame; frames are in the order of time. */
export interface FrameStore {
  /** ns since boot that are time 0, and ns since 1970 at that moment. */
  readonly zeroTime: bigint;
  readonly zeroWall: bigint;
  /** Frames there are to play: first <= number < end. The rewind window moves. */
  readonly first: number;
  readonly end: number;
  /** Numbers of frames that begin a segment which needs none before, ascending. */
  readonly starts: readonly number[];
  head(frame: number): FrameHead;
  /** What the frame holds, as `decompress` gives it; undefined when it is damaged or no longer there. */
  load(frame: number): Uint8Array | undefined;
}

/** ns since time 0. */
export const relativeNs = (store: FrameStore, time: bigint): number => Number(time - store.zeroTime);

/** Time of the first and of the last batch, ns since time 0; both 0 when there is none. */
export function spanNs(store: FrameStore): { readonly startNs: number; readonly endNs: number } {
  const [start] = store.starts;
  if (start === undefined) return { startNs: 0, endNs: 0 };
  const at = (frame: number): number => relativeNs(store, store.head(frame).lastTime);
  return { startNs: at(start), endNs: at(store.end - 1) };
}

/** The last frame of `starts` that is not after a time; the first one when all are. */
export function startBefore(store: FrameStore, timeNs: number): number | undefined {
  const { starts } = store;
  const timeOf = (at: number): number => relativeNs(store, store.head(starts[at] as number).lastTime);
  return starts[firstWhere(1, starts.length, (at) => timeOf(at) > timeNs) - 1];
}

export interface Density {
  /** Activity by bucket, from startNs to endNs in equal parts. */
  readonly counts: Float64Array;
  readonly startNs: number;
  readonly endNs: number;
}

/** How much happened when. A frame's records are spread evenly over its time. */
export function density(store: FrameStore, buckets: number): Density {
  const { startNs, endNs } = spanNs(store);
  const counts = new Float64Array(buckets);
  const width = (endNs - startNs) / buckets;
  const bucketOf = (timeNs: number): number =>
    width > 0 ? Math.min(buckets - 1, Math.max(0, Math.floor((timeNs - startNs) / width))) : 0;
  for (let frame = store.first; frame < store.end; frame++) {
    const { activity, firstTime, lastTime } = store.head(frame);
    if (activity === 0) continue;
    const from = bucketOf(relativeNs(store, firstTime));
    const to = bucketOf(relativeNs(store, lastTime));
    const share = activity / (to - from + 1);
    for (let bucket = from; bucket <= to; bucket++) counts[bucket] = (counts[bucket] as number) + share;
  }
  return { counts, startNs, endNs };
}
