import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { writeSnapshot } from "../../src/capture/recording/commands.ts";
import { FollowedCapture } from "../../src/capture/recording/followed.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import type { ReplaySource } from "../../src/capture/recording/replay-source.ts";
import { RewindBuffer } from "../../src/capture/recording/rewind.ts";
import { stateOf } from "../../src/capture/recording/state.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { activity, INFO } from "./recording-batches.ts";
import { folder } from "./recording-folder.ts";

const busy = () => activity({ batches: 500, rowsPerBatch: 160, stepMs: 20 });

/** What a monitor knows, and what it knows to be missing. */
function known({ graph }: Monitor) {
  const { processes, files, connections, edges, forgotten, events } = graph;
  return {
    events,
    processes: processes.count + forgotten.processes,
    files: files.count + forgotten.files,
    connections: connections.count + forgotten.connections,
    edges: edges.count + forgotten.edges,
  };
}

function played(source: ReplaySource, toNs: number, monitor = new Monitor()): Monitor {
  source.pause();
  source.seek(toNs);
  while (source.drain((batch) => monitor.ingest(batch), 1_000));
  return monitor;
}

test("a checkpoint is the state of one moment, and the program goes on while it is made", async () => {
  const capture = new FollowedCapture();
  const rewind = new RewindBuffer(capture.recorder);
  let turns = 0;
  let made = 0;
  for (const batch of busy()) {
    if (capture.monitor.held) made++;
    for (; capture.monitor.held; turns++) await setImmediate();
    capture.take(batch);
  }
  expect(made).toBeGreaterThan(0);
  expect(turns).toBeGreaterThan(3 * made);
  await capture.recorder.flush();
  expect(rewind.starts.length).toBe(made + 1);
  // It begins with the newest checkpoint.
  const last = played(await rewind.open(), Number.POSITIVE_INFINITY);
  expect(known(last)).toEqual(known(capture.monitor));
});

test("a large state is made in slices: a key waits for one of them at most", async () => {
  const monitor = new Monitor();
  for (const batch of busy()) monitor.ingest(batch);
  const began = performance.now();
  const making = stateOf(monitor, Number.POSITIVE_INFINITY);
  let turns = 0;
  for (; monitor.held; turns++) await setImmediate();
  const tookMs = performance.now() - began;
  await making;
  // Slices of 8 ms and what a busy machine adds to each of them: far from everything at once.
  expect(turns).toBeGreaterThan(tookMs / 50);
  expect(turns).toBeGreaterThan(5);
});

test("a snapshot holds the monitor until its state is read, tells how far it is, and is whole", async () => {
  const monitor = new Monitor();
  for (const batch of busy()) monitor.ingest(batch);
  const path = join(folder(), "now.spyt");
  const progress: string[] = [];
  const saving = writeSnapshot(path, INFO, monitor, { told: (text) => progress.push(text) });
  expect(monitor.held).toBe(true);
  await saving;
  expect(monitor.held).toBe(false);
  expect(progress).toContainEqual(expect.stringMatching(/^\d+\.\d MB read$/u));
  const { source } = openReplay(path);
  const saved = played(source, Number.POSITIVE_INFINITY);
  source.close();
  expect(known(saved)).toEqual(known(monitor));
});
