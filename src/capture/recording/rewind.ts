import { compress, decompress, giveBack } from "./compress.ts";
import type { FrameSink } from "./delivery.ts";
import { FRAME, FRAME_FLAG, type FrameHead } from "./format.ts";
import { type Frame, frameOf } from "./frame.ts";
import { type FrameStore, spanNs } from "./frame-store.ts";
import type { Recorder } from "./recorder.ts";
import { type ReplayOptions, ReplaySource } from "./replay-source.ts";
import { Thinning } from "./thinning.ts";
import type { RecordingWriter } from "./writer.ts";

export interface RewindOptions {
  /** How far back one can go. Default 10. */
  readonly minutes?: number;
  /** Memory for compressed frames; the oldest are forgotten beyond it. Default 32 MiB. */
  readonly maxBytes?: number;
}

const MINUTES = 10;
const MAX_BYTES = 32 << 20;
const FRAME_OVERHEAD_BYTES = 512;
const SECOND_NS = 1e9;
/** Of the room: from then on a flood is thinned while it lasts, so that it does not push out the minutes before it. */
const CROWDED = 0.75;

const bytesOf = ({ payload }: Frame): number => payload.length + FRAME_OVERHEAD_BYTES;

/**
 * The last minutes of a capture in memory, as the frames of a recording. A segment that takes more than its part of the room, by the time
 * it spans, is thinned: a flood must not push out the minutes before it, nor be kept as a whole for as long as they are.
 */
export class RewindBuffer implements FrameSink, FrameStore {
  readonly #recorder: Recorder;
  readonly #windowNs: number;
  readonly #maxBytes: number;
  readonly #frames: Frame[] = [];
  /** Frames that begin a segment, and those of them that need none before. */
  readonly #segments: number[] = [];
  readonly #starts: number[] = [];
  #first = 0;
  #bytes = 0;
  #zero: FrameHead | undefined;
  /** Segments that are over and dense, [first frame, after the last], not thinned yet. */
  #dense: [number, number][] = [];
  /** They are thinned one after the other. */
  #thinning: Promise<void> = Promise.resolve();

  constructor(recorder: Recorder, options: RewindOptions = {}) {
    this.#recorder = recorder;
    this.#windowNs = (options.minutes ?? MINUTES) * 60e9;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    recorder.add(this);
  }

  /** A replay of the window up to this moment; it goes on into what is recorded while it is played. */
  async open(options: Omit<ReplayOptions, "status" | "onClose"> = {}): Promise<ReplaySource> {
    await this.#recorder.flush();
    return new ReplaySource(this, options);
  }

  /** Writes the window to a recording, which from then on goes on with the capture. */
  async save(writer: RecordingWriter): Promise<void> {
    await this.#recorder.flush();
    await this.#thinning;
    const put = async (frame: Frame) => {
      while (writer.failure === undefined && !writer.accepts(frame.payload.length)) await writer.drained();
      writer.put(frame);
    };
    const frames = this.#frames.slice();
    let next = this.end;
    for (const frame of frames) await put(frame);
    // What came meanwhile.
    for (; next < this.end; next++) await put(this.#frames[next - this.#first] as Frame);
    this.#recorder.add(writer, true);
  }

  /** Thins the segments that are over and dense. To be called when little is going on: while a flood lasts the time is better used. */
  thin(): Promise<void> {
    for (const [from, to] of this.#dense.splice(0)) this.#thinning = this.#thinning.then(() => this.#thin(from, to));
    return this.#thinning;
  }

  /** The oldest moment one can go back to, ns since time 0. */
  get startNs(): number {
    return spanNs(this).startNs;
  }

  /** Memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  get zeroTime(): bigint {
    return this.#zero?.lastTime ?? 0n;
  }

  get zeroWall(): bigint {
    return this.#zero?.wall ?? 0n;
  }

  get first(): number {
    return this.#first;
  }

  get end(): number {
    return this.#first + this.#frames.length;
  }

  get starts(): readonly number[] {
    return this.#starts;
  }

  accepts(): boolean {
    return true;
  }

  put(frame: Frame): void {
    const { flags } = frame.head;
    this.#zero ??= frame.head;
    if ((flags & FRAME_FLAG.START) !== 0) {
      const before = this.#segments.at(-1);
      this.#segments.push(this.end);
      if (before !== undefined && this.#isDense(before)) this.#dense.push([before, this.end]);
      if (this.#bytes > this.#maxBytes * CROWDED) void this.thin();
    }
    if ((flags & FRAME_FLAG.STATE) !== 0 || this.#frames.length === 0) this.#starts.push(this.end);
    this.#frames.push(frame);
    this.#bytes += bytesOf(frame);
    this.#forget(frame.head);
  }

  head(frame: number): FrameHead {
    return (this.#frames[frame - this.#first] as Frame).head;
  }

  load(frame: number): Uint8Array | undefined {
    const { head, payload } = this.#frames[frame - this.#first] as Frame;
    return decompress(payload, head.rawBytes);
  }

  /** Whether the events of a segment, from a frame to the newest, take more than their part of the window. */
  #isDense(from: number): boolean {
    if (this.#windowNs === Number.POSITIVE_INFINITY) return false;
    const frames = this.#frames.slice(from - this.#first).filter(({ head }) => head.kind === FRAME.EVENTS);
    const [first, last] = [frames[0], frames.at(-1)];
    if (first === undefined || last === undefined) return false;
    const spanNs = Math.max(SECOND_NS, Number(last.head.lastTime - first.head.firstTime));
    const bytes = frames.reduce((sum, frame) => sum + bytesOf(frame), 0);
    return bytes > (this.#maxBytes * spanNs) / this.#windowNs;
  }

  /** Takes what repeats out of the frames of a segment, one at a time. What has been forgotten meanwhile is passed over. */
  async #thin(from: number, to: number): Promise<void> {
    const thinning = new Thinning();
    for (let number = from; number < to; number++) {
      const frame = this.#frames[number - this.#first];
      if (frame === undefined || frame.head.kind !== FRAME.EVENTS || (frame.head.flags & FRAME_FLAG.GAP) !== 0)
        continue;
      const raw = decompress(frame.payload, frame.head.rawBytes);
      if (raw === undefined) continue;
      const thinned = thinning.frame(raw);
      giveBack(raw);
      if (thinned === undefined) continue;
      const head = { ...frame.head, rawBytes: thinned.bytes.length, rows: frame.head.rows - thinned.leftOut };
      // Compression fails when there is no memory for it.
      const payload = await compress(thinned.bytes).catch(() => undefined);
      if (payload === undefined || this.#frames[number - this.#first] !== frame) continue;
      const smaller = frameOf(head, payload);
      if (payload !== thinned.bytes) giveBack(thinned.bytes);
      this.#frames[number - this.#first] = smaller;
      this.#bytes += smaller.payload.length - frame.payload.length;
    }
  }

  /** Whole segments go: the oldest, when the next one reaches as far back as is wanted, or there is no room. */
  #forget(newest: FrameHead): void {
    for (;;) {
      const next = this.#segments[1];
      if (next === undefined) return;
      const backNs = Number(newest.lastTime - this.head(next).lastTime);
      if (backNs < this.#windowNs && this.#bytes <= this.#maxBytes) return;
      for (const frame of this.#frames.splice(0, next - this.#first)) this.#bytes -= bytesOf(frame);
      this.#first = next;
      this.#segments.shift();
      this.#starts.shift();
      // Without checkpoints the oldest segment there is has to do.
      if (this.#starts[0] !== next) this.#starts.unshift(next);
    }
  }
}
