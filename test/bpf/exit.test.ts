import { expect, test } from "vitest";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

test("exit status as wait reports it", async () => {
  const run = bench.run("end", "status", 42);
  await run.over;
  expect((await capture.exited(run.pid)).code).toBe(42 << 8);
});

test("the signal that killed it", async () => {
  const run = bench.run("end", "signal", 9);
  await run.over;
  expect((await capture.exited(run.pid)).code).toBe(9);
});

test.each([
  ["exits alone", "alone"],
  ["ends the group", "group"],
])("the leader is gone first: the process ends with its last thread, which %s", async (_, how) => {
  const run = bench.run("leader-first", how);
  await run.over;
  const exit = await capture.exited(run.pid);
  expect(capture.of("EXIT", run.pid)).toHaveLength(1);
  expect(exit.tid).toBe(run.number("thread"));
  expect(exit.code).toBe(7 << 8);
  expect(Number(exit.timeNs / 1_000_000n)).toBeGreaterThanOrEqual(run.number("endMs"));
  // The leader computed for 30 ms and so did the thread.
  expect(exit.cpuNs).toBeGreaterThan(55e6);
});

test("usage at the end: CPU time of all threads and the highest memory, as wait4 reports them", async () => {
  const run = bench.run("crowd", 4);
  await run.done();
  const exit = await capture.exited(run.number("child"));
  expect(exit.maxRssBytes).toBe(run.number("maxRssKb") * 1024);
  const cpuMs = run.number("cpuUs") / 1000;
  // wait4 also counts what the kernel still does after the exit was told.
  expect(Math.abs(exit.cpuNs / 1e6 - cpuMs)).toBeLessThan(10 + cpuMs * 0.1);
});

test("threads that end in the same moment are one exit of their process", async () => {
  const run = bench.run("crowds", 400);
  await capture.ended(run);
  const children = capture.of("FORK", run.pid).map((row) => row.childPid);
  expect(children).toHaveLength(400);
  expect(children.map((pid) => capture.of("EXIT", pid).length).filter((exits) => exits !== 1)).toEqual([]);
});
