import { readdirSync, readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FLAG, MARK_WHAT, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { Capture } from "./capture.ts";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";

const TICK_NS = 10_000_000n;
const ESTABLISHED = 1;
const LISTEN = 10;
const LOCAL = "127.0.0.1";

let here: Child;
let elsewhere: Child;
let capture: Capture;
let before: Set<number>;

const processes = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Known processes first, the capture after them. */
beforeAll(async () => {
  here = bench.start(bench.trigger, ["state", bench.path("written"), bench.path("socket")], {
    cwd: bench.folder,
    argv0: "state",
    env: { SECRET: "token", LD_LIBRARY_PATH: "/tmp/lib", SUDO_USER: "somebody" },
  });
  elsewhere = bench.run("state", bench.path("written too"), bench.path("other"), "netns");
  await Promise.all([here.ready(), elsewhere.ready()]);
  before = new Set(processes());
  capture = await Capture.open({ everything: true });
  capture.drain();
});

afterAll(() => capture?.close());

const statFields = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");

/** Rows of a kind of a process that come from the snapshot. */
function found<K extends Parameters<Capture["of"]>[0]>(kind: K, run: Child) {
  return capture.of(kind, run.pid).filter((row) => row.flags & FLAG.BEFORE_START);
}

test("a process that ran already, as /proc shows it", () => {
  const [row, ...more] = found("PROCESS", here);
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    exe: bench.trigger,
    exeIno: statSync(bench.trigger).ino,
    cwd: bench.folder,
    argv: ["state", "state", bench.path("written"), bench.path("socket")],
    comm: "trigger",
    env: ["LD_LIBRARY_PATH=/tmp/lib", "SUDO_USER=somebody"],
    parentPid: process.pid,
    trunc: 0,
    image: 0,
    ns: { net: statSync(`/proc/${here.pid}/ns/net`).ino },
  });
  expect(row!.startNs / TICK_NS).toBe(BigInt(statFields(here.pid)[19]!));
  expect(row!.stdio.map((end) => end?.ino)).toEqual([0, 1, 2].map((fd) => statSync(`/proc/${here.pid}/fd/${fd}`).ino));
});

test("every process of /proc is there, once", () => {
  const seen = capture.of("PROCESS").map((row) => row.pid);
  expect(new Set(seen).size).toBe(seen.length);
  const still = new Set(processes());
  const missing = [...before].filter((pid) => still.has(pid) && !seen.includes(pid));
  expect(missing).toEqual([]);
});

test("the snapshot stands between its marks", () => {
  const marks = capture.of("MARK").map((row) => row.what);
  expect(marks.slice(0, 2)).toEqual([MARK_WHAT.SNAPSHOT_BEGIN, MARK_WHAT.SNAPSHOT_END]);
  const [begin, end] = capture.rows.flatMap((row, i) =>
    row.kind === "MARK" && row.what <= MARK_WHAT.SNAPSHOT_END ? [i] : [],
  );
  // What nobody visible holds is looked for with the first refresh.
  const held = (row: { flags: number }) => (row.flags & (FLAG.BEFORE_START | FLAG.NO_OWNER)) === FLAG.BEFORE_START;
  const outside = capture.rows.filter((row, i) => held(row) && (i < begin! || i > end!));
  expect(outside).toEqual([]);
});

test.each(["here", "in another network namespace"])("listener and both ends of a connection, %s", (where) => {
  const run = where === "here" ? here : elsewhere;
  const sockets = found("SOCKET", run);
  const common = { netns: run.number("netns"), local: LOCAL, proto: 6, family: 2 };
  const port = run.number("port");
  const near = run.number("clientPort");
  const of = (ino: string) => sockets.find((row) => row.sock === run.number(ino));
  expect(of("listenIno")).toMatchObject({
    ...common,
    state: LISTEN,
    localPort: port,
    backlog: 64,
    fd: run.number("listenFd"),
  });
  expect(of("clientIno")).toMatchObject({
    ...common,
    state: ESTABLISHED,
    localPort: near,
    remotePort: port,
    remote: LOCAL,
    tx: 5,
    rx: 0,
  });
  expect(of("acceptedIno")).toMatchObject({
    ...common,
    state: ESTABLISHED,
    localPort: port,
    remotePort: near,
    remote: LOCAL,
    tx: 0,
    rx: 5,
  });
});

test("a file open for writing", () => {
  const rows = found("OPEN", here).filter((row) => row.ino === here.number("fileIno"));
  expect(rows).toMatchObject([
    { path: bench.path("written"), dev: here.number("fileDev"), fd: here.number("fileFd"), open: OPEN_FLAG.WRITE },
  ]);
});

test("a pipe and which end is held where", () => {
  const ends = found("PIPE", here).filter((row) => row.ino === here.number("pipe"));
  expect(ends).toMatchObject([
    { fd: here.number("readFd"), open: OPEN_FLAG.READ },
    { fd: here.number("writeFd"), open: OPEN_FLAG.WRITE },
  ]);
});

test("a unix pair and its listener", () => {
  const sockets = found("UNIX_SOCKET", here);
  const of = (ino: string) => sockets.find((row) => row.sock === here.number(ino))!;
  const [client, accepted, listener] = [of("unixClientIno"), of("unixAcceptedIno"), of("unixListenIno")];
  expect(client.end).toBe(accepted.peer);
  expect(client.peer).toBe(accepted.end);
  expect([client, accepted, listener].map((row) => row.path)).toEqual(Array(3).fill(bench.path("socket")));
  expect([client.peerPid, accepted.peerPid]).toEqual([here.pid, here.pid]);
  expect(listener).toMatchObject({ state: LISTEN, peer: 0n });
});

test("a connection from before the start ends like any other, with all its bytes", async () => {
  here.release();
  await here.done();
  for (const [ino, tx, rx] of [
    ["clientIno", 5, 0],
    ["acceptedIno", 0, 5],
  ] as const) {
    const closes = await capture.until(`CLOSE of ${ino}`, () => {
      const rows = capture.of("CLOSE", here.pid).filter((row) => row.sock === here.number(ino));
      return rows.length > 0 && rows;
    });
    expect(closes).toMatchObject([{ tx, rx, startNs: found("PROCESS", here)[0]!.startNs }]);
  }
});
