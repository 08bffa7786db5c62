import { BATCH } from "../../core/wire/layout.gen.ts";
import { Bytes } from "./bytes.ts";
import { compress, giveBack } from "./compress.ts";
import { Delivery, type FrameSink } from "./delivery.ts";
import { FRAME, FRAME_FLAG, FRAME_RAW_BYTES, type FrameHead, MAX_FRAME_BYTES } from "./format.ts";
import { type FrameTimes, frameOf } from "./frame.ts";
import { FrameBuilder } from "./frame-builder.ts";
import { encodeNotes, type Note } from "./notes.ts";

export interface RecorderOptions {
  /**
   * The state before the batch that is about to be appended, as batches of which the first is a key batch, most important first: what
   * goes beyond limitBytes is not asked for. When it comes later, it is the state before what is appended then, and the segment begins
   * with it. Without it a seek replays from the beginning.
   */
  readonly checkpoint?: (limitBytes: number) => Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>;
  /** Records wait no longer than this for their frame to be cut: what a kill loses. Default 1 s. */
  readonly frameMs?: number;
  /** Bytes that may wait for compression; beyond it records are dropped and counted. Default 32 MiB. */
  readonly backlogBytes?: number;
  /** What a checkpoint may take. Default 8 MiB. */
  readonly checkpointBytes?: number;
  /** Bytes of batches in a segment, unless its checkpoint is large. Default 4 MiB. */
  readonly segmentBytes?: number;
}

/** A frame on its way to the sinks. */
interface Pending {
  readonly head: Omit<FrameHead, "storedBytes" | "payloadCrc">;
  /** Absent when there was no room for it. */
  readonly bytes: Uint8Array | undefined;
  readonly counts: Float64Array;
}

const FRAME_MS = 1_000;
const BACKLOG_BYTES = 32 << 20;
const SEGMENT_BYTES = 4 << 20;
const SEGMENT_NS = 60_000_000_000n;
const CHECKPOINT_BYTES = 8 << 20;
const NOTHING = new Uint8Array(0);
const PADDING = new Uint8Array(8);
/** Making checkpoints takes a twentieth of the time at most, however much happens. */
const REST = 19;
const NO_COUNTS = new Float64Array(0);

/**
 * Turns the batches of a capture into frames, once for all sinks (a file, the rewind window). Give it every batch from the first on,
 * before the monitor takes it in: a checkpoint is the state before the batch. Costs the caller a copy of the batch; compression runs
 * on the thread pool.
 */
