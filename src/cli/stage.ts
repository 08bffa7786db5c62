import { hostname } from "node:os";
import { join } from "node:path";
import { ImportSource } from "../capture/import/import-source.ts";
import { writeSnapshot } from "../capture/recording/commands.ts";
import { FollowedCapture } from "../capture/recording/followed.ts";
import { infoOf, type RecordingInfo } from "../capture/recording/info.ts";
import { RecordingReader } from "../capture/recording/reader.ts";
import { describeDamage, describeEnd, isRecording } from "../capture/recording/replay.ts";
import { ReplaySource } from "../capture/recording/replay-source.ts";
import { RewindBuffer } from "../capture/recording/rewind.ts";
import { RecordingWriter } from "../capture/recording/writer.ts";
import type { EventSource } from "../capture/source.ts";
import { recollections } from "../core/detect/recall.ts";
import { DEFAULT_MEMORY_BYTES, type Monitor, type MonitorOptions } from "../core/monitor.ts";
import type { CaptureTotals, Names, Queries, TimeMachine } from "../ui/ports.ts";
import type { Input } from "./args.ts";
import { GiveBack } from "./give-back.ts";
import { openSource } from "./open-source.ts";
import type { OpenReplay } from "./past.ts";
import { recalling } from "./recalled.ts";
import { programVersion } from "./record.ts";
import { ReportedFindings } from "./reported.ts";
import { SeekRehearsal } from "./seek-rehearsal.ts";
import { createSession, recordedNames } from "./session.ts";
import { TimeTravel } from "./time-travel.ts";

/** What the screens play on: this machine with its last minutes, a recording, or another tool's file. */
export interface Stage {
  /** Where it was captured. */
  readonly hostname: string;
  readonly queries: Queries;
  readonly names: Names;
  readonly time?: TimeMachine;
  drain(budgetMs: number): boolean;
  refresh(): void;
  totals(): CaptureTotals;
  /** The number by which this program can name a living process; undefined when there is none in its PID namespace. */
  pidHere(pid: number): number | undefined;
  /** Saves the moment that is shown, telling how far it is; resolves with a sentence. Rejects with CaptureError. */
  snapshot(told: (progress: string) => void): Promise<string>;
  /** Given where to tell what happens by itself. */
  announce(tell: (text: string) => void): void;
  /** Ends capture; resolves with what there is to say about a file that was written. */
  close(): Promise<string | undefined>;
}

/** Rejects with CaptureError. machine: its source when no file was asked for; record: a file that is written meanwhile. */
export async function openStage(input: Input, machine: EventSource | undefined, record?: string): Promise<Stage> {
  const { from } = input;
  if (from !== undefined && isRecording(from)) return recordingStage(from, input);
  return sourceStage(machine ?? (await openSource(input)), input, record);
}

/** Of the memory there is: what the last minutes take at most, and the graph of a moment of them. The rest is the present's graph. */
const WINDOW_SHARE = 1 / 4;

function sourceStage(source: EventSource, input: Input, record: string | undefined): Stage {
  const memoryBytes = input.memoryLimitBytes ?? DEFAULT_MEMORY_BYTES;
  const windowBytes = memoryBytes * WINDOW_SHARE;
  const capture = new FollowedCapture({ memoryLimitBytes: memoryBytes - windowBytes });
  const info = infoOf(source, programVersion());
  let tell = (_text: string): void => undefined;
  let writer: RecordingWriter | undefined;
  try {
    writer =
      record === undefined
        ? undefined
        : RecordingWriter.create(record, info, { onFailure: (error) => tell(`${error.message}; ${error.hint}`) });
  } catch (error) {
    source.close();
    throw error;
  }
  if (writer !== undefined) capture.recorder.add(writer);
  const session = createSession(source, capture);
  const file = source instanceof ImportSource ? source : undefined;
  const rewind = windowOf(capture, windowBytes, file);
  const time = rewinding(capture, rewind, session.names, windowBytes, file);
  const memory = new GiveBack(() => rewind.thin());
  time.onDropped = memory.dropped;
  return {
    get hostname() {
      return file === undefined ? hostname() : file.host;
    },
    queries: time.queries,
    names: session.names,
    time,
    drain: (budgetMs) => {
      const more = (file !== undefined && capture.recorder.busy) || session.drain(budgetMs);
      return time.pump(budgetMs) || more;
    },
    refresh: () => {
      source.refresh();
      memory.look(capture.monitor.events);
    },
    totals: () => {
      const totals = session.totals();
      if (writer === undefined) return totals;
      return { ...totals, recording: { bytes: writer.stats().bytes, failed: writer.failure !== undefined } };
    },
    pidHere: session.pidHere,
    snapshot: (told) => saveMoment(time, info, told),
    announce: (to) => (tell = to),
    close: async () => {
      source.close();
      time.close();
      await capture.recorder.close();
      await writer?.close();
      if (writer === undefined || record === undefined) return undefined;
      if (writer.failure !== undefined) return `${writer.failure.message}; ${writer.failure.hint}`;
      const { records, bytes } = writer.stats();
      return `${record}: ${records} records, ${bytes} bytes`;
    },
  };
}

