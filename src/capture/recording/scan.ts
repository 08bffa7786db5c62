import {
  checkedFrameHead,
  FRAME,
  FRAME_BYTES,
  FRAME_MAGIC,
  indexOffsetOf,
  PREAMBLE_BYTES,
  TRAILER_BYTES,
} from "./format.ts";
import { FrameTable, MAX_FRAMES } from "./frame-table.ts";

/** Bytes of a file that are no usable frames. */
export interface Hole {
  readonly what: string;
  readonly offset: number;
  readonly bytes: number;
  /** Its number: a LOST frame stands for it. */
  readonly frame: number;
  /** Records known to be missing. */
  readonly events: number;
}

type Read = (offset: number, length: number) => Uint8Array | undefined;

const WINDOW_BYTES = 1 << 20;
/** Places that look like a frame and are none; then the rest of the file is given up, so that a hostile one cannot keep us busy. */
const MAX_CANDIDATES = 1_000_000;
const MAGIC = Uint8Array.of(
  FRAME_MAGIC & 0xff,
  (FRAME_MAGIC >> 8) & 0xff,
  (FRAME_MAGIC >> 16) & 0xff,
  FRAME_MAGIC >>> 24,
);

/** Finds the frames of a file without its index, by their headers. A LOST frame stands for what lies between them. */
export function scanFrames(
  read: Read,
  sizeBytes: number,
): { readonly table: FrameTable; readonly holes: readonly Hole[] } {
  const table = new FrameTable();
  const holes: Hole[] = [];
  const search = { left: MAX_CANDIDATES };
  let lastTime = 0n;
  let wall = 0n;
  let hole: { what: string; offset: number; events: number; until: bigint } | undefined;

  const endHole = (offset: number, time: bigint): void => {
    if (hole === undefined) return;
    const { what, events, until } = hole;
    holes.push({ what, offset: hole.offset, bytes: offset - hole.offset, frame: table.length, events });
    const times = { firstTime: lastTime, lastTime: time > until ? time : until, wall };
    const lost = { kind: FRAME.LOST, flags: 0, storedBytes: 0, rawBytes: 0, rows: events, activity: 0, payloadCrc: 0 };
    table.add(hole.offset, { ...lost, ...times });
    lastTime = times.lastTime;
    hole = undefined;
  };

  let offset = PREAMBLE_BYTES;
  while (offset < sizeBytes && !isTrailer(read, offset, sizeBytes)) {
    const bytes = read(offset, Math.min(FRAME_BYTES, sizeBytes - offset));
    const head = bytes && checkedFrameHead(bytes, 0);
    const next = offset + FRAME_BYTES + (head?.storedBytes ?? 0);
    const full = table.length >= MAX_FRAMES;
    if (head === undefined || head.lastTime < lastTime || next > sizeBytes || full) {
      hole ??= { what: full ? "more frames than can be read" : "damaged", offset, events: 0, until: lastTime };
      if (head !== undefined && next > sizeBytes) {
        hole.events += head.rows;
        if (head.lastTime > hole.until) hole.until = head.lastTime;
      }
      offset = full ? sizeBytes : findFrame(read, offset + 1, sizeBytes, search);
      if (offset === sizeBytes && !full) hole.what = "the end is torn off";
      continue;
    }
    if (head.kind !== FRAME.INDEX) {
      endHole(offset, head.firstTime);
      // A hole may have claimed a time after it.
      if (head.lastTime >= lastTime) {
        table.add(offset, head);
        ({ lastTime, wall } = head);
      }
    }
    offset = next;
  }
  endHole(offset, lastTime);
  return { table, holes };
}

function isTrailer(read: Read, offset: number, sizeBytes: number): boolean {
  const bytes = sizeBytes - offset === TRAILER_BYTES ? read(offset, TRAILER_BYTES) : undefined;
  return bytes !== undefined && indexOffsetOf(bytes) !== undefined;
}

/** Offset of the next frame at or after `from`, sizeBytes when there is none. */
function findFrame(read: Read, from: number, sizeBytes: number, search: { left: number }): number {
  for (let offset = from; offset < sizeBytes; offset += WINDOW_BYTES) {
    // Windows overlap by a header, so that none is missed between two.
    const window = read(offset, Math.min(WINDOW_BYTES + FRAME_BYTES, sizeBytes - offset));
    if (window === undefined) return sizeBytes;
    const buffer = Buffer.from(window.buffer, window.byteOffset, window.byteLength);
    for (let at = buffer.indexOf(MAGIC); at >= 0 && at < WINDOW_BYTES; at = buffer.indexOf(MAGIC, at + 1)) {
      if (checkedFrameHead(window, at) !== undefined) return offset + at;
      if (search.left-- === 0) return sizeBytes;
    }
  }
  return sizeBytes;
}
