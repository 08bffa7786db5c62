import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { CaptureError } from "../source.ts";
import { decompress } from "./compress.ts";
import {
  checkedFrameHead,
  checkPreamble,
  FRAME,
  FRAME_BYTES,
  type FrameHead,
  indexOffsetOf,
  PREAMBLE_BYTES,
  TRAILER_BYTES,
} from "./format.ts";
import { type Density, density, type FrameStore, relativeNs, spanNs } from "./frame-store.ts";
import { FrameTable } from "./frame-table.ts";
import { MAX_INFO_BYTES, parseInfo, type RecordingInfo } from "./info.ts";
import { decodeNotes, type Note } from "./notes.ts";
import { type Hole, scanFrames } from "./scan.ts";

/** A part of a recording that cannot be read. */
export interface Damage {
  readonly what: string;
  /** Where in the file. */
  readonly offset: number;
  readonly bytes: number;
  /** Records that are missing, as far as that is known. */
  readonly events: number;
  /** Between what was read before and what is read after it, ns since time 0; to: undefined = until the end. */
  readonly fromNs: number;
  readonly toNs: number | undefined;
}

/** What all notes may take: a hostile file has many. */
const MAX_NOTES_BYTES = 4 << 20;

/**
 * A recording on disk. Nothing in it is trusted: lengths are bounded, checksums compared, and what cannot be read is reported in `damage`
 * while the rest stays readable.
 */
export class RecordingReader implements FrameStore {
  readonly path: string;
  readonly info: RecordingInfo;
  readonly sizeBytes: number;
  /** Whether the writer closed it; otherwise up to a second before the end may be missing even without damage. */
  readonly complete: boolean;
  readonly zeroTime: bigint;
  readonly zeroWall: bigint;
  readonly first: number;
  readonly starts: readonly number[];
  /** By time. */
  readonly notes: readonly Note[];
  readonly #fd: number;
  readonly #table: FrameTable;
  readonly #damage: Damage[] = [];
  readonly #reported = new Set<number>();

