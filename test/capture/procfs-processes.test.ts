import type { ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ProcFiles } from "../../src/capture/procfs/proc-files.ts";
import { UNKNOWN_EXIT_CODE } from "../../src/capture/procfs/process-table.ts";
import { FLAG, IMAGE_FLAG, KIND, MARK_WHAT } from "../../src/core/wire/layout.gen.ts";
import { child, Seen, startOf } from "./procfs-rows.ts";

const SLEEPER = ["-c", "echo ready; read line; exec sleep 60"];

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "procfs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a process that ran before is described in full", async () => {
  const cwd = realpathSync(scratch());
  const sh = await child("sh", SLEEPER, { cwd });
  const seen = new Seen();
  const exe = realpathSync("/bin/sh");
  expect(seen.of(KIND.PROCESS, sh.pid)).toEqual([
    expect.objectContaining({
      startNs: startOf(sh.pid),
      flags: FLAG.POLLED | FLAG.BEFORE_START,
      exe,
      exeIno: statSync(exe).ino,
      argv: ["sh", ...SLEEPER].join("\0"),
      cwd,
      comm: "sh",
      parent: process.pid,
      parentStartNs: startOf(process.pid),
      uid: process.getuid?.(),
      image: 0,
    }),
  ]);
  expect(seen.of(KIND.TICK, sh.pid)[0]).toMatchObject({ threads: 1, rssBytes: expect.any(Number) });
});

test("the variables that load or run code or say who asked, and no other", async () => {
  const sh = await child("sh", SLEEPER, {
    env: { SECRET: "token", PATH: "/bin:/usr/bin", BASH_ENV: "/tmp/x", SUDO_USER: "you" },
  });
  expect(new Seen().of(KIND.PROCESS, sh.pid)[0]).toMatchObject({ env: "BASH_ENV=/tmp/x\0SUDO_USER=you\0" });
});

test("the first look is framed as a snapshot, every look ends with its marks", () => {
  const seen = new Seen();
  const marks = () => seen.of(KIND.MARK, process.pid).map((row) => row.what);
  expect(marks()).toEqual([MARK_WHAT.SNAPSHOT_BEGIN, MARK_WHAT.TICK, MARK_WHAT.SOCKETS, MARK_WHAT.SNAPSHOT_END]);
  expect(seen.rows.at(-1)?.what).toBe(MARK_WHAT.SNAPSHOT_END);
  expect(seen.reader.malformed).toBe(0);
});

test("a new process is found between two looks, as new", async () => {
  const seen = new Seen({ intervalMs: 3_600_000 });
  const sh = await child("sh", SLEEPER);
  const row = await seen.until((all) => all.of(KIND.PROCESS, sh.pid)[0], false);
  expect(row).toMatchObject({ flags: FLAG.POLLED, startNs: startOf(sh.pid), parent: process.pid });
});

const SECOND = { comm: "sh", argv: "sh\0-c\0read line; exit\0second" };
const EXECUTES = ["-c", "echo ready; read line; exec sh -c 'read line; exit' second"];

/** What happens before each reading of a process's arguments; true has it read none, as the kernel gives in the middle of an exec. */
function beforeArguments(pid: number, happens: () => boolean): void {
  const read = ProcFiles.prototype.read;
  const spy = vi.spyOn(ProcFiles.prototype, "read");
  spy.mockImplementation(function (this: ProcFiles, path) {
    return path === `/proc/${pid}/cmdline` && happens() ? 0 : read.call(this, path);
  });
  onTestFinished(() => spy.mockRestore());
}

/** Has it execute, and waits until it did. */
function execute(sh: ChildProcess): void {
  sh.stdin?.write("go\n");
  const deadline = performance.now() + 8_000;
  while (readFileSync(`/proc/${sh.pid}/cmdline`, "utf8") !== `${SECOND.argv}\0`) {
    if (performance.now() > deadline) throw new Error("it did not execute");
  }
}

/** The rows of a kind of a process, once there is one and it was looked at twice more. */
async function told(seen: Seen, kind: number, pid: number) {
  await seen.until((all) => all.of(kind, pid)[0]);
  const ticks = () => seen.of(KIND.MARK, process.pid).filter((mark) => mark.what === MARK_WHAT.TICK);
  const before = ticks().length;
  await seen.until(() => ticks()[before + 1]);
  return seen.of(kind, pid);
}

test("an exec without a new name is noticed, and told once", async () => {
  const sh = await child("sh", EXECUTES);
  const seen = new Seen({ intervalMs: 50 });
  sh.stdin?.write("go\n");
  expect(await told(seen, KIND.EXEC, sh.pid)).toMatchObject([{ ...SECOND, startNs: startOf(sh.pid) }]);
});