/** The last minutes of a capture, or all of another tool's file, in maxBytes at most. */
export function windowOf({ recorder }: FollowedCapture, maxBytes: number, file?: ImportSource): RewindBuffer {
  return new RewindBuffer(recorder, {
    maxBytes,
    ...(file === undefined ? {} : { minutes: Number.POSITIVE_INFINITY }),
  });
}

/**
 * Time travel through the last minutes of a capture, or through another tool's file, which take maxBytes at most, and as much again
 * while one looks at them.
 */
export function rewinding(
  { monitor, recorder }: FollowedCapture,
  rewind: RewindBuffer,
  names: Names,
  maxBytes: number,
  file?: ImportSource,
): TimeTravel {
  const reported = new WeakMap<Monitor, ReportedFindings>();
  const report = (source: ImportSource, past: Monitor): void => {
    const known = reported.get(past) ?? new ReportedFindings(source, past);
    reported.set(past, known);
    known.tell(false);
  };
  return new TimeTravel(
    names,
    { memoryLimitBytes: maxBytes },
    {
      monitor,
      complete: file === undefined ? recalling((from) => recollections(monitor, from)) : (past) => report(file, past),
      startNs: () => rewind.startNs,
      ready: () => recorder.flush(),
      open: (options) => new ReplaySource(rewind, options),
      note: (note) => recorder.note(note),
    },
  );
}

function recordingStage(path: string, limits: MonitorOptions): Stage {
  const recording = RecordingReader.open(path);
  const names = recordedNames();
  const open: OpenReplay = (options) => new ReplaySource(recording, options);
  const file = path.slice(path.lastIndexOf("/") + 1);
  const time = new TimeTravel(names, limits, { file, open, notes: recording.notes });
  let rehearsal: SeekRehearsal | undefined;
  const { limited } = recording.info;
  return {
    hostname: recording.info.host,
    queries: time.queries,
    names,
    time,
    drain: (budgetMs) => {
      if (time.seeking) rehearsal?.stop();
      return time.pump(budgetMs) || rehearsal?.pump(budgetMs) === true;
    },
    // The first frame stands.
    refresh: () => {
      rehearsal ??= new SeekRehearsal(open, limits);
    },
    totals: () => {
      const { events, lostTotal } = time.monitor;
      return { kind: "replay", events, lost: lostTotal, ...(limited === undefined ? {} : { limited }) };
    },
    pidHere: () => undefined,
    snapshot: (told) => saveMoment(time, recording.info, told),
    announce: (tell) => {
      const [damage] = recording.damage;
      const missing = damage === undefined ? describeEnd(recording) : describeDamage(recording, damage);
      if (missing !== undefined) tell(missing);
    },
    close: async () => {
      recording.close();
      return undefined;
    },
  };
}

/** A new file in the current directory, of the moment that is shown and named after it. */
async function saveMoment(time: TimeTravel, info: RecordingInfo, told: (progress: string) => void): Promise<string> {
  const { monitor } = time;
  const { nowNs: atNs } = time.standing;
  const moment = new Date(monitor.graph.clock.wallOf(atNs));
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${moment.getFullYear()}${two(moment.getMonth() + 1)}${two(moment.getDate())}`;
  const clock = `${two(moment.getHours())}${two(moment.getMinutes())}${two(moment.getSeconds())}`;
  const path = `spydertop-${day}-${clock}.spyt`;
  const bytes = await writeSnapshot(path, info, monitor, { told, atNs });
  return `saved ${join(process.cwd(), path)}, ${bytes} bytes`;
}
