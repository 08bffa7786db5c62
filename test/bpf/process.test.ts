import { release } from "node:os";
import { expect, test } from "vitest";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const TICK_NS = 10_000_000n;

const forkOf = (child: number) =>
  capture.until(`FORK of ${child}`, () => capture.of("FORK").find((row) => row.childPid === child));

test.each(["fork", "vfork", "clone3"])("%s names parent, child and the child's start", async (how) => {
  const run = bench.run("fork", how);
  await run.done();
  const row = await forkOf(run.number("child"));
  expect(row.pid).toBe(run.number("parent"));
  expect(row.tid).toBe(run.number("parent"));
  expect(row.childStartNs / TICK_NS).toBe(BigInt(run.number("childStart")));
  const exit = await capture.exited(row.childPid);
  expect(exit.startNs).toBe(row.childStartNs);
  expect(exit.code).toBe(3 << 8);
});

test("a program started by us: fork by our process, then one exec, then one exit", async () => {
  const run = bench.run("hold");
  await capture.ended(run);
  const [fork, exec, exit] = capture.rows.filter(
    (row) => (row.kind === "FORK" ? row.childPid : row.pid) === run.pid && ["FORK", "EXEC", "EXIT"].includes(row.kind),
  );
  expect(fork).toMatchObject({ kind: "FORK", pid: process.pid });
  expect(exec).toMatchObject({ kind: "EXEC", parentPid: process.pid, parentStartNs: fork?.startNs });
  expect(exit).toMatchObject({ kind: "EXIT", code: 0, startNs: exec?.startNs });
});

test("CLONE_PARENT: the process that forked is reported, not the one that became the parent", async () => {
  const run = bench.run("clone-parent");
  await run.done();
  expect(run.number("parentInProc")).toBe(run.pid);
  const row = await forkOf(run.number("child"));
  expect(row.pid).toBe(run.number("forker"));
});

test("a daemon keeps its true ancestry after a double fork", async () => {
  const run = bench.run("double-fork");
  await run.ready();
  run.release();
  await run.done();
  const daemon = run.number("daemon");
  const second = await forkOf(daemon);
  const first = await forkOf(second.pid);
  expect(first.pid).toBe(run.pid);
  expect(second.pid).toBe(run.number("session"));
  expect(run.number("parentInProc")).not.toBe(second.pid);
});

test("an orphan given to a subreaper keeps the parent that forked it", async () => {
  const run = bench.run("subreaper");
  await run.done();
  expect(run.number("adopter")).toBe(run.pid);
  const row = await forkOf(run.number("orphan"));
  expect(row.pid).toBe(run.number("forker"));
});

test("threads fold into their process", async () => {
  const run = bench.run("threads");
  await capture.ended(run);
  expect(capture.of("FORK", run.pid)).toEqual([]);
  expect(capture.of("EXIT", run.pid)).toHaveLength(1);
});

test("a child in a pid namespace of its own has both numbers", async () => {
  const run = bench.run("pidns");
  await run.ready();
  run.release();
  await run.done();
  const row = await forkOf(run.number("child"));
  expect(row.childNsPid).toBe(1);
  expect(row.pidns).toBe(run.number("pidns"));
});

test("a fork bomb is complete", async () => {
  const run = bench.run("bomb", 400);
  await capture.ended(run);
  const forks = capture.of("FORK", run.pid);
  expect(forks).toHaveLength(400);
  for (const { childPid, childStartNs } of forks) {
    const exits = capture.of("EXIT", childPid).filter((row) => row.startNs === childStartNs);
    expect(exits).toHaveLength(1);
  }
});

test("numbers used again and again inside a pid namespace are different processes", async ({ skip }) => {
  const [major, minor] = release().split(".").map(Number) as [number, number];
  if (major < 6 || (major === 6 && minor < 14)) skip("before Linux 6.14 pid_max is the whole machine's");
  const children = 400;
  const run = bench.run("churn-pids", children);
  await run.done();
  expect(run.facts).toMatchObject({ status: 0, highest: expect.any(Number) });
  expect(run.number("highest")).toBeLessThan(children);
  const init = run.number("init");
  await capture.exited(init);
  const forks = capture.of("FORK", init);
  expect(forks).toHaveLength(children);
  expect(new Set(forks.map((row) => row.childNsPid)).size).toBeLessThan(children);
  const identities = new Set(forks.map((row) => `${row.childPid} ${row.childStartNs}`));
  expect(identities.size).toBe(children);
  const ended = forks.map((row) =>
    capture.of("EXIT", row.childPid).filter((exit) => exit.startNs === row.childStartNs),
  );
  expect(ended.every((exits) => exits.length === 1)).toBe(true);
});

test("a pid used again is another process", async () => {
  const run = bench.run("reuse-pid");
  await run.done();
  const pid = run.number("pid");
  await capture.exited(run.pid);
  const starts = capture.of("FORK", run.pid).filter((row) => row.childPid === pid);
  expect(new Set(starts.map((row) => row.childStartNs)).size).toBe(starts.length);
  expect(starts.map((row) => Number(row.childStartNs / TICK_NS))).toEqual(
    expect.arrayContaining([run.number("firstStart"), run.number("secondStart")]),
  );
  expect(capture.of("EXIT", pid).map((row) => row.startNs)).toEqual(starts.map((row) => row.childStartNs));
});
