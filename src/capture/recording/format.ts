import { crc32 } from "node:zlib";
import { WIRE_VERSION } from "../../core/wire/layout.gen.ts";

/*
 * The bytes of a recording, little endian (docs/recording.md):
 *
 *     preamble   magic 8 | version u16 | wire version u16 | crc32 of these twelve u32
 *     frame*     header FRAME_BYTES | payload
 *     trailer    offset of the first INDEX frame u64 | crc32 of these eight u32 | magic u32; absent when the writer was killed
 *
 *     frame header   0 magic u32        4 kind u8, flags u8, zero u16
 *                    8 storedBytes u32 12 rawBytes u32      16 rows u32   20 activity u32
 *                   24 firstTime u64   32 lastTime u64      40 wall u64
 *                   48 crc32 of the payload u32             52 crc32 of the 52 bytes before u32
 */
export const VERSION = 1;
export const PREAMBLE_BYTES = 16;
export const FRAME_BYTES = 56;
export const TRAILER_BYTES = 16;
/** An entry of an INDEX frame: offset of a frame u64, then its header. */
export const INDEX_ENTRY_BYTES = 8 + FRAME_BYTES;

/** Bytes a frame holds before it is cut; one batch more may make it larger. */
export const FRAME_RAW_BYTES = 1 << 20;
/** No frame is larger, before or after compression: a reader never allocates more for one. */
export const MAX_FRAME_BYTES = 16 << 20;

const FILE_MAGIC = Uint8Array.of(0x89, 0x53, 0x50, 0x59, 0x44, 0x52, 0x45, 0x43); // \x89SPYDREC
export const FRAME_MAGIC = 0x4d524653; // "SFRM"
const TRAILER_MAGIC = 0x444e4553; // "SEND"

export const FRAME = {
  /** Never in a file: stands for a part of it that cannot be read. */
  LOST: 0,
  /** RecordingInfo as JSON; first frame of a file. */
  INFO: 1,
  /** State at the start of a segment, as batches with string ids of their own. */
  CHECKPOINT: 2,
  /** Batches. */
  EVENTS: 3,
  /** Notes as JSON. */
  NOTES: 4,
  /** Offsets and headers of all frames before. */
  INDEX: 5,
} as const;

export const FRAME_FLAG = {
  /** Begins a segment: no frame from here on refers to a string before. */
  START: 1,
  /** Together with START: the segment can be understood without those before. */
  STATE: 2,
  /** Its LOSS rows count what was not recorded between firstTime and lastTime. */
  GAP: 4,
} as const;

/** What a frame's header says. Times are ns since boot, `wall` is ns since 1970 at lastTime. */
export interface FrameHead {
  readonly kind: number;
  readonly flags: number;
  readonly storedBytes: number;
  /** Bytes after decompression; equal to storedBytes when the payload is not compressed. */
  readonly rawBytes: number;
  /** Records, without marks and reports of loss; entries in an INDEX. */
  readonly rows: number;
  /** Rows that tell what somebody did: no refresh, no snapshot. */
  readonly activity: number;
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  readonly wall: bigint;
  readonly payloadCrc: number;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function preamble(): Uint8Array {
  const bytes = new Uint8Array(PREAMBLE_BYTES);
  const view = viewOf(bytes);
  bytes.set(FILE_MAGIC);
  view.setUint16(8, VERSION, true);
  view.setUint16(10, WIRE_VERSION, true);
  view.setUint32(12, crc32(bytes.subarray(0, 12)), true);
  return bytes;
}

export type PreambleFault = "none" | "not a recording" | "corrupt" | "newer" | "older wire";

/** What is wrong with the first PREAMBLE_BYTES of a file. */
export function checkPreamble(bytes: Uint8Array): PreambleFault {
  if (bytes.length < PREAMBLE_BYTES || !FILE_MAGIC.every((byte, i) => bytes[i] === byte)) return "not a recording";
  const view = viewOf(bytes);
  if (view.getUint32(12, true) !== crc32(bytes.subarray(0, 12))) return "corrupt";
  const wire = view.getUint16(10, true);
  if (view.getUint16(8, true) > VERSION || wire > WIRE_VERSION) return "newer";
  return wire < WIRE_VERSION ? "older wire" : "none";
}

/** Writes a header of FRAME_BYTES at `at`. */
export function putFrameHead(head: FrameHead, into: Uint8Array, at: number): void {
  const bytes = into.subarray(at, at + FRAME_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, FRAME_MAGIC, true);
  view.setUint8(4, head.kind);
  view.setUint8(5, head.flags);
  view.setUint16(6, 0, true);
  view.setUint32(8, head.storedBytes, true);
  view.setUint32(12, head.rawBytes, true);
  view.setUint32(16, head.rows, true);
  view.setUint32(20, head.activity, true);
  view.setBigUint64(24, head.firstTime, true);
  view.setBigUint64(32, head.lastTime, true);
  view.setBigUint64(40, head.wall, true);
  view.setUint32(48, head.payloadCrc, true);
  view.setUint32(52, crc32(bytes.subarray(0, 52)), true);
}

/** The header at `at`, which has been checked before. */
export function frameHeadAt(from: Uint8Array, at: number): FrameHead {
  const view = new DataView(from.buffer, from.byteOffset + at, FRAME_BYTES);
  return {
    kind: view.getUint8(4),
    flags: view.getUint8(5),
    storedBytes: view.getUint32(8, true),
    rawBytes: view.getUint32(12, true),
    rows: view.getUint32(16, true),
    activity: view.getUint32(20, true),
    firstTime: view.getBigUint64(24, true),
    lastTime: view.getBigUint64(32, true),
    wall: view.getBigUint64(40, true),
    payloadCrc: view.getUint32(48, true),
  };
}

/** The header at `at`; undefined when it is cut off, damaged, or claims what no writer writes. */
export function checkedFrameHead(from: Uint8Array, at: number): FrameHead | undefined {
  if (at + FRAME_BYTES > from.length) return undefined;
  const bytes = from.subarray(at, at + FRAME_BYTES);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== FRAME_MAGIC || view.getUint32(52, true) !== crc32(bytes.subarray(0, 52)))
    return undefined;
  const head = frameHeadAt(bytes, 0);
  if (head.rawBytes > MAX_FRAME_BYTES || head.storedBytes > head.rawBytes || head.firstTime > head.lastTime)
    return undefined;
  return head;
}

export function trailer(indexOffset: number): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(indexOffset), true);
  view.setUint32(8, crc32(bytes.subarray(0, 8)), true);
  view.setUint32(12, TRAILER_MAGIC, true);
  return bytes;
}

/** Offset of the first INDEX frame by the last TRAILER_BYTES of a file; undefined when they are no trailer. */
export function indexOffsetOf(bytes: Uint8Array): number | undefined {
  if (bytes.length !== TRAILER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(12, true) !== TRAILER_MAGIC || view.getUint32(8, true) !== crc32(bytes.subarray(0, 8)))
    return undefined;
  return Number(view.getBigUint64(0, true));
}
