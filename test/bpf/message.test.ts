import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { FLAG } from "../../src/core/wire/layout.gen.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const REGULAR = 0o100000n;
const PIPE = 0o010000n;
const SENT = 1n;
const RECEIVED = 2n;

/** Direction, what it is, its place and how many its control message carried. */
const passed = (pid: number) =>
  capture.of("FD_PASS", pid).map((row) => [row.args[0], row.args[3], row.nr, row.args[2]]);

test("every descriptor of every control message of every message", async () => {
  const path = bench.path("passed");
  const run = bench.run("pass-many", path);
  const pid = await capture.ended(run);
  const child = run.number("child");
  await capture.exited(child);
  const file = (REGULAR << 48n) | BigInt(statSync(path).ino);
  const pipe = (PIPE << 48n) | BigInt(run.number("pipe"));
  expect(passed(pid)).toEqual([
    [SENT, file, 0, 1n],
    [SENT, pipe, 0, 2n],
    [SENT, pipe, 1, 2n],
    [SENT, file, 0, 1n],
    [SENT, pipe, 0, 1n],
  ]);
  expect(passed(child)).toEqual([
    [RECEIVED, file, 0, 3n],
    [RECEIVED, pipe, 1, 3n],
    [RECEIVED, pipe, 2, 3n],
    [RECEIVED, file, 0, 1n],
    [RECEIVED, pipe, 0, 1n],
  ]);
  expect(capture.of("FD_PASS", pid).every((row) => row.flags === FLAG.UNVERIFIED && row.trunc === 0)).toBe(true);
});

test("a descriptor behind more control messages than are looked at leaves a mark", async () => {
  const pid = await capture.ended(bench.run("pass-hidden"));
  expect(capture.of("FD_PASS", pid)).toMatchObject([{ trunc: 1, args: [SENT, expect.anything(), 0n, 0n] }]);
});

test("one call that sends to several, one that receives several answers", async () => {
  const pid = await capture.ended(bench.run("datagrams"));
  const ports = capture.of("DATAGRAM", pid).map((row) => row.remotePort);
  expect(ports.slice(0, 3)).toEqual([7001, 7002, 7003]);
  expect(capture.of("DNS", pid).map((row) => row.message)).toEqual(["the first answer", "the second one"]);
});
