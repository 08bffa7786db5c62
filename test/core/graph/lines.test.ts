import { expect, test } from "vitest";
import { NONE } from "../../../src/core/graph/indexes.ts";
import { usedBytes } from "../../../src/core/graph/retain.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import type { BatchWriter } from "../../../src/core/wire/encode.ts";
import { by, emptyMonitor, feed } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const MS = 1e6;
const LENGTH = 3000;

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

test("who forked others, lives, or is part of a finding stays in a line", () => {
  const { monitor, processes } = line((w, step, pid) => {
    const startNs = step * MS;
    if (step === 1000)
      w.fork({ ...by(pid, startNs + 5, startNs), childPid: 900_000, childStartNs: by(0, 0, startNs + 5).startNs });
    if (step === 1500)
      w.image({ ...by(pid, startNs + 5, startNs), exe: "/dev/shm/k", argv: ["k"], exeDev: 1, exeIno: 9 });
  });
  const { findings } = monitor.detector;
  expect(findings.map(({ rule }) => rule)).toEqual(["unusual-executable"]);
  expect(processes.row(findings[0]?.process ?? -1)).not.toBe(NONE);
  expect(processes.withTgid(2000)).toHaveLength(1);
  expect(processes.living(900_000)).not.toBe(NONE);
  expect(processes.count).toBeLessThan(700);
  checkInvariants(monitor.graph);
});

test("what one of a line did is looked at, though the line grows long in the same batch", () => {
  const { monitor } = line((w, step, pid) => {
    const startNs = step * MS;
    if (step === 1500)
      w.image({ ...by(pid, startNs + 5, startNs), exe: "/dev/shm/k", argv: ["k"], exeDev: 1, exeIno: 9 });
  }, LENGTH);
  expect(monitor.detector.findings.map(({ rule }) => rule)).toEqual(["unusual-executable"]);
});
