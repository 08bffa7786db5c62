import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FLAG } from "../../src/core/wire/layout.gen.ts";
import { Capture } from "./capture.ts";
import { bench } from "./own-bench.ts";

const LISTENING = 10;
const CLOSED = 7;
const PAGE_BYTES = 4096;

test.each([
  ["a listener", ""],
  ["one in a network namespace of its own", "netns"],
  ["one in a network namespace that only a mount keeps", "mounted"],
])("%s that was open before the start is told although no process holds it, and so is its end", async (_, how) => {
  const kept = bench.path("namespace");
  writeFileSync(kept, "");
  const run = bench.run("in-flight", ...(how === "mounted" ? [kept] : how === "" ? [] : [how]));
  await run.ready();
  const capture = await Capture.open({ everything: true });
  try {
    const ino = Number(run.facts["listenIno"]);
    const { row } = await capture.until("listener", () => {
      const row = capture.of("SOCKET").find(({ sock }) => sock === ino);
      return row && { row };
    });
    expect(row).toMatchObject({
      state: LISTENING,
      localPort: Number(run.facts["port"]),
      netns: run.number("netns"),
      pid: 0,
      flags: FLAG.NO_OWNER | FLAG.BEFORE_START,
    });
    await run.done();
    await capture.until("end", () => {
      capture.source.refresh();
      return capture.of("CLOSE").some(({ sock, state }) => sock === ino && state === CLOSED);
    });
  } finally {
    capture.close();
  }
});

test("a connection on its way to a process, whose sender has exited, is open until its end", async () => {
  const capture = await Capture.open({ everything: true });
  try {
    const run = bench.run("left-behind");
    await run.ready();
    const ino = run.number("clientIno");
    await capture.exited(run.number("client"));
    const told = await capture.until("connection without an owner", () => {
      capture.source.refresh();
      return capture.of("SOCKET").find(({ sock, pid }) => sock === ino && pid === 0);
    });
    expect(told).toMatchObject({ localPort: expect.any(Number), remotePort: run.number("port") });
    expect(capture.of("CLOSE").filter(({ sock }) => sock === ino)).toEqual([]);
    await run.done();
    await capture.until("end", () => capture.of("CLOSE").some(({ sock }) => sock === ino));
  } finally {
    capture.close();
  }
});

test("sockets that have an owner are not told without one", async () => {
  const run = bench.run("in-flight", "held");
  await run.ready();
  const capture = await Capture.open({ everything: true });
  try {
    capture.source.refresh();
    capture.drain();
    const sockets = capture.of("SOCKET");
    const owned = new Set(sockets.filter(({ pid }) => pid !== 0).map(({ sock }) => sock));
    expect(owned).toContain(Number(run.facts["listenIno"]));
    expect(sockets.filter(({ pid, sock }) => pid === 0 && owned.has(sock))).toEqual([]);
  } finally {
    capture.close();
  }
});

test("every process found has its usage, pid 1 too where the iterators hide it", async () => {
  const capture = await Capture.open({ watched: [1], everything: true });
  try {
    capture.drain();
    const found = capture.of("PROCESS").map(({ pid }) => pid);
    expect(found).toContain(1);
    const resident = Number(readFileSync("/proc/1/statm", "utf8").split(" ")[1]) * PAGE_BYTES;
    const row = capture.of("TICK", 1).at(-1);
    expect(row?.rssBytes).toBeGreaterThan(resident / 2);
    expect(row?.cpuNs).toBeGreaterThan(0);
    expect(row?.startNs).toBe(capture.of("PROCESS", 1)[0]?.startNs);
  } finally {
    capture.close();
  }
});
