import { closeSync, fdatasync, ftruncateSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { CaptureError } from "../source.ts";
import { compressSync } from "./compress.ts";
import type { FrameSink } from "./delivery.ts";
import { FRAME, PREAMBLE_BYTES, preamble, trailer } from "./format.ts";
import { bytesOfFrame, type Frame, frameOf } from "./frame.ts";
import { FrameTable } from "./frame-table.ts";
import type { RecordingInfo } from "./info.ts";
import { codeOf, NewFile } from "./new-file.ts";

export interface WriterOptions {
  /** Compressed bytes that may wait for the disk; beyond it records are dropped and counted. Default 32 MiB. */
  readonly queueBytes?: number;
  /** Time between two calls of fdatasync: what a power cut loses. Default 5 s. */
  readonly syncMs?: number;
  /** The file is of no use unless it is whole: it gets its name when it is closed, and is removed when it cannot be. */
  readonly whole?: boolean;
  /** Called once when nothing more can be written, with what to do about it. What was written stays readable. */
  readonly onFailure?: (error: CaptureError) => void;
}

export interface WriterStats {
  /** Of the file so far. */
  readonly bytes: number;
  /** In it: events, what was found at the start, refreshed counters. */
  readonly records: number;
  /** Records that are not in it because the disk was too slow. */
  readonly lost: number;
}

const QUEUE_BYTES = 32 << 20;
const SYNC_MS = 5_000;
/** Entries of an INDEX frame: 4 MiB. */
const INDEX_ENTRIES = 1 << 16;

const writeAsync = promisify(write);
const syncAsync = promisify(fdatasync);

/** A recording on disk, fed by a Recorder. */
export class RecordingWriter implements FrameSink {
  readonly #file: NewFile;
  readonly #whole: boolean;
  readonly #queueBytes: number;
  readonly #syncMs: number;
  readonly #onFailure: ((error: CaptureError) => void) | undefined;
  readonly #table = new FrameTable();
  readonly #queue: Frame[] = [];
  #queued = 0;
  #bytes = 0;
  #records = 0;
  #lost = 0;
  #syncedMs = performance.now();
  #pumping: Promise<void> | undefined;
  #failure: CaptureError | undefined;
  #closed = false;

  private constructor(file: NewFile, options: WriterOptions) {
    this.#file = file;
    this.#whole = options.whole ?? false;
    this.#queueBytes = options.queueBytes ?? QUEUE_BYTES;
    this.#syncMs = options.syncMs ?? SYNC_MS;
    this.#onFailure = options.onFailure;
  }

  /** Throws CaptureError when the file cannot be made. */
  static create(path: string, info: RecordingInfo, options: WriterOptions = {}): RecordingWriter {
    const file = NewFile.create(path, options.whole ?? false);
    const writer = new RecordingWriter(file, options);
    try {
      writer.#begin(info);
    } catch (error) {
      file.remove();
      closeSync(file.fd);
      throw unfinished(path, error);
    }
    return writer;
  }

  /** Why nothing more is written. */
  get failure(): CaptureError | undefined {
    return this.#failure;
  }

  stats(): WriterStats {
    return { bytes: this.#bytes, records: this.#records, lost: this.#lost };
  }

  accepts(bytes: number): boolean {
    return this.#queued + bytes <= this.#queueBytes;
  }

  put(frame: Frame): void {
    if (this.#failure !== undefined || this.#closed) return;
    this.#queue.push(frame);
    this.#queued += frame.payload.length;
    this.#pumping ??= this.#pump();
  }

  /** Resolves when everything put before is written. */
  async drained(): Promise<void> {
    await this.#pumping;
  }

  /** Writes what waits and the index; the data is on the disk when it resolves. Never rejects: see `failure`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.drained();
    if (this.#failure !== undefined) return;
    try {
      await this.#writeIndex();
      await syncAsync(this.#fd);
      this.#file.publish();
      closeSync(this.#fd);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends it before it is whole. Does nothing after `close`. */
  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.length = this.#queued = 0;
    await this.drained();
    if (this.#failure === undefined) this.#fail(Object.assign(new Error("interrupted"), { code: "EINTR" }));
  }

  get path(): string {
    return this.#file.path;
  }

  get #fd(): number {
    return this.#file.fd;
  }

  #begin(info: RecordingInfo): void {
    const payload = new TextEncoder().encode(JSON.stringify(info));
    const times = { firstTime: 0n, lastTime: 0n, wall: 0n };
    const head = { kind: FRAME.INFO, flags: 0, rawBytes: payload.length, rows: 0, activity: 0, ...times };
    const frame = frameOf(head, payload);
    const bytes = [preamble(), bytesOfFrame(frame)];
    for (const piece of bytes) {
      // A write that is cut short has met a full disk.
      if (writeSync(this.#fd, piece) < piece.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
      this.#bytes += piece.length;
    }
    this.#table.add(PREAMBLE_BYTES, frame.head);
  }

  async #pump(): Promise<void> {
    try {
      for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
        await this.#append(frame);
        this.#queued -= frame.payload.length;
        this.#records += frame.head.rows;
        this.#lost += frame.lost ?? 0;
        if (performance.now() - this.#syncedMs >= this.#syncMs) {
          await syncAsync(this.#fd);
          this.#syncedMs = performance.now();
        }
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#pumping = undefined;
  }

  async #append(frame: Frame): Promise<void> {
    const offset = this.#bytes;
    await this.#write(bytesOfFrame(frame));
    this.#table.add(offset, frame.head);
  }

  /** Appends; what a failure leaves behind it is cut off by #fail. */
  async #write(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await writeAsync(this.#fd, bytes, done, bytes.length - done, this.#bytes + done);
      done += bytesWritten;
    }
    this.#bytes += bytes.length;
  }

  async #writeIndex(): Promise<void> {
    const offset = this.#bytes;
    const times = { firstTime: 0n, lastTime: 0n, wall: 0n };
    for (const piece of this.#table.pieces(INDEX_ENTRIES)) {
      const head = { kind: FRAME.INDEX, flags: 0, rawBytes: piece.length, rows: 0, activity: 0, ...times };
      await this.#write(bytesOfFrame(frameOf(head, compressSync(piece))));
    }
    await this.#write(trailer(offset));
  }

  #fail(error: unknown): void {
    this.#failure = this.#whole ? unfinished(this.path, error) : writeError(this.path, error);
    this.#queue.length = this.#queued = 0;
    try {
      if (this.#whole) this.#file.remove();
      else ftruncateSync(this.#fd, this.#bytes);
      closeSync(this.#fd);
    } catch {
      // A disk that is gone: a reader finds the torn end by itself.
    }
    this.#onFailure?.(this.#failure);
  }
}

const isFull = (code: string): boolean => code === "ENOSPC" || code === "EDQUOT";

function whyNot(code: string): string {
  if (isFull(code)) return "no space is left";
  if (code === "EINTR") return "interrupted";
  if (code === "EEXIST") return "a file of that name has come meanwhile";
  return code === "EFBIG" ? "the file may not grow further" : `writing failed: ${code}`;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "free some space, or choose another folder",
  EDQUOT: "free some space, or choose another folder",
  EEXIST: "choose another name",
  EINTR: "save it again",
};

/** Nothing of it is kept. */
function unfinished(path: string, error: unknown): CaptureError {
  const code = codeOf(error);
  const hint = HINTS[code] ?? "choose another folder";
  return new CaptureError(`${path} was not saved: ${whyNot(code)}`, code, hint);
}

function writeError(path: string, error: unknown): CaptureError {
  const code = codeOf(error);
  const full = isFull(code);
  const hint = full
    ? "what was recorded can be replayed; free some space, then record to a new file"
    : "what was recorded can be replayed; record to a new file elsewhere";
  return new CaptureError(`the recording ${path} ended: ${whyNot(code)}`, code, hint);
}
