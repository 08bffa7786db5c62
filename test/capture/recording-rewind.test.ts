import { join } from "node:path";
import { expect, test } from "vitest";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { RewindBuffer } from "../../src/capture/recording/rewind.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { activity, drained, INFO, Player, rowsOf } from "./recording-batches.ts";
import { folder, State } from "./recording-folder.ts";

const STEP_NS = 100e6;

test("the past is there while capture goes on, and playing reaches what came meanwhile", async () => {
  const recorder = new Recorder();
  const rewind = new RewindBuffer(recorder);
  const all = [...activity({ batches: 400 })];
  for (const batch of all.slice(0, 300)) recorder.append(batch);
  const past = new Player(await rewind.open());
  past.source.pause();
  past.source.seek(10e9);
  const before = past.play().rows;
  expect(before).toEqual(rowsOf(all.slice(0, 101)));
  for (const batch of all.slice(300)) recorder.append(batch);
  await recorder.flush();
  past.source.resume();
  expect([...before, ...past.play().rows]).toEqual(rowsOf(all));
  expect(past.source.atEnd).toBe(true);
});

test("the newest moment can be opened right after it was recorded", async () => {
  const recorder = new Recorder();
  const rewind = new RewindBuffer(recorder);
  for (const batch of activity({ batches: 7 })) recorder.append(batch);
  const { source } = new Player(await rewind.open());
  expect(source.endNs).toBe(6 * STEP_NS);
  expect(drained(source)).toEqual(rowsOf(activity({ batches: 7 })));
});

test("what is older than the window is forgotten, times stay those of the capture", async () => {
  const state = new State();
  const recorder = new Recorder({ segmentBytes: 5_000, checkpoint: state.checkpoint });
  const rewind = new RewindBuffer(recorder, { minutes: 1 });
  const all = [...activity({ batches: 2_000 })];
  for (const batch of state.newest(all)) recorder.append(batch);
  const replay = new Player(await rewind.open());
  const { startNs, endNs } = replay.source;
  expect(endNs).toBe(1_999 * STEP_NS);
  expect(endNs - startNs).toBeGreaterThanOrEqual(60e9);
  expect(endNs - startNs).toBeLessThan(65e9);
  const { rows, timesNs } = replay.play();
  expect(timesNs[0]).toBe(0);
  expect(rowsOf(all).slice(-rows.length)).toEqual(rows);
  const monitor = new Monitor();
  const { source } = new Player(await rewind.open());
  while (source.drain((batch) => monitor.ingest(batch), 1_000));
  expect(monitor.nowNs).toBe(endNs);
});

test.each([true, false])("memory stays within its limit (with checkpoints: %s)", async (checkpoints) => {
  const state = new State();
  const options = { segmentBytes: 20_000, ...(checkpoints ? { checkpoint: state.checkpoint } : {}) };
  const recorder = new Recorder(options);
  const maxBytes = 100_000;
  const rewind = new RewindBuffer(recorder, { minutes: 1_000, maxBytes });
  let most = 0;
  let n = 0;
  for (const batch of state.newest(activity({ batches: 3_000 }))) {
    recorder.append(batch);
    if (n++ % 20 === 0) await recorder.flush();
    most = Math.max(most, rewind.bytes);
  }
  await recorder.flush();
  expect(most).toBeLessThan(maxBytes + 20_000);
  expect(most).toBeGreaterThan(maxBytes / 2);
  const { source } = new Player(await rewind.open());
  const rows = drained(source);
  expect(rowsOf(activity({ batches: 3_000 })).slice(-rows.length)).toEqual(rows);
});

test("a replay whose past was forgotten while it was paused begins anew at the oldest moment there is", async () => {
  const state = new State();
  const recorder = new Recorder({ segmentBytes: 5_000, checkpoint: state.checkpoint });
  const rewind = new RewindBuffer(recorder, { minutes: 1 });
  const all = [...activity({ batches: 2_000 })];
  let restarts = 0;
  let replay: Player | undefined;
  const onRestart = (): void => {
    restarts++;
    replay?.forget();
  };
  let n = 0;
  for (const batch of state.newest(all)) {
    recorder.append(batch);
    if (n++ === 100) {
      replay = new Player(await rewind.open({ onRestart }));
      replay.source.pause();
      replay.source.seek(2e9);
      expect(replay.play().lastNs).toBe(2e9);
    }
  }
  await recorder.flush();
  replay?.source.resume();
  const { rows } = replay!.play();
  expect(restarts).toBe(1);
  expect(rowsOf(all).slice(-rows.length)).toEqual(rows);
  expect(replay!.source.atEnd).toBe(true);
});

test("the window is saved to a file, which goes on with the capture without a hole", async () => {
  const state = new State();
  const recorder = new Recorder({ segmentBytes: 20_000, checkpoint: state.checkpoint });
  const rewind = new RewindBuffer(recorder);
  const all = [...activity({ batches: 500 })];
  const path = join(folder(), "x.spyt");
  const writer = RecordingWriter.create(path, INFO, { queueBytes: 64_000 });
  let saving: Promise<void> | undefined;
  let n = 0;
  for (const batch of state.newest(all)) {
    recorder.append(batch);
    if (n++ === 250) saving = rewind.save(writer);
    // Capture goes on while the window is written.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await saving;
  await recorder.close();
  await writer.close();
  const { source, recording } = openReplay(path);
  expect(recording.damage).toEqual([]);
  expect(writer.stats().lost).toBe(0);
  expect(drained(source)).toEqual(rowsOf(all));
  source.close();
});

test("a file added in the middle begins with a segment of its own", async () => {
  const state = new State();
  const recorder = new Recorder({ checkpoint: state.checkpoint });
  const all = [...activity({ batches: 200, keyEvery: 1_000 })];
  const path = join(folder(), "x.spyt");
  let writer: RecordingWriter | undefined;
  let n = 0;
  for (const batch of state.newest(all)) {
    if (n++ === 100) recorder.add((writer = RecordingWriter.create(path, INFO)));
    recorder.append(batch);
  }
  await recorder.close();
  await writer!.close();
  const { source } = openReplay(path);
  // The checkpoint of this test is the batch before.
  expect(drained(source)).toEqual(rowsOf(all).slice(rowsOf(all.slice(0, 99)).length));
  source.close();
});
