import { crc32 } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { openReplay } from "../../src/capture/recording/replay.ts";
import type { ReplayOptions } from "../../src/capture/recording/replay-source.ts";
import { activity, BOOT_NS, Player, rowsOf } from "./recording-batches.ts";
import { recorded, State } from "./recording-folder.ts";

const STEP_MS = 100;
const BATCHES = 600;
const stream = { batches: BATCHES, stepMs: STEP_MS };
const LAST_NS = (BATCHES - 1) * STEP_MS * 1e6;

/** A minute in segments of a few seconds, with or without checkpoints. */
function minute(checkpoints: boolean): Promise<string> {
  const state = new State();
  const options = { segmentBytes: 40_000, ...(checkpoints ? { checkpoint: state.checkpoint } : {}) };
  return recorded(state.newest(activity(stream)), options);
}

function player(path: string, options: Omit<ReplayOptions, "status" | "onClose"> = {}): Player {
  const { source } = openReplay(path, options);
  onTestFinished(() => source.close());
  return new Player(source);
}

test("in real time, what happened until now is there and nothing more", async () => {
  let nowMs = 5_000;
  const replay = player(await minute(false), { speed: 1, clockMs: () => nowMs });
  expect(replay.play().lastNs).toBe(0);
  nowMs += 10_050;
  expect(replay.play().lastNs).toBe(10_000e6);
  expect(replay.source.drain(() => {}, 1_000)).toBe(false);
  expect(replay.source.positionNs).toBe(10_000e6);
  nowMs += 3_600_000;
  expect(replay.play().lastNs).toBe(LAST_NS);
  expect(replay.source.atEnd).toBe(true);
});

test("speed scales the clock and may change while playing", async () => {
  let nowMs = 0;
  const replay = player(await minute(false), { speed: 20, clockMs: () => nowMs });
  nowMs = 500;
  expect(replay.play().lastNs).toBe(10_000e6);
  replay.source.speed = 2;
  nowMs = 1_500;
  expect(replay.play().lastNs).toBe(12_000e6);
});

test("pause holds the moment, resume goes on from it, a step is one batch with rows", async () => {
  let nowMs = 0;
  const replay = player(await minute(false), { speed: 1, clockMs: () => nowMs });
  nowMs = 2_000;
  replay.play();
  replay.source.pause();
  nowMs = 60_000;
  expect(replay.play().rows).toEqual([]);
  expect(replay.source.step(replay.sink)).toBe(2_100e6);
  expect(replay.play().timesNs).toEqual([2_100e6]);
  replay.source.resume();
  nowMs += 500;
  expect(replay.play().lastNs).toBe(2_600e6);
});

test("a seek back begins anew with the state of that moment and keeps the times", async () => {
  let restarts = 0;
  const replay = player(await minute(true), { onRestart: () => restarts++ });
  replay.play();
  replay.source.pause();
  for (const targetNs of [59_000e6, 30_050e6, 12_345e6, 0]) {
    const before = restarts;
    replay.source.seek(targetNs);
    expect(restarts).toBe(before + 1);
    const { timesNs, lastNs } = replay.play();
    expect(timesNs[0], "an empty batch fixes time 0").toBe(0);
    expect(lastNs).toBe(Math.floor(targetNs / 100e6) * 100e6);
    expect(replay.source.positionNs).toBe(lastNs);
  }
});

test("a seek to what comes soon goes on with what is known", async () => {
  let restarts = 0;
  const replay = player(await minute(true), { onRestart: () => restarts++ });
  replay.source.pause();
  replay.source.seek(10_000e6);
  const before = replay.play().rows;
  replay.source.seek(40_000e6);
  expect([...before, ...replay.play().rows]).toEqual(rowsOf([...activity(stream)].slice(0, 401)));
  expect(restarts).toBe(0);
});

test("what a seek delivers is the checkpoint and then every row since it", async () => {
  const all = [...activity(stream)];
  const replay = player(await minute(true));
  replay.play();
  replay.source.pause();
  replay.source.seek(41_000e6);
  const rows = replay.play().rows;
  const until = rowsOf(all.slice(0, 411));
  expect(rows.length).toBeLessThan(until.length);
  expect(rows.length).toBeGreaterThan(0);
  expect(until.slice(-rows.length)).toEqual(rows);
});

test("without checkpoints a seek replays from the beginning: nothing is missing", async () => {
  const replay = player(await minute(false));
  replay.play();
  replay.source.pause();
  replay.source.seek(41_000e6);
  expect(replay.play().rows).toEqual(rowsOf([...activity(stream)].slice(0, 411)));
});

test("a checkpoint is not replayed when playing through it", async () => {
  expect(player(await minute(true)).play().rows).toEqual(rowsOf(activity(stream)));
});

test("any seek is clamped to what was recorded", async () => {
  const replay = player(await minute(true));
  replay.source.pause();
  replay.source.seek(-5e9);
  expect(replay.play().lastNs).toBe(0);
  replay.source.seek(1e18);
  expect(replay.play().lastNs).toBe(LAST_NS);
});

test("a drain stops when its budget is spent and says that there is more", async () => {
  const replay = player(await minute(false));
  let batches = 0;
  expect(replay.source.drain(() => batches++, 0)).toBe(true);
  expect(batches).toBeLessThan(BATCHES);
});

test("density shows when something happened, whatever the number of buckets", async () => {
  const quiet = [...activity({ batches: 50, stepMs: 100 })];
  const late = [...activity({ batches: 50, stepMs: 100, seed: 2 })];
  for (const batch of late) shift(batch, 60_000_000_000n);
  const { recording } = openReplay(await recorded([...quiet, ...late]));
  const { counts, startNs, endNs } = recording.density(10);
  expect([startNs, endNs]).toEqual([0, 64.9e9]);
  expect([...counts].map((count) => count > 0)).toEqual([true, ...Array(8).fill(false), true]);
  const total = (buckets: number): number =>
    Math.round(recording.density(buckets).counts.reduce((sum, count) => sum + count, 0));
  expect(total(1)).toBe(total(777));
});

/** Moves a batch in time. */
function shift(batch: Uint8Array, byNs: bigint): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  view.setBigUint64(32, view.getBigUint64(32, true) + byNs, true);
}

test("times beyond what a double holds exactly are told relative to the beginning", async () => {
  expect(BOOT_NS > BigInt(Number.MAX_SAFE_INTEGER)).toBe(true);
  const { source } = player(await minute(false));
  expect([source.startNs, source.endNs, source.durationNs]).toEqual([0, LAST_NS, LAST_NS]);
});

test("a copy of a batch stays when the frame it came from is done with", async () => {
  const path = await recorded(activity({ batches: 200, rowsPerBatch: 200 }));
  const { source, recording } = openReplay(path);
  onTestFinished(() => source.close());
  const copies: Uint8Array[] = [];
  const told: number[] = [];
  const keep = (batch: Uint8Array): void => {
    copies.push(batch.slice());
    told.push(crc32(batch));
  };
  while (source.drain(keep, 1_000));
  expect(recording.end).toBeGreaterThan(3);
  expect(copies.map((copy) => crc32(copy))).toEqual(told);
});
