import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { Capture } from "./capture.ts";
import { bench } from "./own-bench.ts";

const EPERM = 1;
const PROG_ARRAY = 3;
const RINGBUF = 27;

interface Descriptor {
  readonly fd: number;
  readonly info: ReadonlyMap<string, string>;
}

/** Descriptors of this process that the kernel says such a thing of. */
function descriptors(key: string): Descriptor[] {
  return readdirSync("/proc/self/fdinfo").flatMap((fd) => {
    try {
      const lines = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").split("\n");
      const info = new Map(lines.map((line) => line.split(":\t").map((part) => part.trim()) as [string, string]));
      return info.has(key) ? [{ fd: Number(fd), info }] : [];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
}

const maps = (type: number) =>
  descriptors("map_id")
    .filter(({ info }) => Number(info.get("map_type")) === type)
    .map(({ info }) => ({ id: Number(info.get("map_id")), bytes: Number(info.get("max_entries")) }));

/** Ends the link of a program, as one does who can reach into this process; its number goes to another file. */
function detach(program: string): void {
  const links = descriptors("link_id").filter(({ info }) => {
    const id = info.get("prog_id") ?? "0";
    const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };
    return JSON.parse(execFileSync("bpftool", ["-j", "prog", "show", "id", id], { env }).toString()).name === program;
  });
  expect(links).toHaveLength(1);
  const { fd } = links[0]!;
  closeSync(fd);
  const others: number[] = [];
  while (!others.includes(fd)) others.push(openSync("/dev/null", "r"));
  onTestFinished(() => others.forEach(closeSync));
}

async function opened(): Promise<Capture> {
  const capture = await Capture.open();
  onTestFinished(() => capture.close());
  capture.source.refresh();
  expect(capture.source.status().limited).toBeUndefined();
  return capture;
}

const missing = (capture: Capture) =>
  capture.source
    .status()
    .features.filter((feature) => feature.state === "missing")
    .map((feature) => feature.name);

test("a hook that is detached is missed at the next refresh, and said", async () => {
  const capture = await opened();
  detach("on_signal");
  capture.source.refresh();
  expect(missing(capture)).toEqual(["signals"]);
  expect(capture.source.status().limited).toMatchObject({
    why: "signals: detached behind our back",
    missed: "who ended a process",
  });
});

test("without the hook on system calls all that rests on it is missing, and what does not goes on", async () => {
  const capture = await opened();
  detach("on_syscall");
  capture.source.refresh();
  const names = missing(capture);
  expect(names).toEqual(expect.arrayContaining(["system calls", "files", "names", "credentials"]));
  expect(names).not.toContain("processes");
  expect(names).not.toContain("tcp");
  const run = bench.run("end", "status", 3);
  await run.over;
  expect((await capture.exited(run.pid)).code).toBe(3 << 8);
});

test("an iterator that is detached costs its counters, not the capture", async () => {
  const capture = await opened();
  detach("refresh_tasks");
  capture.source.refresh();
  expect(missing(capture)).toEqual(["usage"]);
});

test("system calls cannot be taken out of the table", async () => {
  const capture = await opened();
  const tables = maps(PROG_ARRAY);
  expect(tables).toHaveLength(2);
  for (const { id } of tables) {
    const run = bench.run("delete-entry", id, 257);
    expect(await run.done()).toMatchObject({ deleted: -EPERM });
  }
  capture.source.refresh();
  expect(missing(capture)).toEqual([]);
});

test("another reader of the ring is noticed, and what comes after it is read", async () => {
  const capture = await opened();
  capture.drain();
  const ring = maps(RINGBUF).sort((a, b) => b.bytes - a.bytes)[0]!;
  const taker = bench.run("take-ring", ring.id);
  await taker.done();
  expect(taker.number("taken")).toBeGreaterThan(0);
  await capture.exited(taker.pid);
  capture.source.refresh();
  expect(missing(capture)).toEqual(["records"]);
  expect(capture.source.status().limited?.why).toContain("another process reads");
  const run = bench.run("chmod", bench.folder);
  await run.over;
  await capture.exited(run.pid);
  expect(capture.of("OPEN", run.pid).length).toBeGreaterThan(0);
});
