import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { RecordingWriter, type WriterStats } from "../../src/capture/recording/writer.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { once, progress, report } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";
import { workFolder } from "../lib/workload.ts";
import { busy, captured, type Load, rowsOf, synthetic } from "./recording-load.ts";

const INFO = { program: "bench", host: "", kernel: "", bootId: "", source: "live" } as const;
export const ROUNDS = 5;
const EVENTS_PER_SECOND = 10_000;
const PACED_MS = 10_000;
const PERIOD_MS = 16;

interface Recorded {
  readonly path: string;
  readonly stats: WriterStats;
}

/** Records as long as `more` says, never faster than it can be written. */
export async function record(
  load: Load,
  more: (stats: WriterStats) => boolean,
  state: readonly Uint8Array[] = load.snapshot,
): Promise<Recorded> {
  const path = join(workFolder(), "bench.spyt");
  rmSync(path, { force: true });
  const writer = RecordingWriter.create(path, INFO);
  const recorder = new Recorder({ checkpoint: () => state });
  recorder.add(writer);
  let waiting = 0;
  for (const batch of load.forever()) {
    if (!more(writer.stats())) break;
    recorder.append(batch);
    waiting += batch.length;
    if (waiting < 8 << 20) continue;
    waiting = 0;
    await recorder.flush();
    await writer.drained();
  }
  await recorder.close();
  await writer.close();
  if (writer.failure) throw writer.failure;
  return { path, stats: writer.stats() };
}

/** One pass over the load. */
function onePass(load: Load): Promise<Recorded> {
  let left = load.batches.length;
  return record(load, () => left-- > 0);
}

/** Bytes an event takes on disk, and events a second a replay gives. */
export async function recordingSize(): Promise<void> {
  const noise = synthetic();
  for (const load of [await captured(), busy(), noise]) {
    const { path, stats } = await onePass(load);
    const line = { subject: load.name, mode: "recording" };
    report({
      ...line,
      key: `recording/${load.name}/bytes`,
      measure: "bytes an event",
      unit: "B",
      value: once(stats.bytes / stats.records),
      aim: { under: 25 },
      note: `${stats.records} events, ${(load.batches.reduce((sum, { length }) => sum + length, 0) / stats.records).toFixed(0)} B each before`,
    });
    replaySpeed(load, path, "batches", () => () => undefined);
    if (load !== noise)
      replaySpeed(load, path, "graph", () => {
        const monitor = new Monitor();
        return (batch) => monitor.ingest(batch);
      });
    rmSync(path);
  }
}

function replaySpeed(
  load: Load,
  path: string,
  use: "batches" | "graph",
  sink: () => (batch: Uint8Array) => void,
): void {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { source, recording } = openReplay(path);
    const began = performance.now();
    const take = sink();
    while (source.drain(take, 1_000));
    rates.push(recording.events / ((performance.now() - began) / 1e3));
    source.close();
  }
  const value = spread(rates);
  report({
    key: `recording/${load.name}/replay-${use}`,
    subject: load.name,
    mode: `replay to ${use}`,
    measure: "events a second",
    unit: "/s",
    value,
    aim: { over: 500_000 },
    note: `${(value.median / (load.events / (load.durationNs / 1e9))).toFixed(0)}x real time`,
  });
}

/** Share of a core that recording takes at a steady rate: with and without, in turns. */
export async function recordingCost(): Promise<void> {
  const load = await captured();
  const path = join(workFolder(), "cost.spyt");
  const shares: number[] = [];
  const batches = load.forever();
  const paced = async (append: (batch: Uint8Array) => void): Promise<number> => {
    const cpu = process.cpuUsage();
    const began = performance.now();
    let events = 0;
    while (performance.now() - began < PACED_MS) {
      while (events < ((performance.now() - began) / 1e3) * EVENTS_PER_SECOND) {
        const batch = batches.next().value as Uint8Array;
        append(batch);
        events += rowsOf(batch);
      }
      await sleep(PERIOD_MS);
    }
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1e3 / (performance.now() - began);
  };
  for (let round = 0; round < ROUNDS + 1; round++) {
    const writer = RecordingWriter.create(path, INFO);
    const recorder = new Recorder({ checkpoint: () => load.snapshot });
    recorder.add(writer);
    const recorded = await paced((batch) => recorder.append(batch));
    await recorder.close();
    await writer.close();
    rmSync(path);
    const without = await paced(() => undefined);
    // In the first round everything is compiled.
    if (round > 0) shares.push((recorded - without) * 100);
    progress(`paced recording: round ${round + 1} of ${ROUNDS + 1}`);
  }
  report({
    key: "recording/cpu",
    subject: `${EVENTS_PER_SECOND} events a second, ${load.name}`,
    mode: "recording to a file",
    measure: "share of a core",
    unit: "%",
    value: spread(shares),
    aim: { under: 2 },
  });
}
