import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LiveSource, openLive } from "../../src/capture/live/live-source.ts";
import { NONE } from "../../src/core/graph/indexes.ts";
import { PROCESS_FLAG } from "../../src/core/graph/processes.ts";
import { Monitor } from "../../src/core/monitor.ts";
import type { ProcessDetail } from "../../src/core/query/model.ts";
import { processDetail } from "../../src/core/query/process-detail.ts";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";

const DEADLINE_MS = 15_000;

let source: LiveSource;
const monitor = new Monitor();

beforeAll(async () => {
  source = await openLive({});
});

afterAll(() => source?.close());

/** What is known of a process of these tests once it has exited. */
async function known(pid: number): Promise<ProcessDetail> {
  const { processes } = monitor.graph;
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    while (source.drain((batch) => monitor.ingest(batch), 50));
    const row = processes.withTgid(pid).find((one) => processes.has(one, PROCESS_FLAG.EXITED)) ?? NONE;
    const detail = row === NONE ? undefined : processDetail(monitor, processes.idOf(row));
    if (detail !== undefined) return detail;
    if (performance.now() > deadline) throw new Error(`process ${pid} was not seen to exit`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function ended(run: Child): Promise<ProcessDetail> {
  await run.done();
  return known(run.pid);
}

test("who wrote into whom", async () => {
  const run = bench.run("inject");
  const actor = await ended(run);
  const victim = await known(run.number("victim"));
  const reach = { link: "injected", from: actor.row.id, to: victim.row.id, certainty: "observed" };
  expect(actor.reach).toContainEqual(expect.objectContaining(reach));
  const line = victim.timeline.find((entry) => entry.text.startsWith("had its memory written by"));
  expect(line?.text).toContain(`${run.pid} `);
});

test("memory and namespaces mark the process", async () => {
  const memory = await ended(bench.run("memory"));
  expect(memory.marks.map((mark) => mark.text)).toEqual([
    'made a file in memory called "secret"',
    "made memory writable and executable at once",
  ]);
  const namespaces = await ended(bench.run("namespaces"));
  expect(namespaces.marks.map((mark) => mark.text)).toContainEqual(expect.stringContaining("namespace"));
});

test("who sent a signal", async () => {
  const run = bench.run("signals");
  const target = await ended(run);
  const sender = await known(run.number("child"));
  expect(target.reach).toContainEqual(
    expect.objectContaining({ link: "signalled", from: sender.row.id, to: target.row.id }),
  );
});

test("who passed a descriptor to whom, over a socket pair nobody announced", async () => {
  const path = bench.path("passed");
  writeFileSync(path, "");
  const run = bench.run("pass-fd", path);
  const sender = await ended(run);
  const receiver = await known(run.number("child"));
  expect(receiver.reach).toContainEqual(
    expect.objectContaining({
      link: "passed descriptor",
      from: sender.row.id,
      text: expect.stringContaining("was given an open file by"),
      certainty: "observed",
    }),
  );
});
