import { crc32 } from "node:zlib";
import { BatchWriter } from "../../core/wire/encode.ts";
import { FLAG } from "../../core/wire/layout.gen.ts";
import { FRAME, FRAME_BYTES, FRAME_FLAG, type FrameHead, putFrameHead } from "./format.ts";

/** A frame as it is stored. */
export interface Frame {
  readonly head: FrameHead;
  readonly payload: Uint8Array;
  /** Of a GAP: how many records it reports. */
  readonly lost?: number;
}

export type FrameTimes = Pick<FrameHead, "firstTime" | "lastTime" | "wall">;

/** payload: the raw bytes, compressed unless that would not make them smaller. */
export function frameOf(head: Omit<FrameHead, "storedBytes" | "payloadCrc">, payload: Uint8Array): Frame {
  return { head: { ...head, storedBytes: payload.length, payloadCrc: crc32(payload) }, payload };
}

/** Header and payload in one piece. */
export function bytesOfFrame({ head, payload }: Frame): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length);
  putFrameHead(head, bytes, 0);
  bytes.set(payload, FRAME_BYTES);
  return bytes;
}

/** A key batch that says how many records of each kind were lost. */
export function lossBatch(
  counts: Iterable<readonly [kind: number, lost: number]>,
  time: bigint,
  wall: bigint,
): Uint8Array {
  const writer = new BatchWriter();
  for (const [kind, lost] of counts) {
    writer.loss({ timeNs: time, pid: 0, startNs: 0, flags: FLAG.NO_OWNER, lost, kind });
  }
  return writer.finish(time, wall);
}

/** What one sink was not given, until the next segment. */
export class Gap {
  readonly #counts = new Map<number, number>();
  #times: FrameTimes | undefined;

  get open(): boolean {
    return this.#times !== undefined;
  }

  add({ firstTime, lastTime, wall }: FrameTimes, counts: Float64Array): void {
    this.#times = { firstTime: this.#times?.firstTime ?? firstTime, lastTime, wall };
    counts.forEach((count, kind) => {
      if (count > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
    });
  }

  /** A frame that reports it; the gap is over. Only while it is open. */
  take(): Frame {
    const times = this.#times as FrameTimes;
    const bytes = lossBatch(this.#counts, times.lastTime, times.wall);
    const lost = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    this.#counts.clear();
    this.#times = undefined;
    const head = { kind: FRAME.EVENTS, flags: FRAME_FLAG.GAP, rawBytes: bytes.length, rows: 0, activity: 0, ...times };
    return { ...frameOf(head, bytes), lost };
  }
}
