import { expect, test } from "vitest";
import { NONE } from "../../../src/core/graph/indexes.ts";
import { usedBytes } from "../../../src/core/graph/retain.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import type { BatchWriter } from "../../../src/core/wire/encode.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const MS = 1e6;
const LENGTH = 3000;
const PROCESS_VM_WRITEV = 311;

/** A line of forks below pid 1000: each forks the next and exits. */
function line(write: (w: BatchWriter, step: number, pid: number) => void = () => {}, stepsABatch = 10) {
  const { monitor, writer } = emptyMonitor({ memoryLimitBytes: 500_000 });
  feed(monitor, writer, 1, (w) => {
    w.image({ ...by(900, 1, 1), exe: "/usr/sbin/cron", argv: ["cron"], exeDev: 1, exeIno: 1 });
    w.fork({ ...by(900, 2, 1), childPid: 1000, childStartNs: by(1000, 0, 3).startNs });
    w.image({
      ...by(1000, 4, 3),
      exe: "/bin/sh",
      argv: ["sh", "-c", "job"],
      exeDev: 1,
      exeIno: 2,
      parentPid: 900,
      parentStartNs: by(900, 0, 1).startNs,
    });
  });
  for (let step = 0; step < LENGTH; step += stepsABatch) {
    feed(monitor, writer, (step + stepsABatch) * MS, (w) => {
      for (let i = step; i < step + stepsABatch; i++) {
        const [pid, startNs] = [1000 + i, i === 0 ? 3 : i * MS];
        write(w, i, pid);
        w.fork({ ...by(pid, i * MS + 10, startNs), childPid: pid + 1, childStartNs: by(0, 0, (i + 1) * MS).startNs });
        w.exit(by(pid, i * MS + 20, startNs));
      }
    });
  }
  const { processes } = monitor.graph;
  return { monitor, processes, last: processes.living(1000 + LENGTH) };
}

test("a line of forks without end takes no more memory; where it began and where it led stay, and the origin says that something is missing", () => {
  const { monitor, processes, last } = line();
  const { graph } = monitor;
  expect(processes.count).toBeLessThan(300);
  expect(usedBytes(graph)).toBeLessThan(200_000);
  expect(graph.forgotten.processes).toBe(LENGTH + 2 - processes.count);
  checkInvariants(graph);
  const origin = originOf(monitor, { kind: "process", id: processes.id(last) });
  expect(origin.rootCause).toMatch(/^A cron job/);
  expect(origin.gaps).toContain("earlier history forgotten");
  const pids: number[] = [];
  for (let at = last; at !== NONE; at = processes.parent.get(at)) pids.unshift(processes.tgid.get(at));
  expect(pids.slice(0, 60)).toEqual([900, ...Array.from({ length: 59 }, (_, i) => 1000 + i)]);
  expect(pids.slice(-60)).toEqual(Array.from({ length: 60 }, (_, i) => 1000 + LENGTH - 59 + i));
});

test("who lives, reached into who lives, or is part of a finding stays in a line", () => {
  const { monitor, processes, last } = line((w, step, pid) => {
    const startNs = step * MS;
    if (step === 1000)
      w.fork({ ...by(pid, startNs + 5, startNs), childPid: 900_000, childStartNs: by(0, 0, startNs + 5).startNs });
    if (step === 1200)
      w.call(KIND.INJECT, {
        ...by(pid, startNs + 5, startNs),
        targetPid: 900,
        targetStartNs: by(900, 0, 1).startNs,
        args: [900],
        ret: 8,
        nr: PROCESS_VM_WRITEV,
      });
    if (step === 1500)
      w.image({ ...by(pid, startNs + 5, startNs), exe: "/dev/shm/k", argv: ["k"], exeDev: 1, exeIno: 9 });
  });
  const { findings } = monitor.detector;
  expect(findings.map(({ rule }) => rule)).toContain("unusual-executable");
  for (const { process } of findings) expect(processes.row(process)).not.toBe(NONE);
  expect(processes.withTgid(2200)).toHaveLength(1);
  const lives = processes.living(900_000);
  expect(lives).not.toBe(NONE);
  expect(originOf(monitor, { kind: "process", id: processes.id(lives) }).rootCause).toMatch(/^A cron job/);
  expect(processes.row(processes.id(last))).toBe(last);
  expect(processes.count).toBeLessThan(500);
  checkInvariants(monitor.graph);
});

