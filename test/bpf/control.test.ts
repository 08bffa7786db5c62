import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FLAG } from "../../src/core/wire/layout.gen.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const REGULAR = 0o100000n;
const BY_CALL = 1;
const SIGUSR1 = 10n;
const SIGURG = 23n;
const PTRACE_POKEDATA = 5n;
const PTRACE_ATTACH = 16n;

test("the first read and the first write of each file, whatever call made them", async () => {
  const at = bench.files();
  const run = bench.run("use", at);
  const pid = await capture.ended(run);
  const below = <K extends "READ" | "WRITE">(kind: K) => capture.of(kind, pid).filter((row) => row.path.startsWith(at));
  const { from, to, copy, dev } = run.facts;
  expect(below("READ")).toMatchObject([
    { path: join(at, "plain"), ino: from, dev, bytes: 3 },
    { path: join(at, "target"), ino: to, dev, bytes: 1 },
  ]);
  expect(below("WRITE")).toMatchObject([
    { path: join(at, "target"), ino: to, dev, bytes: 2 },
    { path: join(at, "copy"), ino: copy, dev, bytes: 2 },
  ]);
});

test("how much each process read and wrote in all, told at a refresh when more than one call did it", async () => {
  const at = bench.files();
  const run = bench.run("use", at);
  const pid = await capture.ended(run);
  const { from, to, dev } = run.facts;
  const totals = () => capture.of("BYTES", pid).filter((row) => row.ino === from || row.ino === to);
  await capture.until("totals", () => {
    capture.source.refresh();
    return totals().length > 0;
  });
  const { startNs } = capture.of("EXEC", pid)[0]!;
  const told = totals().sort((a, b) => Number(a.write) - Number(b.write) || b.bytes - a.bytes);
  expect(told).toMatchObject([
    { ino: from, dev, bytes: 4, write: false, startNs, flags: 0 },
    { ino: to, dev, bytes: 3, write: false },
    { ino: to, dev, bytes: 3, write: true },
  ]);
  capture.source.refresh();
  capture.drain();
  expect(totals()).toHaveLength(3);
});

test("changes of names: as typed, with the true folder they start at, and not those that failed", async () => {
  const at = bench.files();
  const sub = join(at, "sub");
  const pid = await capture.ended(bench.run("names", at));
  const flags = FLAG.UNVERIFIED;
  expect(capture.of("RENAME", pid)).toMatchObject([
    { from: "plain", to: "renamed", fromDir: at, toDir: at, flags },
    { from: "renamed", to: "moved", fromDir: at, toDir: sub, flags },
  ]);
  expect(capture.of("LINK", pid)).toMatchObject([{ from: "moved", to: "hard", fromDir: sub, toDir: at }]);
  expect(capture.of("SYMLINK", pid)).toMatchObject([{ from: "nowhere", to: "soft", toDir: sub }]);
  expect(capture.of("TRUNCATE", pid)).toMatchObject([{ from: "hard", fromDir: at, arg: 3n }]);
  expect(capture.of("CHOWN", pid)).toMatchObject([{ from: "hard", fromDir: at, arg: (7n << 32n) | 8n }]);
  expect(capture.of("UNLINK", pid)).toMatchObject([
    { from: "soft", fromDir: sub },
    { from: "hard", fromDir: at },
  ]);
});

test("two names as long as names may be, from a folder as deep, fit one record", async () => {
  const run = bench.run("rename-long", bench.files());
  const pid = await capture.ended(run);
  const [row] = capture.of("RENAME", pid);
  expect([row?.from.slice(-5), row?.to.slice(-5)]).toEqual(["./one", "./two"]);
  expect(capture.source.stats().malformed).toBe(0);
});

