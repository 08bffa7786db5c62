import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FLAG, IMAGE_FLAG, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { Capture } from "./capture.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

/** Why 32-bit system calls cannot be tried here: some hypervisors and kernels answer them with a fault. */
function missing32(): string | undefined {
  if (process.arch !== "x64") return "only x86-64 has the 32-bit gate";
  const program = bench.path("getpid32");
  const source = `
    #include <unistd.h>
    int main(void) {
      long pid;
      __asm__ volatile("int $0x80" : "=a"(pid) : "a"(20) : "memory");
      return pid != getpid();
    }`;
  execFileSync("cc", ["-x", "c", "-", "-o", program], { input: source });
  const { status, signal } = spawnSync(program);
  return status === 0
    ? undefined
    : `this machine serves no 32-bit system calls (getpid ended with ${signal ?? status})`;
}

test("a file opened through the 32-bit gate of a 64-bit program", async ({ skip }) => {
  const without32 = missing32();
  if (without32) skip(without32);
  const path = bench.path("by gate");
  const link = bench.path("link");
  symlinkSync("xyz", link);
  const run = bench.run("gate32", path, link);
  await capture.ended(run);
  expect(run.facts).toMatchObject({ fd: expect.any(Number), read: 3 });
  const opens = capture.of("OPEN", run.pid).filter((row) => row.ino === run.number("ino"));
  expect(opens).toMatchObject([
    { path, fd: run.number("fd"), open: OPEN_FLAG.CREATED | OPEN_FLAG.READ | OPEN_FLAG.WRITE },
  ]);
  expect(capture.of("CHMOD", run.pid)).toMatchObject([{ path, mode: 0o100755, flags: FLAG.UNVERIFIED }]);
});

test("a 32-bit program is marked and its calls are understood", async ({ skip }) => {
  const without32 = missing32();
  if (without32) skip(without32);
  const program = bench.path("program32");
  const path = bench.path("from 32 bits");
  // open(path, O_CREAT | O_WRONLY, 0600); exit(9), without a C library.
  const source = `
    static long call(long nr, long a, long b, long c) {
      long ret;
      __asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
      return ret;
    }
    void _start(void) {
      call(5, (long)PATH, 0101, 0600);
      call(1, 9, 0, 0);
    }`;
  const flags = [
    "-m32",
    "-static",
    "-nostdlib",
    "-ffreestanding",
    "-fno-stack-protector",
    "-fno-pie",
    "-no-pie",
    "-O1",
  ];
  execFileSync("cc", [...flags, `-DPATH="${path}"`, "-x", "c", "-", "-o", program], { input: source });
  const run = bench.start(program, []);
  await run.over;
  expect((await capture.exited(run.pid)).code).toBe(9 << 8);
  expect(existsSync(path)).toBe(true);
  expect(capture.of("EXEC", run.pid)).toMatchObject([{ exe: program, image: IMAGE_FLAG.COMPAT }]);
  expect(capture.of("OPEN", run.pid).filter((row) => row.path === path)).toHaveLength(1);
});

test("a process that changes its name and arguments is found by a later start as what it runs", async () => {
  const run = bench.run("disguise", "visible");
  await run.ready();
  const late = await Capture.open({ watched: [run.pid] });
  late.drain();
  late.close();
  const [row] = late.of("PROCESS", run.pid);
  expect(row).toMatchObject({ comm: "kthreadd", exe: bench.trigger, image: 0 });
  expect(row!.argvText.replaceAll("\0", "")).toBe(bench.trigger);
  capture.drain();
  expect(capture.of("EXEC", run.pid)).toMatchObject([
    { comm: "trigger", argv: [bench.trigger, "disguise", "visible"] },
  ]);
});

test("the monitor leaves out what it does itself, and shows itself and what it starts", async () => {
  const late = await Capture.open();
  late.drain();
  const path = bench.path("read by the monitor");
  writeFileSync(path, "text");
  readFileSync(path);
  const child = bench.start("/bin/cat", [path]);
  await child.over;
  await late.exited(child.pid);
  late.source.refresh();
  await late.first("TICK", process.pid);
  late.close();
  expect(late.of("OPEN", child.pid).filter((row) => row.path === path)).toHaveLength(1);
  expect(late.of("PROCESS", process.pid)).toHaveLength(1);
  expect(late.of("FORK", process.pid).map((row) => row.childPid)).toContain(child.pid);
  const ring = late.rows.filter((row) => row.pid === process.pid && !(row.flags & FLAG.BEFORE_START));
  expect([...new Set(ring.map((row) => row.kind))].sort()).toEqual(["FORK", "MARK", "TICK"]);
});

test("long names everywhere at once do not hide an exec", async () => {
  const name = "n".repeat(255);
  const root = "/sys/fs/cgroup";
  const deep = bench.run(
    "exec-deep",
    bench.folder,
    name,
    ["/pids", "/unified", ""].map((sub) => root + sub).find((at) => existsSync(`${at}/cgroup.procs`))!,
  );
  await deep.ready();
  const pid = deep.number("deep");
  const row = await capture.first("EXEC", pid, (exec) => exec.argv.includes("hold"));
  expect(row.exe.endsWith(`/p${name.slice(2)}`)).toBe(true);
  expect(row.comm).toBe(`p${"n".repeat(14)}`);
  expect(row.cgroupPath.endsWith(`/${name}/${name}`)).toBe(true);
  const late = await Capture.open({ watched: [pid] });
  late.drain();
  const { malformed } = late.source.stats();
  late.close();
  expect(malformed).toBe(0);
  expect(late.of("PROCESS", pid)).toHaveLength(1);
  expect(late.of("PROCESS", process.pid)).toHaveLength(1);
  await deep.done();
  expect(capture.source.stats().malformed).toBe(0);
});