test("a newcomer without arguments is in the middle of an exec: it is told once, when they are there", async () => {
  const sh = await child("sh", EXECUTES);
  execute(sh);
  let reads = 0;
  beforeArguments(sh.pid, () => ++reads <= 4);
  expect(await told(new Seen({ intervalMs: 50 }), KIND.PROCESS, sh.pid)).toMatchObject([SECOND]);
});

test("an exec whose arguments are not there yet is told once, when they are", async () => {
  const sh = await child("sh", EXECUTES);
  const seen = new Seen({ intervalMs: 50 });
  execute(sh);
  let reads = 0;
  beforeArguments(sh.pid, () => ++reads <= 4);
  expect(await told(seen, KIND.EXEC, sh.pid)).toMatchObject([SECOND]);
});

test("a process that was given no arguments is told without", async () => {
  const sh = await child("sh", SLEEPER);
  beforeArguments(sh.pid, () => true);
  expect(await told(new Seen({ intervalMs: 50 }), KIND.PROCESS, sh.pid)).toMatchObject([{ comm: "sh", argv: "" }]);
});

test("a newcomer that executes while it is looked at is told once, as what it is then", async () => {
  const sh = await child("sh", EXECUTES);
  let reads = 0;
  beforeArguments(sh.pid, () => {
    if (reads++ === 0) execute(sh);
    return false;
  });
  const seen = new Seen({ intervalMs: 50 });
  expect(await told(seen, KIND.PROCESS, sh.pid)).toMatchObject([SECOND]);
  expect(seen.of(KIND.EXEC, sh.pid)).toEqual([]);
});

test("an exit is noticed; the code of a zombie is known, that of a reaped child is not invented", async () => {
  // sleep never waits for the child it inherits from the shell.
  const parent = await child("sh", ["-c", "exec 3<&0; (read line <&3; exit 3) & echo $!; exec sleep 60"]);
  const reaped = await child("sh", SLEEPER);
  const seen = new Seen({ intervalMs: 50 });
  const zombie = seen.rows.find((row) => row.kind === KIND.PROCESS && row.parent === parent.pid);
  parent.stdin?.write("go\n");
  const exit = await seen.until((all) => all.of(KIND.EXIT, zombie?.pid ?? -1)[0]);
  expect(exit).toMatchObject({ code: 3 << 8, startNs: zombie?.startNs });
  reaped.kill("SIGKILL");
  expect(await seen.until((all) => all.of(KIND.EXIT, reaped.pid)[0])).toMatchObject({ code: UNKNOWN_EXIT_CODE });
});

test("a busy process gets usage rows that grow, an idle one none", async () => {
  const idle = await child("sh", SLEEPER);
  const busy = await child("sh", ["-c", "echo ready; while :; do :; done"]);
  const seen = new Seen({ intervalMs: 50 });
  const [first] = seen.of(KIND.TICK, busy.pid);
  const before = seen.of(KIND.TICK, idle.pid).length;
  const later = await seen.until((all) => all.of(KIND.TICK, busy.pid)[3]);
  expect(later.cpuNs).toBeGreaterThan(Number(first?.cpuNs));
  expect(seen.of(KIND.TICK, idle.pid)).toHaveLength(before);
});

test("names cannot break the parser: a parenthesis, a newline and bytes that are no text", async () => {
  const exe = join(scratch(), "a) R 1\n(b");
  copyFileSync(realpathSync("/bin/sh"), exe);
  const sh = await child(exe, SLEEPER);
  const seen = new Seen();
  expect(seen.of(KIND.PROCESS, sh.pid)).toEqual([
    expect.objectContaining({ comm: "a) R 1\n(b", exe, parent: process.pid }),
  ]);
});

test("an executable without a name is told as deleted, under its old name", async () => {
  const exe = join(realpathSync(scratch()), "gone");
  copyFileSync(realpathSync("/bin/sh"), exe);
  const sh = await child(exe, SLEEPER);
  rmSync(exe);
  expect(new Seen().of(KIND.PROCESS, sh.pid)[0]).toMatchObject({ exe, image: IMAGE_FLAG.DELETED });
});

test("long arguments are cut and marked, with their full length", async () => {
  const long = "x".repeat(100_000);
  const sh = await child("sh", ["-c", "echo ready; read line", long]);
  const row = new Seen().of(KIND.PROCESS, sh.pid)[0];
  expect(row).toMatchObject({ trunc: 1 << 2 });
  expect(String(row?.argv).length).toBeLessThan(long.length);
  expect(row?.argvLen).toBeGreaterThan(String(row?.argv).length);
});

test("a small budget spreads a look over several drains without losing any of it", async () => {
  const sh = await child("sh", SLEEPER);
  const seen = new Seen({}, 0.5);
  expect(seen.drains).toBeGreaterThan(3);
  expect(seen.of(KIND.PROCESS, sh.pid)).toHaveLength(1);
  expect(seen.rows.at(-1)?.what).toBe(MARK_WHAT.SNAPSHOT_END);
});