test("another user: what it was before, what it is now, and only when something changed", async () => {
  const run = bench.run("become", 1234);
  await capture.ended(run);
  await capture.exited(run.number("child"));
  const root = [0, 0, 0, 0];
  const rows = capture.of("CRED", run.number("child"));
  expect(rows).toMatchObject([
    { old: root, now: [0, 0, 1234, 1234], how: BY_CALL },
    { old: [0, 0, 1234, 1234], now: [1234, 1234, 1234, 1234], how: BY_CALL, caps: 0n },
  ]);
  expect(rows[0]!.oldCaps).toBe(rows[0]!.caps);
  expect(rows[1]!.oldCaps).toBe(rows[0]!.caps);
});

test("a forked child that sets the identity it has is not reported as changed", async () => {
  const run = bench.run("become", 1235);
  await capture.ended(run);
  await capture.exited(run.number("grandchild"));
  expect(capture.of("CRED", run.number("grandchild"))).toEqual([]);
});

test("reaching into another process: the target and the call", async () => {
  const run = bench.run("inject");
  const pid = await capture.ended(run);
  const victim = run.number("victim");
  const rows = capture.of("INJECT", pid);
  expect(rows.slice(0, 3).map((row) => row.targetPid)).toEqual([victim, victim, victim]);
  expect(rows.slice(1, 3).map((row) => row.args[0])).toEqual([PTRACE_ATTACH, PTRACE_POKEDATA]);
  expect(rows[0]!.ret).toBe(8);
  expect(rows).toHaveLength(4);
});

test("memory files and memory that is written and executed", async () => {
  const pid = await capture.ended(bench.run("memory"));
  const rows = capture.of("MEMORY", pid);
  expect(rows.map((row) => row.path)).toEqual(["secret", "", ""]);
});

test("a mount: what, where, and from where", async () => {
  const at = bench.files();
  const pid = await capture.ended(bench.run("mount", at));
  const own = capture.of("MOUNT", pid).filter((row) => row.to === at);
  expect(own).toMatchObject([{ from: "spydertop", to: at, flags: FLAG.UNVERIFIED }]);
});

test("an attempt on the kernel's modules, though it failed", async () => {
  const run = bench.run("remove-module");
  const pid = await capture.ended(run);
  expect(run.number("ret")).toBeLessThan(0);
  expect(capture.of("KERNEL", pid)).toMatchObject([{ ret: run.number("ret") }]);
});

test("changes of namespace", async () => {
  const pid = await capture.ended(bench.run("namespaces"));
  expect(capture.of("NAMESPACE", pid)).toHaveLength(2);
});

test("a signal: who sent it to whom", async () => {
  const run = bench.run("signals");
  await capture.ended(run);
  const sent = capture.of("SIGNAL", run.number("child"));
  const parent = capture.of("EXEC", run.pid)[0]!;
  expect(sent).toMatchObject([{ args: [SIGUSR1, 0n, 0n, 0n], targetPid: run.pid, targetStartNs: parent.startNs }]);
});

test("signals a process sends to itself are no one else's deed", async () => {
  const run = bench.run("signals");
  const pid = await capture.ended(run);
  expect(run.facts["caught"]).toBeGreaterThanOrEqual(500);
  expect(capture.of("SIGNAL", pid).filter((row) => row.args[0] === SIGURG)).toEqual([]);
});

test("a descriptor passed over a unix socket: what it was, at both ends", async () => {
  const path = bench.path("passed");
  const run = bench.run("pass-fd", path);
  const pid = await capture.ended(run);
  const child = run.number("child");
  await capture.exited(child);
  const what = (REGULAR << 48n) | BigInt(statSync(path).ino);
  expect(capture.of("FD_PASS", pid)).toMatchObject([{ args: [1n, BigInt(run.number("sender")), 1n, what] }]);
  expect(capture.of("FD_PASS", child)).toMatchObject([{ args: [2n, BigInt(run.number("receiver")), 1n, what] }]);
});

test("the answer of a name server, as received", async () => {
  const run = bench.run("dns");
  const pid = await capture.ended(run);
  const rows = capture.of("DNS", pid).filter((row) => row.sock === run.number("ino"));
  expect(rows).toMatchObject([{ message: "answer from the name server", size: 27, trunc: 0 }]);
});