const EXECUTES = (w: BatchWriter, step: number, pid: number): void =>
  w.image({
    ...by(pid, step * MS + 2, step === 0 ? 3 : step * MS),
    exe: `/bin/x${step}`,
    exeDev: 1,
    exeIno: 100 + step,
  });

/** Forks another before the next, which exits so many steps later. */
const forksAnother =
  (later: number) =>
  (w: BatchWriter, step: number, pid: number): void => {
    const at = (n: number) => by(500_000 + n, step * MS + 1, n * MS + 1);
    w.fork({
      ...by(pid, step * MS + 1, step === 0 ? 3 : step * MS),
      childPid: at(step).pid,
      childStartNs: at(step).startNs,
    });
    if (step >= later) w.exit(at(step - later));
  };

test.each([
  ["each executes something", EXECUTES, 300],
  [
    "every third executes something",
    (w: BatchWriter, step: number, pid: number) => step % 3 === 0 && EXECUTES(w, step, pid),
    300,
  ],
  // What exited and led nowhere stays while there is room.
  ["each forked another, which exited first", forksAnother(0), 2000],
  ["each forked another, which exited long after", forksAnother(300), 2000],
] as const)("a line takes no more memory though %s", (_, write, most) => {
  const { monitor, processes, last } = line((w, step, pid) => void write(w, step, pid));
  const { graph } = monitor;
  expect(processes.count).toBeLessThan(most);
  expect(graph.images.count).toBeLessThan(300);
  expect(usedBytes(graph)).toBeLessThanOrEqual(500_000);
  checkInvariants(graph);
  expect(originOf(monitor, { kind: "process", id: processes.id(last) }).rootCause).toMatch(/^A cron job/);
});

test("one that waited in a line keeps its origin when it executes something, and says what is missing", () => {
  const waits = 1500;
  const { monitor, processes } = line((w, step, pid) => {
    if (step === waits)
      w.fork({
        ...by(pid, step * MS + 5, step * MS),
        childPid: 900_000,
        childStartNs: by(0, 0, step * MS + 5).startNs,
      });
  });
  const lives = processes.living(900_000);
  const [{ startNs }, atNs] = [by(900_000, 0, waits * MS + 5), LENGTH * MS + 1];
  const { writer } = emptyMonitor();
  feed(monitor, writer, atNs, (w) =>
    w.image({
      ...by(900_000, atNs, waits * MS + 5),
      startNs,
      exe: "/bin/late",
      exeDev: 1,
      exeIno: 9,
      parentPid: 1,
      parentStartNs: 1,
    }),
  );
  const origin = originOf(monitor, { kind: "process", id: processes.id(lives) });
  expect(origin.rootCause).toMatch(/^A cron job/);
  expect(origin.gaps).toContain("earlier history forgotten");
  expect(JSON.stringify(origin)).toContain("those between them are forgotten");
  // A checkpoint says so, too.
  const { monitor: later } = emptyMonitor();
  for (const batch of monitor.checkpoint(8 << 20)) later.ingest(batch);
  const again = originOf(later, {
    kind: "process",
    id: later.graph.processes.id(later.graph.processes.living(900_000)),
  });
  expect(JSON.stringify(again)).toContain("those between them are forgotten");
});

test("findings of a line that goes on do not keep it", () => {
  const { monitor, processes } = line((w, step, pid) => {
    if (step % 40 === 0)
      w.call(KIND.INJECT, {
        ...by(pid, step * MS + 5, step === 0 ? 3 : step * MS),
        targetPid: 900,
        targetStartNs: by(900, 0, 1).startNs,
        args: [900],
        ret: 8,
        nr: PROCESS_VM_WRITEV,
      });
  });
  expect(monitor.detector.findings).toHaveLength(LENGTH / 40);
  expect(processes.count).toBeLessThan(500);
});

test("what one of a line did is looked at, though the line grows long in the same batch", () => {
  const { monitor } = line((w, step, pid) => {
    const startNs = step * MS;
    if (step === 1500)
      w.image({ ...by(pid, startNs + 5, startNs), exe: "/dev/shm/k", argv: ["k"], exeDev: 1, exeIno: 9 });
  }, LENGTH);
  expect(monitor.detector.findings.map(({ rule }) => rule)).toEqual(["unusual-executable"]);
});
