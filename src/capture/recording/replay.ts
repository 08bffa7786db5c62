import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Feature, SourceStatus } from "../source.ts";
import { checkPreamble, PREAMBLE_BYTES } from "./format.ts";
import { spanNs } from "./frame-store.ts";
import { type Damage, RecordingReader } from "./reader.ts";
import { type ReplayOptions, ReplaySource } from "./replay-source.ts";

export interface Replay {
  readonly source: ReplaySource;
  readonly recording: RecordingReader;
}

/** Opens a recording to be played; closing the source closes it. Throws CaptureError when there is nothing to replay. */
export function openReplay(path: string, options: Omit<ReplayOptions, "status" | "onClose"> = {}): Replay {
  const recording = RecordingReader.open(path);
  const status = () => statusOf(recording);
  const source = new ReplaySource(recording, { ...options, status, onClose: () => recording.close() });
  return { source, recording };
}

/** A sentence about a damaged part, with wall clock times. */
export function describeDamage(
  recording: RecordingReader,
  { what, offset, bytes, events, fromNs, toNs }: Damage,
): string {
  const until = toNs === undefined ? "to the end" : `to ${clockOf(recording, toNs)}`;
  const missing = events > 0 ? `${events} records` : "an unknown number of records";
  return `${what}: ${bytes} bytes at byte ${offset}, ${missing} from ${clockOf(recording, fromNs)} ${until}`;
}

/** What may be missing after the last record of a file that has no end; undefined = it was closed. */
export function describeEnd(recording: RecordingReader): string | undefined {
  if (recording.complete) return undefined;
  return `the file has no end, its writer was killed or still writes: up to a second after ${clockOf(recording, spanNs(recording).endNs)} may be missing`;
}

function clockOf({ zeroWall }: RecordingReader, ns: number): string {
  return wallText(Number(zeroWall / 1_000_000n) + ns / 1e6);
}

function wallText(ms: number): string {
  return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : "an impossible time";
}

/** Beyond it Date has no text. */
const MAX_DATE_MS = 8.64e15;

function statusOf(recording: RecordingReader): SourceStatus {
  const features = recording.damage.map(
    (damage): Feature => ({
      name: "recording",
      hook: recording.path,
      state: "degraded",
      why: describeDamage(recording, damage),
    }),
  );
  const status = { delivered: new Map(), lost: new Map(), features };
  const limits = [damagedParts(recording), openEnd(recording), recording.info.limited].filter(
    (one) => one !== undefined,
  );
  if (limits.length === 0) return status;
  const all = (field: "why" | "missed" | "fix"): string => limits.map((one) => one[field]).join("; ");
  return { ...status, limited: { why: all("why"), missed: all("missed"), fix: all("fix") } };
}

function openEnd(recording: RecordingReader): SourceStatus["limited"] {
  const why = describeEnd(recording);
  if (why === undefined) return undefined;
  return { why, missed: "what was not written yet", fix: "Ctrl-C or SIGTERM ends a recording whole" };
}

function damagedParts(recording: RecordingReader): SourceStatus["limited"] {
  const [first, ...more] = recording.damage;
  if (first === undefined) return undefined;
  return {
    why: `${describeDamage(recording, first)}${more.length === 0 ? "" : `; ${more.length} more damaged parts`}`,
    missed: "what those parts held",
    fix: "all the rest is whole; another copy of the file may have them",
  };
}

/** Whether a file begins as a recording does. One that cannot be read counts, so that opening it says why. */
export function isRecording(path: string): boolean {
  const head = new Uint8Array(PREAMBLE_BYTES);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = readSync(fd, head, 0, head.length, 0);
      return bytes === 0 || checkPreamble(head.subarray(0, bytes)) !== "not a recording";
    } finally {
      closeSync(fd);
    }
  } catch {
    return true;
  }
}
