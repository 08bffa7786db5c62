import { afterAll, beforeAll, expect, test } from "vitest";
import { MARK_WHAT } from "../../src/core/wire/layout.gen.ts";
import { Capture } from "./capture.ts";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";

const TICK_NS = 10_000_000n;
const ESTABLISHED = 1;
/** Share of accepted connections whose end the kernel of some machines tells no tracer: docs/kernel-support.md. */
const UNTOLD = 0.01;

let child: Child;
let capture: Capture;

/** A process that forks, executes and connects without pause, before, throughout and after the start of a capture. */
beforeAll(async () => {
  child = bench.run("churn", "/bin/true");
  await child.ready();
  await settled(300);
  capture = await Capture.open({ watched: [child.pid] });
  const atStart = child.lines.length;
  await settled(atStart + 420);
  await child.done();
  await capture.exited(child.pid);
  // Connections end in the network's own time, perhaps after the process.
  await capture.until("closes", () => {
    const closed = new Set<unknown>(capture.of("CLOSE", child.pid).map((row) => row.sock));
    const connections = made("connection");
    const unclosed = connections.filter((line) => !closed.has(line["accepted"]));
    return (
      connections.every((line) => closed.has(line["connection"])) && unclosed.length <= UNTOLD * connections.length
    );
  });
});

afterAll(() => capture?.close());

/** Until the child has told of so many things. */
async function settled(lines: number): Promise<void> {
  while (child.lines.length < lines) {
    capture?.drain();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const startOfSnapshot = () => capture.of("MARK").find((row) => row.what === MARK_WHAT.SNAPSHOT_BEGIN)!.timeNs;
const made = (what: string) =>
  child.lines.filter((line) => what in line && BigInt(line["beforeNs"]!) > startOfSnapshot());

test("every process that was forked after the hooks were in place is an event, once", () => {
  const processes = made("child");
  expect(processes.length).toBeGreaterThan(200);
  for (const { child: pid, start } of processes) {
    const forks = capture
      .of("FORK", child.pid)
      .filter((row) => row.childPid === pid && Number(row.childStartNs / TICK_NS) === start);
    expect(forks, `fork of ${pid}`).toHaveLength(1);
    const own = <K extends "EXEC" | "EXIT">(kind: K) =>
      capture.of(kind, forks[0]!.childPid).filter((row) => row.startNs === forks[0]!.childStartNs);
    expect(own("EXEC"), `exec of ${pid}`).toHaveLength(1);
    expect(own("EXIT"), `exit of ${pid}`).toHaveLength(1);
  }
});

test("every process is known before anything else is said of it, and under one identity", () => {
  const known = new Set<string>();
  const unknown: unknown[] = [];
  const id = (pid: number, start: bigint) => `${pid} ${start}`;
  const { timeNs: end } = capture.of("MARK").find((row) => row.what === MARK_WHAT.SNAPSHOT_END)!;
  for (const row of capture.rows) {
    if (row.kind === "FORK") known.add(id(row.childPid, row.childStartNs));
    if (row.kind === "PROCESS" || row.kind === "EXEC") known.add(id(row.pid, row.startNs));
    // Until the snapshot is over a process may act that only the snapshot, or its exit, will tell of.
    if ((row.kind === "EXIT" || row.kind === "CONNECT") && row.timeNs > end && !known.has(id(row.pid, row.startNs)))
      unknown.push(row);
  }
  expect(unknown).toEqual([]);
});

test("a process both forked in an event and found by the snapshot has the same start in both", () => {
  const forks = capture.of("FORK", child.pid);
  for (const row of capture.of("PROCESS").filter((found) => found.parentPid === child.pid)) {
    const fork = forks.find((candidate) => candidate.childPid === row.pid && candidate.timeNs < row.timeNs);
    if (fork) expect(row.startNs).toBe(fork.childStartNs);
  }
});

test("every connection made after the hooks were in place is one connect, one accept and, but for a known gap, two closes", () => {
  const connections = made("connection");
  expect(connections.length).toBeGreaterThan(200);
  for (const { connection, accepted } of connections) {
    const of = <K extends "CONNECT" | "ACCEPT" | "CLOSE">(kind: K, ino: unknown) =>
      capture.of(kind, child.pid).filter((row) => row.sock === ino);
    expect(of("CONNECT", connection), `connect ${connection}`).toMatchObject([{ state: ESTABLISHED }]);
    expect(of("ACCEPT", accepted), `accept ${accepted}`).toHaveLength(1);
    expect(of("CLOSE", connection), `close ${connection}`).toHaveLength(1);
    expect(of("CLOSE", accepted).length, `close ${accepted}`).toBeLessThanOrEqual(1);
  }
});

test("a connection open during the start is found once, or was an event, and ends once", () => {
  const closes = capture.of("CLOSE", child.pid);
  for (const row of capture
    .of("SOCKET", child.pid)
    .filter((socket) => socket.state === ESTABLISHED && socket.flags & 1)) {
    expect(capture.of("SOCKET", child.pid).filter((other) => other.sock === row.sock && other.flags & 1)).toHaveLength(
      1,
    );
    expect(
      closes.filter((close) => close.sock === row.sock),
      `close of ${row.sock}`,
    ).toHaveLength(1);
  }
});
