import { expect, test } from "vitest";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { RewindBuffer } from "../../src/capture/recording/rewind.ts";
import { MARK } from "../../src/core/graph/marks.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { activity, BOOT_NS, WALL_NS } from "./recording-batches.ts";
import { State } from "./recording-folder.ts";

const QUIET = 600;
const FLOOD = 300;
const ROWS = 2_000;
const AFTER = 700;
const FILES = 50;

/**
 * A quiet minute, then two processes that open the same files over and over and one that opens another one now and then, then a quiet
 * minute.
 */
function* flood(): Generator<Uint8Array> {
  yield* activity({ batches: QUIET, rowsPerBatch: 3 });
  const writer = new BatchWriter();
  let timeNs = BOOT_NS + BigInt(QUIET * 100) * 1_000_000n;
  const open = (pid: number, ino: number): void =>
    writer.open({ timeNs, pid, startNs: 1n, path: `/srv/${ino}`, dev: 1, ino, open: OPEN_FLAG.READ });
  for (let n = 0; n < FLOOD; n++, timeNs += 20_000_000n) {
    for (let row = 0; row < ROWS; row++) open(7 + (row % 2), 1_000 + (row % FILES));
    if (n % 10 === 0) open(9, 5_000 + n);
    yield writer.finish(timeNs, WALL_NS);
  }
  for (let n = 0; n < AFTER; n++, timeNs += 100_000_000n) {
    open(9, 10_000 + n);
    yield writer.finish(timeNs, WALL_NS);
  }
}

/** The window after all that, and a monitor that has taken in all of it. */
async function kept(maxBytes: number): Promise<{ readonly rewind: RewindBuffer; readonly monitor: Monitor }> {
  const state = new State();
  const recorder = new Recorder({ checkpoint: state.checkpoint });
  const rewind = new RewindBuffer(recorder, { maxBytes });
  let n = 0;
  for (const batch of state.newest(flood())) {
    recorder.append(batch);
    if (n++ % 20 === 0) await recorder.flush();
  }
  await recorder.flush();
  await rewind.thin();
  const monitor = new Monitor();
  const source = await rewind.open();
  while (source.drain((batch) => monitor.ingest(batch), 1_000));
  return { rewind, monitor };
}

/** How often a process opened each file. */
function opens({ graph: { processes, edges } }: Monitor, pid: number): number[] {
  const times: number[] = [];
  const [process] = processes.withTgid(pid);
  for (let edge = 0; edge < edges.limit; edge++)
    if (edges.isLive(edge) && edges.process.get(edge) === process) times.push(edges.times.get(edge));
  return times;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

test("a flood leaves the minutes before it and what it was about, and what is left out of it is counted", async () => {
  const whole = await kept(32 << 20);
  expect(whole.monitor.lostTotal).toBe(0);
  expect(sum(opens(whole.monitor, 7))).toBe((FLOOD * ROWS) / 2);
  const limit = Math.round(whole.rewind.bytes * 0.9);
  const { rewind, monitor } = await kept(limit);
  expect(rewind.bytes).toBeLessThan(whole.rewind.bytes / 2);
  expect(rewind.startNs).toBe(0);
  const { graph } = monitor;
  for (const pid of [7, 8]) {
    const times = opens(monitor, pid);
    expect(times).toHaveLength(FILES / 2);
    const [process = -1] = graph.processes.withTgid(pid);
    const mark = graph.marks.find(process, MARK.THROTTLED);
    expect(sum(times) + graph.marks.bitsLo.get(mark)).toBe((FLOOD * ROWS) / 2);
  }
  // What does not repeat is whole.
  expect(opens(monitor, 9)).toEqual(opens(whole.monitor, 9));
  expect(graph.marks.count).toBe(2);
});
