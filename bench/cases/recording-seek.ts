import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { BusyHost } from "../lib/busy-host.ts";
import { asProgram } from "../lib/child.ts";
import { once, progress, report } from "../lib/result.ts";
import { median, spread } from "../lib/statistics.ts";
import { ROUNDS, record } from "./recording.ts";
import { captured } from "./recording-load.ts";

const LARGE_BYTES = Number(process.env["SPYDERTOP_BENCH_RECORDING_MB"] ?? "1024") << 20;
/** Of each way; those with the graph in as many processes as there are rounds. */
const SEEKS = 40;
const CHECKPOINT_BYTES = 8 << 20;
const FILES = 500_000;
const FILL_ROWS = 50_000;

export interface Seek {
  readonly ms: number;
  /** CPU of its own thread. */
  readonly cpuMs: number;
  /** Of that, in the kernel: memory that is touched for the first time. */
  readonly kernelMs: number;
}

/** What recording-open.ts prints. */
export interface Played {
  readonly openMs: number;
  readonly seeks: readonly Seek[];
  readonly peakMb: number;
}

/** The largest checkpoint there is: of a monitor that has filled its memory. */
function fullState(): { readonly state: readonly Uint8Array[]; readonly exportMs: number } {
  const monitor = new Monitor();
  const host = new BusyHost(FILES);
  while (monitor.graph.forgotten.edges === 0) for (const batch of host.load(FILL_ROWS).batches) monitor.ingest(batch);
  const began = performance.now();
  const state = [...monitor.checkpoint(CHECKPOINT_BYTES)];
  return { state, exportMs: performance.now() - began };
}

/** Time to open a large recording and to reach any moment of it. Every segment begins with the largest checkpoint there is. */
export async function recordingSeek(): Promise<void> {
  const load = await captured();
  const { state, exportMs } = fullState();
  const stateBytes = state.reduce((sum, { length }) => sum + length, 0);
  report({
    key: "recording/checkpoint",
    subject: `checkpoint of ${(stateBytes / 2 ** 20).toFixed(1)} MiB`,
    mode: "full graph",
    measure: "time to make",
    unit: "ms",
    value: once(exportMs),
  });
  const { path, stats } = await record(load, ({ bytes }) => bytes < LARGE_BYTES, state);
  const line = { subject: `recording of ${(stats.bytes / 2 ** 30).toFixed(2)} GiB`, mode: `${stats.records} events` };
  const opens = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    openReplay(path).source.close();
    return performance.now() - began;
  });
  report({ ...line, key: "recording/open", measure: "open", unit: "ms", value: spread(opens) });
  seekBatches(line, path);
  seekGraph(line, path);
  rmSync(path);
}

interface Place {
  readonly subject: string;
  readonly mode: string;
}

function seekBatches(line: Place, path: string): void {
  const { source } = openReplay(path);
  source.pause();
  const times = Array.from({ length: SEEKS }, () => {
    const targetNs = source.startNs + Math.random() * source.durationNs;
    const began = performance.now();
    source.seek(targetNs);
    while (source.drain(() => undefined, 1_000));
    return performance.now() - began;
  });
  source.close();
  report({ ...line, key: "recording/seek-batches", measure: "seek", ...reached(times) });
}

/** When the first key comes. */
type Key = "at-once" | "rehearsed";

function play(path: string, seeks: number, key: Key): Played {
  const script = join(import.meta.dirname, "recording-open.ts");
  const child = spawnSync(asProgram, ["--of-file", script, path, String(seeks), key], { encoding: "utf8" });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Played;
}

/** As the screens do: the engine has compiled nothing when a recording is opened, and not all when the first moment is asked for. */
function seekGraph(line: Place, path: string): void {
  const plays: Played[] = [];
  const hurried: Played[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    plays.push(play(path, SEEKS / ROUNDS, "rehearsed"));
    hurried.push(play(path, 1, "at-once"));
    progress(`seek: process ${round + 1} of ${ROUNDS}`);
  }
  report({
    ...line,
    key: "recording/open-graph",
    measure: "open, and the graph of its end",
    unit: "ms",
    value: spread(plays.map(({ openMs }) => openMs)),
  });
  report({
    ...line,
    key: "recording/seek-first",
    measure: "the first seek, with the graph, some time after that",
    ...built(plays.map(({ seeks }) => seeks[0] as Seek)),
  });
  report({
    ...line,
    key: "recording/seek-at-once",
    measure: "the same right after that",
    ...built(hurried.map(({ seeks }) => seeks[0] as Seek)),
  });
  const { note, ...row } = built(plays.flatMap(({ seeks }) => seeks));
  const peakMb = Math.max(...plays.map((play) => play.peakMb));
  report({
    ...line,
    key: "recording/seek-graph",
    measure: "seek, with the graph built",
    ...row,
    note: `${note}; ${peakMb.toFixed(0)} MB at most`,
  });
}

function built(seeks: readonly Seek[]) {
  const { note, ...row } = reached(seeks.map(({ ms }) => ms));
  const told = (times: readonly number[]): string =>
    `${median(times).toFixed(0)} ms, at worst ${Math.max(...times).toFixed(0)}`;
  const own = told(seeks.map(({ cpuMs }) => cpuMs));
  const kernel = told(seeks.map(({ kernelMs }) => kernelMs));
  return { ...row, note: `${note}; its thread's CPU ${own}; of it in the kernel ${kernel}` };
}

const reached = (times: readonly number[]) => ({
  unit: "ms",
  value: spread(times),
  aim: { under: 200 },
  note: `worst of ${times.length}: ${Math.max(...times).toFixed(0)} ms`,
});
