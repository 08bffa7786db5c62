import type { EventSource } from "../source.ts";
import { infoOf } from "./info.ts";
import { Recorder, type RecorderOptions } from "./recorder.ts";
import { describeDamage, openReplay, type Replay } from "./replay.ts";
import type { ReplayOptions } from "./replay-source.ts";
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
  /** Makes seeking fast: given each batch after it was recorded, and asked for its state now and then. */
  readonly state?: { ingest(batch: Uint8Array): void; checkpoint: NonNullable<RecorderOptions["checkpoint"]> };
}

const DRAIN_MS = 16;
const DRAIN_BUDGET_MS = 8;
const REFRESH_MS = 1_000;
const LAST_DRAIN_MS = 1_000;

/** `spydertop record FILE`: records until stopped. Returns the exit code; throws CaptureError when the file cannot be made. */
export async function runRecord({ path, source, version, state }: RecordCommand, io: CommandIo): Promise<number> {
  const writer = RecordingWriter.create(path, infoOf(source, version));
  const recorder = new Recorder(state === undefined ? {} : { checkpoint: state.checkpoint });
  recorder.add(writer);
  const sink = (batch: Uint8Array): void => {
    recorder.append(batch);
    state?.ingest(batch);
  };
  io.note(`recording to ${path}; Ctrl-C ends it`);
  let refreshMs = performance.now();
  while (!io.stopped.aborted && writer.failure === undefined) {
    if (performance.now() - refreshMs >= REFRESH_MS) {
      refreshMs += REFRESH_MS;
      source.refresh();
    }
    const more = source.drain(sink, DRAIN_BUDGET_MS);
    await pause(more ? 0 : DRAIN_MS, io.stopped);
  }
  source.drain(sink, LAST_DRAIN_MS);
  await recorder.close();
  await writer.close();
  io.note(`${path}: ${summary(writer.stats())}`);
  if (writer.failure === undefined) return 0;
  io.note(`${writer.failure.message} (${writer.failure.code}); ${writer.failure.hint}`);
  return 1;
}

export interface ReplayCommand {
  readonly path: string;
  readonly options?: Omit<ReplayOptions, "status" | "onClose">;
  /** Shows the replay; resolves with the exit code. */
  show(replay: Replay): Promise<number>;
}

/** `spydertop replay FILE`: says what of the file is damaged, then shows it. Throws CaptureError when there is nothing to replay. */
export async function runReplay({ path, options, show }: ReplayCommand, io: Pick<CommandIo, "note">): Promise<number> {
  const replay = openReplay(path, options);
  try {
    for (const damage of replay.recording.damage) io.note(describeDamage(replay.recording, damage));
    return await show(replay);
  } finally {
    replay.source.close();
  }
}

/** Writes one state as a recording that replays to it. Throws CaptureError. */
export async function writeSnapshot(
  path: string,
  command: Omit<RecordCommand, "path" | "state">,
  state: Iterable<Uint8Array>,
): Promise<void> {
  const writer = RecordingWriter.create(path, infoOf(command.source, command.version));
  const recorder = new Recorder();
  recorder.add(writer);
  for (const batch of state) recorder.append(batch);
  await recorder.close();
  await writer.close();
  if (writer.failure !== undefined) throw writer.failure;
}

function summary({ events, bytes, bytesPerEvent, lost }: WriterStats): string {
  const missing = lost > 0 ? `; ${lost} events were not written: the disk was too slow` : "";
  return `${events} events, ${bytes} bytes, ${bytesPerEvent.toFixed(1)} bytes an event${missing}`;
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
