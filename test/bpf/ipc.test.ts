import { expect, test } from "vitest";
import { OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const ESTABLISHED = 1;
const PIPE_MODE = 0o010000;

test.each([
  ["a path", "named", "stream", 1],
  ["a path, by packets", "packets", "seqpacket", 5],
  ["an abstract name", `@spydertop-${process.pid}`, "stream", 1],
])("unix sockets on %s: both ends know each other", async (_, name, type, number) => {
  const path = name.startsWith("@") ? name : bench.path(name);
  const run = bench.run("unix-pair", path, type);
  await run.done();
  const client = run.number("client");
  const server = run.number("server");
  const connect = await capture.first("UNIX_CONNECT", client);
  const accept = await capture.first("UNIX_ACCEPT", server);
  expect(connect.end).toBe(accept.peer);
  expect(connect.peer).toBe(accept.end);
  expect(connect.end).not.toBe(0n);
  const shown = path.replace(/^@/, "\0");
  const common = { path: shown, state: ESTABLISHED, type: number };
  expect(connect).toMatchObject({
    ...common,
    sock: run.number("clientIno"),
    fd: run.number("clientFd"),
    peerPid: server,
  });
  expect(accept).toMatchObject({
    ...common,
    sock: run.number("acceptedIno"),
    fd: run.number("acceptedFd"),
    peerPid: client,
  });
});

test("a socketpair: both halves know each other, and the first counts as the one that asked", async () => {
  const run = bench.run("socketpair");
  await capture.ended(run);
  const [exec] = capture.of("EXEC", run.pid);
  const since = <T extends { timeNs: bigint }>(rows: readonly T[]): readonly T[] =>
    rows.filter((row) => row.timeNs > exec!.timeNs);
  const [first, ...more] = since(capture.of("UNIX_CONNECT", run.pid));
  const [second, ...others] = since(capture.of("UNIX_ACCEPT", run.pid));
  expect([more, others]).toEqual([[], []]);
  expect(first).toMatchObject({ sock: run.number("first"), fd: run.number("fd"), path: "", peerPid: run.pid });
  expect(second).toMatchObject({ sock: run.number("second"), path: "", end: first?.peer, peer: first?.end });
});

test("ends carry no kernel address", async () => {
  const run = bench.run("unix-pair", bench.path("hidden"), "stream");
  await run.done();
  const { end, peer } = await capture.first("UNIX_CONNECT", run.number("client"));
  for (const id of [end, peer]) expect(id >> 47n === 0x1ffffn && id % 64n === 0n).toBe(false);
});

test("pipes by their inode", async () => {
  const run = bench.run("pipes");
  await capture.ended(run);
  // The runtime that started it made one of its own before the exec.
  const [exec] = capture.of("EXEC", run.pid);
  const rows = capture.of("PIPE", run.pid).filter((row) => row.timeNs > exec!.timeNs);
  expect(rows.map((row) => row.ino)).toEqual([run.number("pipe"), run.number("pipe2")]);
  expect(rows[0]).toMatchObject({ fd: run.number("fd"), open: OPEN_FLAG.READ | OPEN_FLAG.WRITE });
});

test("a shell pipeline is tied together by its pipe", async () => {
  const run = bench.start("/bin/sh", ["-c", `${bench.trigger} pipes | ${bench.trigger} hold`]);
  await run.over;
  await capture.exited(run.pid);
  const pipe = capture.of("PIPE", run.pid).at(-1);
  const [writer, reader] = ["pipes", "hold"].map((scenario) =>
    capture.of("EXEC").findLast((row) => row.argv[1] === scenario),
  );
  expect(writer?.stdio[1]).toEqual({ type: PIPE_MODE, ino: pipe?.ino });
  expect(reader?.stdio[0]).toEqual({ type: PIPE_MODE, ino: pipe?.ino });
});
