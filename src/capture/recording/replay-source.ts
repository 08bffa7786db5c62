import { BatchWriter } from "../../core/wire/encode.ts";
import { BATCH, KIND } from "../../core/wire/layout.gen.ts";
import type { EventSource, SourceStatus } from "../source.ts";
import { BatchCursor } from "./batch-cursor.ts";
import { FRAME, FRAME_FLAG, type FrameHead } from "./format.ts";
import { lossBatch } from "./frame.ts";
import { type Density, density, type FrameStore, relativeNs, spanNs, startBefore } from "./frame-store.ts";
import { changesBefore, momentFrom, tellsChange } from "./moments.ts";

export interface ReplayOptions {
  /** 1 = as fast as it happened; Infinity (default) = as fast as it is drained. */
  readonly speed?: number;
  /**
   * Called before batches begin anew after a seek: what was built from the batches before must be thrown away. Times stay the same, because
   * a beginning always starts with an empty batch of time 0.
   */
  readonly onRestart?: () => void;
  /** Tells the status of whatever the frames come from. */
  readonly status?: () => SourceStatus;
  readonly onClose?: () => void;
  /** Clock of the replay, ms. */
  readonly clockMs?: () => number;
}

/** Records that are cheaper to catch up with than to begin anew for. */
const CATCH_UP_ROWS = 50_000;
const NO_STATUS: SourceStatus = { delivered: new Map(), lost: new Map(), features: [] };

/**
 * Plays frames as a source. All times are ns since time 0 of the store. Delivers what lies at or before its time cursor: the cursor moves
 * with the clock while playing, and by `seek` and `step`.
 */
export class ReplaySource implements EventSource {
  readonly kind = "replay";
  readonly #store: FrameStore;
  readonly #options: ReplayOptions;
  readonly #clockMs: () => number;
  readonly #cursor = new BatchCursor();
  /** The frame the cursor is on. */
  #frame: number;
  /** Deliver the empty batch and the checkpoint before anything else. */
  #begin = true;
  /** The checkpoint the replay began with is being delivered; those met later repeat what is known. */
  #checkpoint = true;
  #checkpointNs = Number.NaN;
  /** The segment's next EVENTS frame is its first. */
  #fresh = true;
  /** It is not known what is missing: nothing is of use until a segment begins. */
  #broken = false;
  /** A frame of the segment could not be read: rows that refer to its strings are of no use. */
  #patchy = false;
  /** Rows delivered of the frame. */
  #rows = 0;
  /** Rows that led to the moment that was sought last, and those of them that are still to come. */
  #soughtRows = 0;
  #rowsLeft = 0;
  /** Time of the newest batch delivered. */
  #positionNs = Number.NEGATIVE_INFINITY;
  #speed: number;
  #paused = false;
  /** The time cursor was here at #originMs. */
  #originNs: number;
  #originMs: number;

  constructor(store: FrameStore, options: ReplayOptions = {}) {
    this.#store = store;
    this.#options = options;
    this.#clockMs = options.clockMs ?? (() => performance.now());
    this.#speed = options.speed ?? Number.POSITIVE_INFINITY;
    this.#frame = store.first;
    this.#originNs = this.startNs;
    this.#originMs = this.#clockMs();
  }

  /** Does nothing: a replay can be drained as soon as it is made. */
  start(): void {}

  drain(sink: (batch: Uint8Array) => void, budgetMs: number): boolean {
    const deadline = performance.now() + budgetMs;
    const untilNs = this.cursorNs;
    while (this.#advance(sink)) {
      const timeNs = this.#dueNs();
      if (timeNs > untilNs) return false;
      if (performance.now() >= deadline) return true;
      this.#deliver(sink, timeNs);
    }
    return false;
  }

  /** Recorded counters come when they were recorded. */
  refresh(): void {}

  status(): SourceStatus {
    return this.#options.status?.() ?? NO_STATUS;
  }

  close(): void {
    this.#options.onClose?.();
  }

