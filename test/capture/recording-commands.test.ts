import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProcfs } from "../../src/capture/procfs/procfs-source.ts";
import { runRecord, runReplay, writeSnapshot } from "../../src/capture/recording/commands.ts";
import { RecordingReader } from "../../src/capture/recording/reader.ts";
import { Monitor } from "../../src/core/monitor.ts";
import type { ProcessId } from "../../src/core/query/model.ts";
import { tree } from "../../src/core/query/tree.ts";
import { activity } from "./recording-batches.ts";
import { folder, recorded } from "./recording-folder.ts";

/** Pids a monitor shows. */
function pids(monitor: Monitor): number[] {
  const shown = { layout: "flat", showKernelThreads: true, collapsed: new Set<ProcessId>(), lingerNs: 0 } as const;
  return tree(monitor, { ...shown, sort: "pid", descending: false, nowNs: monitor.nowNs }).rows.map((row) => row.pid);
}

test("what is recorded from this machine replays to the same processes", async () => {
  const path = join(folder(), "x.spyt");
  const source = openProcfs({ intervalMs: 50 });
  source.start();
  const live = new Monitor();
  const stop = new AbortController();
  const notes: string[] = [];
  let seen = 0;
  const ingest = (batch: Uint8Array): void => {
    live.ingest(batch);
    if (++seen === 3) stop.abort();
  };
  const command = { path, source, version: "1.2.3", state: { ingest, checkpoint: () => [] } };
  const worker = spawn("sleep", ["60"]);
  expect(await runRecord(command, { note: (line) => notes.push(line), stopped: stop.signal })).toBe(0);
  source.close();
  worker.kill();
  expect(notes.at(-1)).toMatch(/^.*x\.spyt: \d+ events, \d+ bytes, [\d.]+ bytes an event$/);

  const replayed = new Monitor();
  const shown = await runReplay(
    {
      path,
      show: async ({ source: replay, recording }) => {
        while (replay.drain((batch) => replayed.ingest(batch), 1_000));
        expect(recording.info).toMatchObject({ program: "spydertop 1.2.3", source: "procfs" });
        expect(replay.status().limited).toEqual(recording.info.limited);
        return 7;
      },
    },
    { note: (line) => notes.push(line) },
  );
  expect(shown).toBe(7);
  expect(pids(replayed)).toContain(worker.pid);
  expect(pids(replayed)).toEqual(pids(live));
  expect(replayed.nowNs).toBe(live.nowNs);
});

test("a damaged recording is shown after saying what is missing", async () => {
  const bytes = readFileSync(await recorded(activity({ batches: 100 }), { frameMs: 500 }));
  const path = join(folder(), "torn");
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
  const notes: string[] = [];
  const show = async (): Promise<number> => 0;
  expect(await runReplay({ path, show }, { note: (line) => notes.push(line) })).toBe(0);
  expect(notes).toEqual([
    expect.stringMatching(
      /^the end is torn off: \d+ bytes at byte \d+, \d+ records from 2023-11-14T22:13:2\d\.\d+Z to the end$/,
    ),
  ]);
});

test("a snapshot replays to the state it was taken of", async () => {
  const path = join(folder(), "x.spyt");
  const batches = [...activity({ batches: 5 })];
  const source = openProcfs();
  source.start();
  await writeSnapshot(path, { source, version: "1" }, batches);
  source.close();
  const reader = RecordingReader.open(path);
  expect(reader.complete).toBe(true);
  expect(reader.events).toBe(100);
  reader.close();
});