export class Recorder {
  readonly #checkpoint: RecorderOptions["checkpoint"];
  readonly #frameMs: number;
  readonly #backlogBytes: number;
  readonly #segmentBytes: number;
  readonly #checkpointBytes: number;
  readonly #builder = new FrameBuilder();
  readonly #delivery = new Delivery();
  #notes: Note[] = [];
  /** Of the batch before; of the first one until there was one. */
  #times: FrameTimes | undefined;
  #zeroTime = 0n;
  /** No batch was left out for want of a sink. */
  #whole = true;
  #startWanted = true;
  /** A START frame has not reached the sinks yet. */
  #starting = false;
  /** The next segment waits for its checkpoint. */
  #making = false;
  /** By performance.now(): no checkpoint is made before. */
  #restUntilMs = 0;
  #segmentTime: bigint | undefined;
  #segmentRaw = 0;
  #checkpointRaw = 0;
  readonly #pending: Pending[] = [];
  #pendingBytes = 0;
  #closingBytes = 0;
  #pumping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RecorderOptions = {}) {
    this.#checkpoint = options.checkpoint;
    this.#frameMs = options.frameMs ?? FRAME_MS;
    this.#backlogBytes = options.backlogBytes ?? BACKLOG_BYTES;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#checkpointBytes = options.checkpointBytes ?? CHECKPOINT_BYTES;
  }

  /** Frames go to the sink from now on; a new segment begins for it, unless it has got all frames of this one already. */
  add(sink: FrameSink, upToDate = false): void {
    this.#delivery.add(sink, !upToDate);
    this.#startWanted ||= !upToDate;
  }

  /** What the sink got so far is all it gets. */
  remove(sink: FrameSink): void {
    this.#delivery.remove(sink);
  }

  /** Records a batch; it may be reused by the caller afterwards. */
  append(batch: Uint8Array): void {
    if (this.#closed || batch.length < BATCH.SIZE) return;
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    const time = view.getBigUint64(BATCH.time, true);
    const wall = view.getBigUint64(BATCH.wall, true);
    if (this.#times === undefined) {
      this.#times = { firstTime: time, lastTime: time, wall };
      this.#zeroTime = time;
    }
    if (this.#delivery.empty) {
      this.#whole = false;
      this.#builder.skip(batch);
    } else {
      if (this.#frameIsOver(time, batch.length)) this.#cut();
      if (this.#segmentIsOver(time)) this.#endSegment();
      this.#builder.add(batch);
      this.#timer ??= setTimeout(this.#cutLate, this.#frameMs).unref();
    }
    if (time > this.#times.lastTime) this.#times = { firstTime: time, lastTime: time, wall };
  }

  /** Puts a remark into the recording. */
  note(note: Note): void {
    this.#notes.push(note);
  }

  /** So much waits for compression that a source that can wait should. */
  get busy(): boolean {
    return this.#pendingBytes > this.#backlogBytes / 2;
  }

  /** How much of what waited for compression when it was closed has reached the sinks, 0 to 1. */
  get share(): number {
    return this.#closingBytes === 0 ? 0 : 1 - this.#pendingBytes / this.#closingBytes;
  }

  /** Resolves when everything appended before has reached the sinks. */
  async flush(): Promise<void> {
    this.#cut();
    await this.#pumping;
  }

  /** Flushes and reports what the sinks have missed; nothing is recorded afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closingBytes = this.#pendingBytes;
    await this.flush();
    this.#delivery.end();
  }

  #frameIsOver(time: bigint, more: number): boolean {
    if (this.#builder.bytes === 0) return false;
    if (this.#startWanted || this.#builder.bytes + more > FRAME_RAW_BYTES) return true;
    return time - this.#builder.firstTime >= BigInt(this.#frameMs) * 1_000_000n;
  }

  #segmentIsOver(time: bigint): boolean {
    if (this.#making) return false;
    if (this.#startWanted) return true;
    if (this.#builder.bytes > 0 || performance.now() < this.#restUntilMs) return false;
    const idle = !this.#starting && this.#pendingBytes <= this.#backlogBytes / 2;
    if (idle && this.#delivery.mayResume(FRAME_RAW_BYTES)) return true;
    // Checkpoints stay half of a recording at most, and what a seek goes through no more than twice a checkpoint.
    if (this.#segmentRaw < this.#checkpointRaw) return false;
    return this.#segmentRaw >= this.#segmentBytes || time - (this.#segmentTime ?? time) >= SEGMENT_NS;
  }

  /** The next segment begins as soon as there is a checkpoint; until then what comes belongs to the one before. */
  #endSegment(): void {
    this.#startWanted = false;
    const state = this.#checkpoint?.(this.#checkpointBytes) ?? [];
    if (state instanceof Promise) void this.#startWith(state);
    else this.#start(state);
  }

  async #startWith(state: Promise<Iterable<Uint8Array>>): Promise<void> {
    this.#making = true;
    const began = performance.now();
    const made = await state;
    const ended = performance.now();
    this.#making = false;
    this.#restUntilMs = ended + (ended - began) * REST;
    if (this.#closed) return;
    this.#cut();
    this.#start(made);
  }

  #start(state: Iterable<Uint8Array>): void {
    const times = this.#times as FrameTimes;
    const fromTheFirst = this.#whole && this.#segmentTime === undefined;
    this.#startWanted = false;
    this.#starting = true;
    this.#segmentTime = times.lastTime;
    this.#segmentRaw = this.#checkpointRaw = 0;
    this.#builder.restart();

    const bytes = new Bytes(1 << 12);
    let flags: number = FRAME_FLAG.START;
    const push = () => {
      if (flags !== 0 && (fromTheFirst || bytes.length > 0)) flags |= FRAME_FLAG.STATE;
      this.#enqueue(FRAME.CHECKPOINT, flags, bytes.bytes.slice(0, bytes.length), times);
      flags = bytes.length = 0;
    };
    for (const batch of state) {
      const padding = -batch.length & 7;
      this.#checkpointRaw += batch.length + padding;
      if (this.#checkpointRaw > this.#checkpointBytes) break;
      if (bytes.length > 0 && bytes.length + batch.length > FRAME_RAW_BYTES) push();
      bytes.append(batch);
      bytes.append(PADDING.subarray(0, padding));
    }
    if (bytes.length > 0 || flags !== 0) push();
    giveBack(bytes.bytes);
  }

  readonly #cutLate = (): void => {
    this.#timer = undefined;
    this.#cut();
  };

  #cut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#builder.bytes > 0) {
      const { bytes, counts, ...head } = this.#builder.take();
      this.#segmentRaw += bytes.length;
      this.#enqueue(FRAME.EVENTS, 0, bytes, head, counts);
    }
    if (this.#notes.length > 0 && this.#times !== undefined) {
      this.#enqueue(FRAME.NOTES, 0, encodeNotes(this.#notes, this.#zeroTime), this.#times);
      this.#notes = [];
    }
  }

  #enqueue(
    kind: number,
    flags: number,
    bytes: Uint8Array,
    times: FrameTimes & { readonly rows?: number; readonly activity?: number },
    counts: Float64Array = NO_COUNTS,
  ): void {
    const head = { rows: 0, activity: 0, ...times, kind, flags, rawBytes: bytes.length };
    const room = bytes.length <= MAX_FRAME_BYTES && this.#pendingBytes + bytes.length <= this.#backlogBytes;
    this.#pending.push({ head, bytes: room ? bytes : undefined, counts });
    if (room) this.#pendingBytes += bytes.length;
    this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      const { head, bytes, counts } = next;
      // Compression fails when there is no memory for it.
      const payload = await (bytes && compress(bytes).catch(() => undefined));
      if ((head.flags & FRAME_FLAG.START) !== 0) this.#starting = false;
      if (payload === undefined) this.#delivery.drop(frameOf(head, NOTHING), counts);
      else this.#delivery.put(frameOf(head, payload), counts);
      if (bytes !== undefined && payload !== bytes) giveBack(bytes);
      this.#pendingBytes -= bytes === undefined ? 0 : head.rawBytes;
    }
    this.#pumping = undefined;
  }
}