  get startNs(): number {
    return spanNs(this.#store).startNs;
  }

  get endNs(): number {
    return spanNs(this.#store).endNs;
  }

  get durationNs(): number {
    return this.endNs - this.startNs;
  }

  /** Time of the newest batch delivered. */
  get positionNs(): number {
    return Math.max(this.#positionNs, this.startNs);
  }

  /** Up to where the batches are due. */
  get cursorNs(): number {
    if (this.#paused) return this.#originNs;
    if (this.#speed === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return this.#originNs + (this.#clockMs() - this.#originMs) * 1e6 * this.#speed;
  }

  /** How much of what leads to the moment that was sought last is delivered, 0 to 1. */
  get share(): number {
    return this.#soughtRows === 0 ? 0 : 1 - Math.max(this.#rowsLeft, 0) / this.#soughtRows;
  }

  /** Whether everything there is has been delivered. */
  get atEnd(): boolean {
    return !this.#cursor.has && this.#frame >= this.#store.end;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#anchor(this.#here());
    this.#speed = speed;
  }

  pause(): void {
    this.#anchor(this.#here());
    this.#paused = true;
  }

  resume(): void {
    this.#anchor(this.#originNs);
    this.#paused = false;
  }

  /** Pauses, and makes everything due up to the next change. Returns its time, undefined at the end. */
  step(sink: (batch: Uint8Array) => void): number | undefined {
    this.pause();
    while (this.#advance(sink)) {
      const timeNs = this.#dueNs();
      let change = false;
      const look = (batch: Uint8Array): void => {
        change = tellsChange(batch);
        sink(batch);
      };
      this.#deliver(look, timeNs);
      this.#anchor(Math.max(timeNs, this.#originNs));
      if (change) return timeNs;
    }
    return undefined;
  }

  /** When the newest change at or before a moment was, and the one before that. */
  changesBefore(timeNs: number): readonly number[] {
    return changesBefore(this.#store, timeNs);
  }

  /** From when on what happened at a moment is told. */
  momentFrom(timeNs: number): number | undefined {
    return momentFrom(this.#store, timeNs);
  }

  /**
   * Moves the time cursor. The next drains deliver what leads to that moment as fast as they can; where that needs a new beginning,
   * onRestart is called first.
   */
  seek(timeNs: number): void {
    const { startNs, endNs } = spanNs(this.#store);
    const target = Math.min(Math.max(timeNs, startNs), endNs);
    const start = startBefore(this.#store, target);
    this.#anchor(target);
    if (start === undefined) return;
    // Nothing delivered yet: the frame may be the beginning for a later moment that was asked for before.
    const back = target < this.#positionNs || (this.#positionNs === Number.NEGATIVE_INFINITY && start < this.#frame);
    if (back || this.#frame < this.#store.first || this.#rowsUntil(start) > CATCH_UP_ROWS) this.#restart(start);
    this.#soughtRows = this.#rowsLeft = this.#rowsTo(target);
  }

  /** How much happened when, in equal parts of the time there is. */
  density(buckets: number): Density {
    return density(this.#store, buckets);
  }

  #here(): number {
    const cursorNs = this.cursorNs;
    return cursorNs === Number.POSITIVE_INFINITY ? this.positionNs : Math.min(cursorNs, this.endNs);
  }

  #anchor(timeNs: number): void {
    this.#originNs = timeNs;
    this.#originMs = this.#clockMs();
  }

  /** Records between the cursor and a frame after it. */
  #rowsUntil(frame: number): number {
    let rows = 0;
    for (let at = this.#frame; at < frame && rows <= CATCH_UP_ROWS; at++) rows += this.#store.head(at).rows;
    return rows;
  }

  /** Records between the cursor and a moment: whole frames, for those of a part are not counted. */
  #rowsTo(timeNs: number): number {
    let rows = 0;
    for (let at = this.#frame; at < this.#store.end; at++) {
      const { firstTime, rows: more } = this.#store.head(at);
      if (relativeNs(this.#store, firstTime) > timeNs) break;
      rows += more;
    }
    return rows;
  }

  #restart(frame: number): void {
    const began = this.#positionNs !== Number.NEGATIVE_INFINITY;
    // What was lost before the first segment belongs to the beginning.
    this.#frame = frame === this.#store.starts[0] ? this.#store.first : frame;
    this.#cursor.close(true);
    this.#begin = this.#checkpoint = true;
    this.#broken = this.#patchy = false;
    this.#positionNs = Number.NEGATIVE_INFINITY;
    if (began) this.#options.onRestart?.();
  }

  /** Puts the cursor on the next batch; false at the end. */
  #advance(sink: (batch: Uint8Array) => void): boolean {
    for (;;) {
      // The rewind window has moved past what was played.
      if (!this.#cursor.has && this.#frame < this.#store.first) this.#restart(this.#store.first);
      if (this.#begin) {
        this.#begin = false;
        sink(new BatchWriter().finish(this.#store.zeroTime, this.#store.zeroWall));
      }
      if (this.#cursor.has) return true;
      if (this.#cursor.damaged) {
        const head = this.#store.head(this.#frame - 1);
        this.#broken = true;
        this.#lose(head, head.rows - this.#rows);
      } else if (this.#frame >= this.#store.end) {
        return false;
      } else {
        this.#cursor.close(false);
        this.#open(this.#frame++);
      }
    }
  }

  /** Puts the cursor on the first batch of a frame, if its content is of use. */
  #open(frame: number): void {
    const head = this.#store.head(frame);
    const start = (head.flags & FRAME_FLAG.START) !== 0;
    const gap = (head.flags & FRAME_FLAG.GAP) !== 0;
    this.#rows = 0;
    switch (head.kind) {
      case FRAME.CHECKPOINT: {
        if (start) {
          this.#broken = this.#patchy = false;
          this.#fresh = true;
        }
        const raw = this.#checkpoint ? this.#store.load(frame) : undefined;
        this.#checkpointNs = relativeNs(this.#store, head.lastTime);
        if (raw !== undefined) this.#cursor.open(raw, start);
        return;
      }
      case FRAME.EVENTS: {
        this.#checkpoint = false;
        const raw = this.#broken && !gap ? undefined : this.#store.load(frame);
        if (raw === undefined) this.#lose(head, head.rows);
        else this.#cursor.open(raw, this.#fresh || gap, this.#patchy);
        this.#patchy ||= raw === undefined;
        this.#fresh = false;
        return;
      }
      case FRAME.LOST:
        this.#broken = true;
        this.#lose(head, head.rows);
        return;
    }
  }

  /** A report of what is missing stands in its place. It lets later rows refer to the strings there were before, unless they are of no use. */
  #lose(head: FrameHead, rows: number): void {
    const anew = this.#broken || this.#fresh;
    this.#checkpoint = false;
    const report = lossBatch([[KIND.NONE, rows]], head.lastTime, head.wall);
    if (!anew) new DataView(report.buffer, report.byteOffset).setUint16(BATCH.flags, 0, true);
    this.#cursor.open(report, anew);
  }

  /** When the cursor's batch is due. A checkpoint is as of its segment's beginning. */
  #dueNs(): number {
    return this.#checkpoint ? this.#checkpointNs : relativeNs(this.#store, this.#cursor.time);
  }

  #deliver(sink: (batch: Uint8Array) => void, timeNs: number): void {
    this.#rows += this.#cursor.rows;
    this.#rowsLeft -= this.#cursor.rows;
    sink(this.#cursor.take());
    if (timeNs > this.#positionNs) this.#positionNs = timeNs;
  }
}
