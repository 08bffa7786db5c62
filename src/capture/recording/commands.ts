import type { Monitor } from "../../core/monitor.ts";
import { BatchWriter } from "../../core/wire/encode.ts";
import type { EventSource } from "../source.ts";
import { FollowedCapture } from "./followed.ts";
import { infoOf, type RecordingInfo } from "./info.ts";
import { Recorder } from "./recorder.ts";
import { stateOf } from "./state.ts";
import { RecordingWriter, type WriterStats } from "./writer.ts";

/** What a command needs of the world. Text is not sanitised. */
export interface CommandIo {
  /** A line for the user, not part of the output. */
  note(line: string): void;
  /** Aborted when the user wants to end. */
  readonly stopped: AbortSignal;
}

export interface RecordCommand {
  readonly path: string;
  /** Started; the caller closes it. */
  readonly source: EventSource;
  readonly version: string;
}

const DRAIN_MS = 16;
const DRAIN_BUDGET_MS = 8;
const REFRESH_MS = 1_000;
const LAST_DRAIN_MS = 1_000;

/** `spydertop record FILE`: records until stopped. Returns the exit code; throws CaptureError when the file cannot be made. */
export async function runRecord({ path, source, version }: RecordCommand, io: CommandIo): Promise<number> {
  const writer = RecordingWriter.create(path, infoOf(source, version));
  const capture = new FollowedCapture();
  capture.recorder.add(writer);
  io.note(`recording to ${path}; Ctrl-C ends it`);
  let refreshMs = performance.now();
  while (!io.stopped.aborted && writer.failure === undefined) {
    if (performance.now() - refreshMs >= REFRESH_MS) {
      refreshMs += REFRESH_MS;
      source.refresh();
    }
    const more = capture.monitor.held || source.drain(capture.take, DRAIN_BUDGET_MS);
    await pause(more ? 0 : DRAIN_MS, io.stopped);
  }
  source.drain(capture.take, LAST_DRAIN_MS);
  await capture.recorder.close();
  await writer.close();
  io.note(`${path}: ${summary(writer.stats())}`);
  if (writer.failure === undefined) return 0;
  io.note(`${writer.failure.message} (${writer.failure.code}); ${writer.failure.hint}`);
  return 1;
}

export interface SnapshotOptions {
  /** The moment whose state it is, when later than the last that anything happened. */
  readonly atNs?: number;
  /** Called now and then with how far it is: "12.3M read", "40% written". */
  readonly told?: (progress: string) => void;
  /** Aborted: nothing is saved. */
  readonly stopped?: AbortSignal;
}

/**
 * Writes the state of a monitor, whole, as a recording that replays to it: the file has its name when it is complete and on the disk.
 * Returns its bytes. Throws CaptureError.
 */
export async function writeSnapshot(
  path: string,
  info: RecordingInfo,
  monitor: Monitor,
  { atNs = monitor.nowNs, told = () => undefined, stopped }: SnapshotOptions = {},
): Promise<number> {
  const all = Number.POSITIVE_INFINITY;
  const writer = RecordingWriter.create(path, info, { queueBytes: all, whole: true });
  const recorder = new Recorder({ checkpoint: () => state, checkpointBytes: all, backlogBytes: all });
  let state: readonly Uint8Array[] = [];
  try {
    state = await stateOf(monitor, all, (bytes) => {
      stopped?.throwIfAborted();
      told(`${(bytes / 1e6).toFixed(1)} MB read`);
    });
    recorder.add(writer);
    const moment = momentOf(monitor, atNs);
    if (moment !== undefined) recorder.append(moment);
    await whileTold(recorder.close(), stopped, () => told(`${Math.round(recorder.share * 100)}% written`));
    await writer.close();
  } catch (error) {
    await writer.abandon();
    if (!stopped?.aborted) throw error;
  }
  if (writer.failure !== undefined) throw writer.failure;
  return writer.stats().bytes;
}

const TOLD_MS = 250;

/** Waits for work that goes on elsewhere; rejects when it is stopped meanwhile. */
async function whileTold(work: Promise<void>, stopped: AbortSignal | undefined, tell: () => void): Promise<void> {
  const timer = setInterval(tell, TOLD_MS);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(stopped?.reason);
  stopped?.addEventListener("abort", abort);
  try {
    stopped?.throwIfAborted();
    await Promise.race([work, aborted]);
  } finally {
    clearInterval(timer);
    stopped?.removeEventListener("abort", abort);
  }
}

/** An empty batch of a moment; undefined before there is one. */
function momentOf({ graph }: Monitor, atNs: number): Uint8Array | undefined {
  const { baseNs } = graph.reader;
  if (baseNs === undefined) return undefined;
  const wallNs = BigInt(Math.round(graph.clock.wallOf(atNs) * 1000)) * 1000n;
  return new BatchWriter().finish(baseNs + BigInt(Math.round(atNs)), wallNs);
}

function summary({ records, bytes, lost }: WriterStats): string {
  const missing = lost > 0 ? `; ${lost} records were not written: the disk was too slow` : "";
  return `${records} records, ${bytes} bytes${missing}`;
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stopped.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stopped.addEventListener("abort", end);
  });
}
