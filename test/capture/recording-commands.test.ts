import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProcfs } from "../../src/capture/procfs/procfs-source.ts";
import { runRecord, writeSnapshot } from "../../src/capture/recording/commands.ts";
import { describeDamage, openReplay } from "../../src/capture/recording/replay.ts";
import { Monitor } from "../../src/core/monitor.ts";
import type { ProcessId } from "../../src/core/query/model.ts";
import { tree } from "../../src/core/query/tree.ts";
import { activity, INFO } from "./recording-batches.ts";
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
  const watched = {
    kind: source.kind,
    start: () => undefined,
    refresh: () => source.refresh(),
    status: () => source.status(),
    close: () => source.close(),
    drain: (sink: (batch: Uint8Array) => void, budgetMs: number) =>
      source.drain((batch) => {
        live.ingest(batch);
        sink(batch);
        if (++seen >= 3 && pids(live).includes(worker.pid ?? 0)) stop.abort();
      }, budgetMs),
  };
  const command = { path, source: watched, version: "1.2.3" };
  const worker = spawn("sleep", ["60"]);
  expect(await runRecord(command, { note: (line) => notes.push(line), stopped: stop.signal })).toBe(0);
  source.close();
  worker.kill();
  expect(notes.at(-1)).toMatch(/^.*x\.spyt: \d+ records, \d+ bytes$/);

  const replayed = new Monitor();
  const { source: replay, recording } = openReplay(path);
  while (replay.drain((batch) => replayed.ingest(batch), 1_000));
  expect(recording.info).toMatchObject({ program: "spydertop 1.2.3", source: "procfs" });
  expect(replay.status().limited).toEqual(recording.info.limited);
  replay.close();
  expect(pids(replayed)).toContain(worker.pid);
  expect(pids(replayed)).toEqual(pids(live));
  expect(replayed.nowNs).toBe(live.nowNs);
});

test("of a damaged recording it is said what is missing", async () => {
  const bytes = readFileSync(await recorded(activity({ batches: 100 }), { frameMs: 500 }));
  const path = join(folder(), "torn");
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
  const { source, recording } = openReplay(path);
  source.close();
  expect(recording.damage.map((damage) => describeDamage(recording, damage))).toEqual([
    expect.stringMatching(
      /^the end is torn off: \d+ bytes at byte \d+, \d+ records from 2023-11-14T22:13:2\d\.\d+Z to the end$/,
    ),
  ]);
});

/** A monitor of what runs here. */
function watched(): Monitor {
  const source = openProcfs();
  source.start();
  const monitor = new Monitor();
  while (source.drain((batch) => monitor.ingest(batch), 1_000));
  source.close();
  return monitor;
}

test("a snapshot replays to the state it was taken of, wherever it is", async () => {
  const path = join(folder(), "x.spyt");
  const live = watched();
  const bytes = await writeSnapshot(path, INFO, live);
  expect(statSync(path)).toMatchObject({ size: bytes });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { source: replay, recording } = openReplay(path);
  const replayed = new Monitor();
  while (replay.drain((batch) => replayed.ingest(batch), 1_000));
  expect(recording.complete).toBe(true);
  expect(pids(replayed)).toEqual(pids(live));
  expect(pids(replayed)).toContain(process.pid);
  expect(replayed.graph.connections.count).toBe(live.graph.connections.count);
  expect(replayed.graph.clock.wallOf(replayed.nowNs)).toBeCloseTo(live.graph.clock.wallOf(live.nowNs), 0);
  replay.close();
});

test("a snapshot is of the moment that is shown, also where nothing had happened since a while", async () => {
  const path = join(folder(), "x.spyt");
  const live = watched();
  const atNs = live.nowNs + 900e6;
  await writeSnapshot(path, INFO, live, { atNs });
  const { source: replay } = openReplay(path);
  const replayed = new Monitor();
  while (replay.drain((batch) => replayed.ingest(batch), 1_000));
  replay.close();
  expect(replayed.graph.clock.wallOf(replayed.nowNs)).toBeCloseTo(live.graph.clock.wallOf(atNs), 0);
  expect(pids(replayed)).toEqual(pids(live));
});

test("a snapshot has its name when it is whole: not while it is written, not when it is stopped", async () => {
  const base = folder();
  const path = join(base, "x.spyt");
  const live = watched();
  const stop = new AbortController();
  const stopped = writeSnapshot(path, INFO, live, { stopped: stop.signal });
  expect(readdirSync(base)).toEqual([expect.stringMatching(/^\.spydertop-\d+-\w+\.part$/)]);
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ code: "EINTR", message: expect.stringContaining("interrupted") });
  expect(readdirSync(base)).toEqual([]);

  const overtaken = writeSnapshot(path, INFO, live);
  writeFileSync(path, "somebody else's");
  await expect(overtaken).rejects.toMatchObject({ code: "EEXIST" });
  expect(readFileSync(path, "utf8")).toBe("somebody else's");
  expect(readdirSync(base)).toEqual(["x.spyt"]);
});

test("a snapshot is never written over a file or through a link", async () => {
  const path = join(folder(), "x.spyt");
  writeFileSync(path, "mine");
  await expect(writeSnapshot(path, INFO, new Monitor())).rejects.toMatchObject({ code: "EEXIST" });
  const link = join(folder(), "link");
  symlinkSync(join(folder(), "elsewhere"), link);
  await expect(writeSnapshot(link, INFO, new Monitor())).rejects.toThrow("symbolic link");
  expect(readFileSync(path, "utf8")).toBe("mine");
  const base = folder();
  for (const it of [base, `${base}/`])
    await expect(writeSnapshot(it, INFO, new Monitor())).rejects.toMatchObject({
      code: "EISDIR",
      hint: "name a file in it",
    });
});

test.skipIf(process.geteuid?.() !== 0)("under sudo a file is its caller's", async () => {
  const path = join(folder(), "x.spyt");
  const before = { ...process.env };
  Object.assign(process.env, { SUDO_UID: "12345", SUDO_GID: "54321" });
  try {
    await writeSnapshot(path, INFO, new Monitor());
  } finally {
    process.env = before;
  }
  expect(statSync(path)).toMatchObject({ uid: 12345, gid: 54321 });
});
