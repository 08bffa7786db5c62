import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { IMAGE_CUT, IMAGE_FLAG } from "../../src/core/wire/layout.gen.ts";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const TICK_NS = 10_000_000n;
const ARGV_BYTES = 4095;

/** The image a waiting child runs now: its last exec. */
async function imageOf(run: Child) {
  await run.ready();
  await capture.first("EXEC", run.pid);
  capture.drain();
  return capture.of("EXEC", run.pid).at(-1)!;
}

const proc = (pid: number, name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
const statFields = (pid: number) =>
  proc(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");
const kernelDev = (dev: number) => (((dev >> 8) & 0xfff) << 20) | (dev & 0xff) | ((dev >> 12) & 0xfff00);
const namespaceOf = (pid: number, name: string) => statSync(`/proc/${pid}/ns/${name}`).ino;
const identities = (pid: number, line: string) =>
  new RegExp(`^${line}:\\s+(\\d+)\\s+(\\d+)`, "m").exec(proc(pid, "status"))!.slice(1).map(Number);

test("every field of an image is what /proc says of the process", async () => {
  const folder = bench.path("work dir");
  mkdirSync(folder);
  const link = bench.path("alias");
  symlinkSync(bench.trigger, link);
  const run = bench.start(link, ["hold", "a b", "", "é"], { cwd: folder });
  const row = await imageOf(run);
  const exe = statSync(bench.trigger);
  const [, ppid, , sid, tty] = statFields(run.pid);
  const [uid, euid] = identities(run.pid, "Uid");
  const [gid, egid] = identities(run.pid, "Gid");
  expect(row).toMatchObject({
    tid: run.pid,
    flags: 0,
    trunc: 0,
    exe: bench.trigger,
    cwd: folder,
    argv: [link, "hold", "a b", "", "é"],
    script: "",
    comm: "alias",
    exeIno: exe.ino,
    exeDev: kernelDev(exe.dev),
    parentPid: Number(ppid),
    sid: Number(sid),
    tty: Number(tty),
    uid,
    euid,
    gid,
    egid,
    nsPid: run.pid,
    loginUid: Number(proc(run.pid, "loginuid")),
    sessionId: Number(proc(run.pid, "sessionid")),
    image: 0,
    ns: {
      mnt: namespaceOf(run.pid, "mnt"),
      pid: namespaceOf(run.pid, "pid"),
      net: namespaceOf(run.pid, "net"),
      user: namespaceOf(run.pid, "user"),
    },
  });
  expect(row.argvBytes).toBe(row.argvText.length + 1);
  expect(row.argvText).toBe(proc(run.pid, "cmdline"));
  expect(row.startNs / TICK_NS).toBe(BigInt(statFields(run.pid)[19]!));
  expect(row.caps.toString(16).padStart(16, "0")).toBe(/^CapEff:\s+(\w+)/m.exec(proc(run.pid, "status"))![1]);
  expect(row.stdio).toEqual(
    [0, 1, 2]
      .map((fd) => statSync(`/proc/${run.pid}/fd/${fd}`))
      .map((st) => ({ type: st.mode & 0o170000, ino: st.ino })),
  );
});

test("other users: ids and no capabilities", async () => {
  const row = await imageOf(bench.start(bench.trigger, ["hold"], { uid: 65534, gid: 65533 }));
  expect(row).toMatchObject({ uid: 65534, euid: 65534, gid: 65533, egid: 65533, caps: 0n, image: 0 });
});

test("a set-user-id program is marked and has both ids", async () => {
  const program = bench.path("elevated");
  copyFileSync(bench.trigger, program);
  chmodSync(program, 0o4755);
  const row = await imageOf(bench.start(program, ["hold"], { uid: 65534, gid: 65534 }));
  expect(row).toMatchObject({ uid: 65534, euid: 0, image: IMAGE_FLAG.SETUID });
});

test("a set-group-id program is not", async () => {
  const program = bench.path("grouped");
  copyFileSync(bench.trigger, program);
  chmodSync(program, 0o2755);
  const row = await imageOf(bench.start(program, ["hold"], { uid: 65534, gid: 65534 }));
  expect(row).toMatchObject({ euid: 65534, gid: 65534, egid: 0, image: 0 });
});

test("a script: the interpreter is the executable, the script is named", async () => {
  const script = bench.path("tool.sh");
  writeFileSync(script, `#!${bench.trigger} hold\n`, { mode: 0o755 });
  const row = await imageOf(bench.start(script, ["x"]));
  expect(row).toMatchObject({
    exe: bench.trigger,
    script,
    comm: "tool.sh",
    argv: [bench.trigger, "hold", script, "x"],
  });
});

test("a script whose interpreter is a script names the first", async () => {
  const inner = bench.path("inner.sh");
  const outer = bench.path("outer.sh");
  writeFileSync(inner, `#!${bench.trigger} hold\n`, { mode: 0o755 });
  writeFileSync(outer, `#!${inner}\n`, { mode: 0o755 });
  const row = await imageOf(bench.start(outer, []));
  expect(row).toMatchObject({ exe: bench.trigger, script: outer });
});

test("a program that lives in memory only", async () => {
  const row = await imageOf(bench.run("exec-memfd"));
  expect(row.exe).toBe("memfd:payload");
  expect(row.image & IMAGE_FLAG.MEMFD).toBe(IMAGE_FLAG.MEMFD);
  expect(row.argv[0]).toBe("[kworker/0:1]");
});

test("a program whose name was removed keeps the name and is marked", async () => {
  const path = bench.path("dropper");
  const row = await imageOf(bench.run("exec-deleted", path));
  expect(row).toMatchObject({ exe: path, image: IMAGE_FLAG.DELETED, argv: ["gone", "hold"] });
});

test("a lying argv[0] does not hide the executable", async () => {
  const row = await imageOf(bench.start(bench.trigger, ["hold"], { argv0: "/usr/sbin/nginx" }));
  expect(row).toMatchObject({ exe: bench.trigger, argv: ["/usr/sbin/nginx", "hold"], comm: "trigger" });
});

test("exec by a thread that is not the leader keeps the process", async () => {
  const run = bench.run("exec-thread");
  const row = await imageOf(run);
  expect(run.number("thread")).not.toBe(run.pid);
  expect(row).toMatchObject({ pid: run.pid, tid: run.pid, argv: ["from-thread", "hold"] });
  expect(row.startNs / TICK_NS).toBe(BigInt(run.number("startTicks")));
  expect(capture.of("EXIT", run.pid)).toEqual([]);
  await run.done();
  expect((await capture.exited(run.pid)).startNs).toBe(row.startNs);
  expect(capture.of("EXIT", run.pid)).toHaveLength(1);
});

test("arguments at the limit are whole, beyond it their head is kept, marked, with the true length", async () => {
  const fixed = "long\0hold\0\0tail\0".length;
  const whole = await imageOf(bench.run("exec-long", ARGV_BYTES - fixed));
  expect(whole.trunc).toBe(0);
  expect(whole.argvBytes).toBe(ARGV_BYTES);
  expect(whole.argv.at(-1)).toBe("tail");
  const run = bench.run("exec-long", 100_000);
  const cut = await imageOf(run);
  expect(cut.trunc).toBe(IMAGE_CUT.ARGV);
  expect(cut.argvBytes).toBe(100_000 + fixed);
  expect(cut.argvText).toBe(proc(run.pid, "cmdline").slice(0, ARGV_BYTES));
  expect(cut.comm).toBe(proc(run.pid, "comm").trimEnd());
});

test("of the environment what loads or runs code, or says who asked, leaves the kernel, and nothing else", async () => {
  const env = {
    SECRET: "token",
    LD_LIBRARY_PATH: "/tmp/lib",
    FILLER: "x".repeat(9_000),
    LD_LIBRARY: "a name that only begins so",
    SSH_CONNECTION: "203.0.113.9 40000 198.51.100.1 22",
    PYTHONPATH: "",
    GIT_SSH_COMMAND: "ssh -i k",
  };
  const row = await imageOf(bench.start(bench.trigger, ["hold"], { env }));
  expect(row.env).toEqual([
    "LD_LIBRARY_PATH=/tmp/lib",
    "LD_LIBRARY=a name that only begins so",
    `SSH_CONNECTION=${env.SSH_CONNECTION}`,
    "PYTHONPATH=",
    "GIT_SSH_COMMAND=ssh -i k",
  ]);
  expect(row.trunc).toBe(0);
});

test("a long variable keeps its head, and one that lies behind more than is looked at leaves a mark", async () => {
  const long = await imageOf(
    bench.start(bench.trigger, ["hold"], { env: { RUBYLIB: "r".repeat(700), NODE_PATH: "n" } }),
  );
  expect(long.env).toEqual([`RUBYLIB=${"r".repeat(503)}`, "NODE_PATH=n"]);
  expect(long.trunc).toBe(IMAGE_CUT.ENV);
  const behind = await imageOf(
    bench.start(bench.trigger, ["hold"], { env: { FILLER: "x".repeat(30_000), LD_AUDIT: "/tmp/a.so" } }),
  );
  expect(behind.env).toEqual([]);
  expect(behind.trunc).toBe(IMAGE_CUT.ENV);
});

test("control bytes and broken UTF-8 in names arrive as they are", async () => {
  const name = Buffer.from([...Buffer.from("x\n\u001b[31m\u202e"), 0xff]);
  const path = Buffer.concat([Buffer.from(`${bench.folder}/`), name]);
  copyFileSync(bench.trigger, path);
  const run = bench.start("/bin/sh", ["-c", 'cd "$0" && exec ./x*', bench.folder]);
  await run.over;
  await capture.exited(run.pid);
  expect(capture.of("EXEC", run.pid).at(-1)?.exe).toBe(`${bench.folder}/x\n\u001b[31m\u202e\\xff`);
});

test("the terminal it runs on", async () => {
  const run = bench.run("exec-tty");
  const row = await imageOf(run);
  expect(row.tty).toBe(Number(statFields(run.pid)[4]));
  expect(row.tty).toBe(
    (run.number("major") << 8) | (run.number("minor") & 0xff) | ((run.number("minor") & ~0xff) << 12),
  );
  expect(row.sid).toBe(run.pid);
});

test("standard descriptors that are closed or files", async () => {
  const run = bench.run("exec-stdio", bench.path("errors"));
  const row = await imageOf(run);
  expect(row.stdio[0]).toBeUndefined();
  expect(row.stdio[2]).toEqual({ type: 0o100000, ino: run.number("stderrIno") });
});

test("an exec that fails is none", async () => {
  const run = bench.run("exec-fails", bench.path("missing"));
  await run.done();
  expect(run.facts["failed"]).toBe(1);
  await capture.exited(run.pid);
  expect(capture.of("EXEC", run.pid)).toHaveLength(1);
});

/** A control group in every hierarchy there is, as long as it takes. */
async function inOwnCgroup(name: string, use: (folders: readonly string[]) => Promise<void>): Promise<void> {
  const roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"];
  const usable = roots.filter((root) => statSync(`${root}/cgroup.procs`, { throwIfNoEntry: false }));
  const folders = usable.map((root) => `${root}/${name}`);
  for (const folder of folders) mkdirSync(folder);
  try {
    await use(folders);
  } finally {
    for (const folder of folders) rmdirSync(folder);
  }
}

test("the cgroup, as /proc names it", () => {
  const name = `spydertop-${process.pid}.scope`;
  return inOwnCgroup(name, async (folders) => {
    const run = bench.run("exec-cgroup", ...folders);
    const row = await imageOf(run);
    expect(proc(run.pid, "cgroup")).toContain(`/${name}\n`);
    expect(row.cgroupPath).toMatch(new RegExp(`/${name}$`));
    expect(proc(run.pid, "cgroup")).toContain(`:${row.cgroupPath}\n`);
    expect(folders.map((folder) => statSync(folder).ino)).toContain(row.cgroup);
    await run.done();
  });
});

test("one that is put into a cgroup by another, and does nothing itself", () => {
  const name = `spydertop-moved-${process.pid}.scope`;
  return inOwnCgroup(name, async (folders) => {
    const run = bench.run("hold");
    await run.ready();
    for (const folder of folders) writeFileSync(`${folder}/cgroup.procs`, String(run.pid));
    const moved = await capture.first("CGROUP", run.pid, (row) => row.path.endsWith(`/${name}`));
    expect(proc(run.pid, "cgroup")).toContain(`:${moved.path}\n`);
    expect(folders.map((folder) => statSync(folder).ino)).toContain(Number(moved.args[0]));
    await run.done();
  });
});

test("the name of a process is that of its executable", async () => {
  const program = bench.path("a-name-longer-than-fifteen");
  copyFileSync(bench.trigger, program);
  const row = await imageOf(bench.start(program, ["hold"]));
  expect(row.comm).toBe(basename(program).slice(0, 15));
});
