import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { expect, test } from "vitest";
import { FLAG } from "../../src/core/wire/layout.gen.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const PAGE_BYTES = 4096;
/** The kernel counts pages by CPU and adds up now and then: 32 by CPU and sort of page. */
const RSS_SLACK_PAGES = 32 * 3 * cpus().length;
const TICK_MS = 10;
const CLOSED = 7;

const statFields = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
    .map(Number);
const cpuMs = (pid: number) => (statFields(pid)[11]! + statFields(pid)[12]!) * TICK_MS;

function refresh(): void {
  capture.source.refresh();
  capture.drain();
}

test("CPU time, memory, threads and state of a process are what /proc says", async () => {
  const run = bench.run("burn", 150);
  await run.ready();
  const row = await capture.until("sleep", () => {
    capture.source.refresh();
    return capture.of("TICK", run.pid).findLast((tick) => tick.state === "S");
  });
  expect(Math.abs(row.cpuNs / 1e6 - cpuMs(run.pid))).toBeLessThanOrEqual(3 * TICK_MS);
  expect(row.cpuNs).toBeGreaterThan(140e6);
  const [size, resident] = readFileSync(`/proc/${run.pid}/statm`, "utf8").split(" ").map(Number);
  expect(row.vszBytes).toBe(size! * PAGE_BYTES);
  expect(Math.abs(row.rssBytes - resident! * PAGE_BYTES)).toBeLessThanOrEqual(RSS_SLACK_PAGES * PAGE_BYTES);
  expect(row).toMatchObject({ threads: 1, flags: 0 });
});

test("CPU time keeps what threads of the past used, and includes those that run", async () => {
  refresh();
  const row = capture.of("TICK", process.pid).at(-1)!;
  expect(Math.abs(row.cpuNs / 1e6 - cpuMs(process.pid))).toBeLessThanOrEqual(5 * TICK_MS);
  expect(row.threads).toBe(Number(/^Threads:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))![1]));
});

test("a process that does nothing is not repeated", async () => {
  const run = bench.run("hold");
  await run.ready();
  await capture.until("sleep", () => {
    capture.source.refresh();
    return capture.of("TICK", run.pid).findLast((tick) => tick.state === "S");
  });
  refresh();
  const before = capture.of("TICK", run.pid).length;
  refresh();
  refresh();
  expect(capture.of("TICK", run.pid)).toHaveLength(before);
});

test("counters of an open connection", async () => {
  const run = bench.run("traffic", 12_345);
  await run.ready();
  refresh();
  const last = (ino: string) => capture.of("SOCKET", run.pid).findLast((row) => row.sock === run.number(ino));
  expect(last("clientIno")).toMatchObject({ tx: 12_345, rx: 0, flags: 0 });
  expect(last("acceptedIno")).toMatchObject({ tx: 0, rx: 12_345, flags: 0 });
});

test("a datagram socket that is gone is reported closed, once", async () => {
  const run = bench.run("udp-held");
  await run.ready();
  refresh();
  const [held] = capture.of("SOCKET", run.pid).filter((row) => row.sock === run.number("ino"));
  expect(held).toMatchObject({ localPort: run.number("port"), proto: 17 });
  await run.done();
  refresh();
  refresh();
  const closes = capture.of("CLOSE", run.pid).filter((row) => row.sock === run.number("ino"));
  expect(closes).toMatchObject([
    { state: CLOSED, flags: FLAG.POLLED, startNs: held!.startNs, localPort: run.number("port") },
  ]);
});

test.each([100, 600])("all of %i sockets of a process are found", async (count) => {
  const run = bench.run("udp-many", count);
  await run.ready();
  refresh();
  const found = new Set(capture.of("SOCKET", run.pid).map((row) => row.sock));
  const made = run.lines.map(({ ino }) => ino).filter((ino) => ino !== undefined);
  expect(made).toHaveLength(count);
  expect(made.filter((ino) => !found.has(Number(ino)))).toEqual([]);
  const before = capture.of("SOCKET", run.pid).length;
  refresh();
  expect(capture.of("SOCKET", run.pid)).toHaveLength(before);
});

test("a connection whose end was an event is not reported closed again by the refresh", async () => {
  const run = bench.run("traffic", 10);
  await run.ready();
  refresh();
  run.release();
  await run.over;
  // The refresh looks before the event was read.
  refresh();
  refresh();
  refresh();
  for (const ino of ["clientIno", "acceptedIno"]) {
    const closes = capture.of("CLOSE", run.pid).filter((row) => row.sock === run.number(ino));
    expect(closes).toMatchObject([{ flags: 0 }]);
  }
});

test("a descriptor kept after the connection was reset brings no second end", async () => {
  const run = bench.run("reset-held");
  await run.ready();
  await capture.first("CLOSE", run.pid);
  refresh();
  refresh();
  await run.done();
  refresh();
  refresh();
  const of = <K extends "CLOSE" | "SOCKET">(kind: K) =>
    capture.of(kind, run.pid).filter((row) => row.sock === run.number("heldIno"));
  expect(of("CLOSE")).toHaveLength(1);
  expect(of("SOCKET").filter((row) => row.timeNs > of("CLOSE")[0]!.timeNs)).toEqual([]);
});