  private constructor(path: string, fd: number, sizeBytes: number) {
    this.path = path;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
    const indexed = this.#readIndex();
    this.complete = indexed !== undefined;
    let holes: readonly Hole[] = [];
    if (indexed !== undefined) this.#table = indexed;
    else ({ table: this.#table, holes } = scanFrames((offset, length) => this.#read(offset, length), sizeBytes));
    this.starts = this.#table.starts;
    this.first = this.#table.length > 0 && this.#table.head(0).kind === FRAME.INFO ? 1 : 0;

    const zero = this.starts[0] ?? 0;
    const zeroHead = this.#table.length > 0 ? this.#table.head(zero) : undefined;
    this.zeroTime = zeroHead?.lastTime ?? 0n;
    this.zeroWall = zeroHead?.wall ?? 0n;
    this.info = this.#readInfo();
    this.notes = this.#readNotes();
    for (const hole of holes) this.#damage.push(this.#damageOf(hole));
  }

  /** Throws CaptureError when there is nothing to replay: it is no recording, of a newer program, or has no readable record. */
  static open(path: string): RecordingReader {
    let fd: number;
    try {
      // Without O_NONBLOCK a named pipe would wait for its writer.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw openError(path, (error as NodeJS.ErrnoException).code ?? "EIO");
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile())
        throw fault(path, "it is not a regular file", "ENOTREC", "name a file that `spydertop record` made");
      checkBeginning(path, fd, stat.size);
      const reader = new RecordingReader(path, fd, stat.size);
      if (reader.starts.length > 0) return reader;
      const [damage] = reader.damage;
      const why =
        damage === undefined ? "it has no records" : `no record is readable: ${damage.what} at byte ${damage.offset}`;
      throw fault(
        path,
        why,
        damage === undefined ? "EEMPTY" : "ECORRUPT",
        "its writer was ended before the first record, or it is damaged",
      );
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get end(): number {
    return this.#table.length;
  }

  /** From the first batch to the last. */
  get durationNs(): number {
    const { startNs, endNs } = spanNs(this);
    return endNs - startNs;
  }

  /** Parts that cannot be read, as far as they have been met. */
  get damage(): readonly Damage[] {
    return this.#damage;
  }

  /** Records in the frames, without those that turn out to be damaged. */
  get events(): number {
    let events = 0;
    for (let frame = 0; frame < this.end; frame++) events += this.head(frame).rows;
    return events;
  }

  density(buckets: number): Density {
    return density(this, buckets);
  }

  head(frame: number): FrameHead {
    return this.#table.head(frame);
  }

  load(frame: number): Uint8Array | undefined {
    const head = this.#table.head(frame);
    if (head.kind === FRAME.LOST) return undefined;
    const raw = this.#load(frame, head);
    if (raw === undefined && !this.#reported.has(frame)) {
      this.#reported.add(frame);
      const bytes = FRAME_BYTES + head.storedBytes;
      const hole = {
        what: "a frame does not match its checksum",
        offset: this.#table.offset(frame),
        bytes,
        frame,
        events: head.rows,
      };
      this.#damage.push(this.#damageOf(hole));
    }
    return raw;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #load(frame: number, head: FrameHead): Uint8Array | undefined {
    const bytes = this.#read(this.#table.offset(frame), FRAME_BYTES + head.storedBytes);
    const found = bytes && checkedFrameHead(bytes, 0);
    if (bytes === undefined || found?.storedBytes !== head.storedBytes) return undefined;
    const payload = bytes.subarray(FRAME_BYTES);
    return crc32(payload) === found.payloadCrc ? decompress(payload, found.rawBytes) : undefined;
  }

  /** Exactly that part of the file; undefined when it is not there. */
  #read(offset: number, length: number): Uint8Array | undefined {
    if (offset < 0 || offset + length > this.sizeBytes) return undefined;
    return readExactly(this.#fd, offset, length);
  }

  #readIndex(): FrameTable | undefined {
    const trailerAt = this.sizeBytes - TRAILER_BYTES;
    const last = this.#read(trailerAt, TRAILER_BYTES);
    const begin = last && indexOffsetOf(last);
    if (begin === undefined) return undefined;
    const table = new FrameTable();
    let described: number | undefined = PREAMBLE_BYTES;
    let at = begin;
    while (at < trailerAt && described !== undefined) {
      const bytes = this.#read(at, FRAME_BYTES);
      const head = bytes && checkedFrameHead(bytes, 0);
      const payload = head?.kind === FRAME.INDEX ? this.#read(at + FRAME_BYTES, head.storedBytes) : undefined;
      if (head === undefined || payload === undefined || crc32(payload) !== head.payloadCrc) return undefined;
      const entries = decompress(payload, head.rawBytes);
      described = entries && table.extend(entries, described);
      at += FRAME_BYTES + head.storedBytes;
    }
    return at === trailerAt && described === begin ? table : undefined;
  }

  #readInfo(): RecordingInfo {
    const head = this.#table.length > 0 ? this.#table.head(0) : undefined;
    const content = head?.kind === FRAME.INFO && head.rawBytes <= MAX_INFO_BYTES ? this.#load(0, head) : undefined;
    return parseInfo(new TextDecoder().decode(content));
  }

  #readNotes(): Note[] {
    const notes: Note[] = [];
    let bytes = 0;
    for (let frame = 0; frame < this.end; frame++) {
      const head = this.#table.head(frame);
      if (head.kind !== FRAME.NOTES) continue;
      bytes += head.rawBytes;
      if (bytes > MAX_NOTES_BYTES) break;
      const content = this.#load(frame, head);
      if (content !== undefined) notes.push(...decodeNotes(content, this.zeroTime));
    }
    return notes.sort((a, b) => a.timeNs - b.timeNs);
  }

  #damageOf({ what, offset, bytes, frame, events }: Hole): Damage {
    const before = frame > 0 ? relativeNs(this, this.#table.head(frame - 1).lastTime) : 0;
    const after = frame + 1 < this.end ? relativeNs(this, this.#table.head(frame + 1).firstTime) : undefined;
    return { what, offset, bytes, events, fromNs: Math.max(0, before), toNs: after };
  }
}

function readExactly(fd: number, offset: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

function checkBeginning(path: string, fd: number, size: number): void {
  const bytes = size < PREAMBLE_BYTES ? undefined : readExactly(fd, 0, PREAMBLE_BYTES);
  const found = bytes === undefined ? "not a recording" : checkPreamble(bytes);
  switch (found) {
    case "none":
      return;
    case "not a recording": {
      const why = size === 0 ? "it is empty" : "it is not a recording";
      throw fault(path, why, "ENOTREC", "name a file that `spydertop record` made");
    }
    case "corrupt":
      throw fault(
        path,
        "its beginning is damaged (byte 0 to 16)",
        "ECORRUPT",
        "restore the first 16 bytes from another recording",
      );
    case "newer":
      throw fault(path, "it was made by a newer spydertop", "ENEWER", "replay it with that version");
    case "older wire":
      throw fault(
        path,
        "it was made by an older spydertop whose records this one does not read",
        "EOLDER",
        "replay it with that version",
      );
  }
}

function fault(path: string, why: string, code: string, hint: string): CaptureError {
  return new CaptureError(`cannot replay ${path}: ${why}`, code, hint);
}

function openError(path: string, code: string): CaptureError {
  switch (code) {
    case "ENOENT":
      return fault(path, "there is no such file", code, "check the name");
    case "EACCES":
    case "EPERM":
      return fault(
        path,
        "not permitted",
        code,
        "recordings are readable by their owner only: use sudo, or have it copied for you",
      );
    default:
      return fault(path, code, code, "check the file system");
  }
}
