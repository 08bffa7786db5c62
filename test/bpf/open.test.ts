import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FLAG, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import type { Child, Facts } from "./child.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const { CREATED, READ, WRITE, TRUNC, DELETED, MEMFD } = OPEN_FLAG;
const PATH_SLOT = 1;

/** OPEN rows of an ended child that lie in the test's folder, or elsewhere when a path is given. */
async function opensOf(run: Child, below: string = bench.folder) {
  await capture.ended(run);
  return capture.of("OPEN", run.pid).filter((row) => row.path.startsWith(below) && row.path !== bench.trigger);
}

const form = (run: Child, number: number): Facts => run.lines.find((line) => line["form"] === number)!;
const identity = ({ ino, dev, fd, mode }: Facts) => ({ ino, dev, fd, mode });

test("every way of opening gives the resolved path, the inode and how it was opened", async () => {
  const at = bench.files();
  const run = bench.run("open-forms", at);
  const opens = await opensOf(run, at);
  const expected = [
    [1, "plain", READ],
    [2, "created", WRITE | CREATED],
    [3, "plain", WRITE],
    [4, "sub/below", READ | WRITE | CREATED],
    [5, "sub/below", READ],
    [6, "plain", READ],
    [7, "sub/below", READ],
    [8, "sub/below", READ | WRITE],
    [9, "plain", WRITE | TRUNC],
    [10, "sub", READ],
    [12, "sub/below", WRITE | TRUNC],
  ] as const;
  for (const [number, name, open] of expected) {
    const fact = form(run, number);
    const row = opens.find((candidate) => candidate.fd === fact["fd"]);
    expect(row, `form ${number}`).toMatchObject({ ...identity(fact), path: join(at, name), open, flags: 0, trunc: 0 });
  }
});

test("size, owner and flags are those of the file", async () => {
  const at = bench.files();
  const [row] = (await opensOf(bench.run("open-forms", at), at)).filter((open) => open.path.endsWith("/plain"));
  const file = statSync(join(at, "plain"));
  expect(row).toMatchObject({ size: 5, uid: file.uid, mode: file.mode, pid: row?.tid });
});

test("a temporary file without a name is marked deleted", async () => {
  const at = bench.files();
  const run = bench.run("open-forms", at);
  const opens = await opensOf(run, join(at, "sub"));
  const row = opens.find((open) => open.fd === form(run, 11)["fd"]);
  expect(row).toMatchObject({ open: READ | WRITE | DELETED, ino: form(run, 11)["ino"] });
});

test("a file whose name was removed keeps it and is marked; a memory file has only its label", async () => {
  const path = bench.path("gone");
  const run = bench.run("open-nameless", path);
  await capture.ended(run);
  const byFd = (number: number) => capture.of("OPEN", run.pid).find((row) => row.fd === form(run, number)["fd"]);
  expect(byFd(1)).toMatchObject({ path, open: READ | DELETED, ino: form(run, 1)["ino"] });
  expect(byFd(2)).toMatchObject({ path: "memfd:anonymous", ino: form(run, 2)["ino"] });
  expect(byFd(2)!.open & MEMFD).toBe(MEMFD);
});

test("an open that fails is none", async () => {
  const at = bench.files();
  const run = bench.run("open-failures", at);
  expect(await opensOf(run, at)).toEqual([]);
  expect(run.facts).toMatchObject({ missing: -1, exists: -1, directory: -1 });
});

test("below a changed root the path is the true one", async () => {
  const at = bench.files();
  const run = bench.run("chroot", at);
  expect(await opensOf(run)).toMatchObject([
    { path: join(at, "inside"), ino: run.number("ino"), dev: run.number("dev") },
  ]);
});

test("a file system that only the process sees", async () => {
  const at = bench.files();
  const run = bench.run("private-mount", at);
  expect(await opensOf(run)).toMatchObject([
    { path: join(at, "hidden"), ino: run.number("ino"), dev: run.number("dev") },
  ]);
});

test("through a bind mount the path is where the process sees it, the inode is the file's", async () => {
  const from = bench.files();
  const to = bench.files();
  const run = bench.run("bind-mount", from, to);
  expect(await opensOf(run)).toMatchObject([{ path: join(to, "bound"), ino: statSync(join(from, "bound")).ino }]);
});

test("in a container's own root paths begin at that root", async () => {
  const run = bench.run("own-root", bench.files());
  await capture.ended(run);
  const row = capture
    .of("OPEN", run.pid)
    .find((open) => open.ino === run.number("ino") && open.dev === run.number("dev"));
  expect(row?.path).toBe("/etc/passwd");
});

test.each([
  ["many components", 60, "d"],
  ["more bytes than a path may have", 20, "n".repeat(250)],
])("a path of %s keeps its end and is marked as cut", async (_, depth, name) => {
  const run = bench.run("open-deep", bench.files(), depth, name);
  await capture.ended(run);
  const row = capture.of("OPEN", run.pid).find((open) => open.ino === run.number("ino"))!;
  expect(row.trunc).toBe(PATH_SLOT);
  expect(row.path.endsWith(`/${name}/${name}/bottom`)).toBe(true);
  expect(row.path.startsWith("…/")).toBe(true);
});

test("a deep path that fits is whole", async () => {
  const at = bench.files();
  const run = bench.run("open-deep", at, 30, "d");
  const [row] = await opensOf(run, at);
  expect(row).toMatchObject({ trunc: 0, path: join(at, ..."d".repeat(30), "bottom") });
});

test("names of every length that is copied in its own way are whole, at each level", async () => {
  const at = bench.files();
  for (const bytes of [1, 7, 8, 15, 16, 17, 31, 32, 33, 254, 255]) {
    const name = "abcdefghijklmnopqrstuvwxyz".repeat(10).slice(0, bytes);
    const run = bench.run("open-deep", at, 3, name);
    const [row] = await opensOf(run, at);
    expect(row).toMatchObject({ trunc: 0, path: join(at, name, name, name, "bottom") });
  }
});

test("control bytes, bidirectional marks and line ends in names arrive as they are", async () => {
  const name = "a\u001b]0;x\u0007\u202eb\nc";
  const [row] = await opensOf(bench.run("open-one", bench.path(name)));
  expect(row?.path).toBe(bench.path(name));
  expect(row?.flags).toBe(0);
});

test("chmod in all its forms: mode and name; by descriptor also the inode", async () => {
  const at = bench.files();
  const run = bench.run("chmod", at);
  await capture.ended(run);
  const rows = capture.of("CHMOD", run.pid);
  const modes = [0o701, 0o702, 0o703, ...(run.number("fchmodat2") === 0 ? [0o704] : [])];
  expect(rows.map((row) => row.mode & 0o7777)).toEqual(modes);
  for (const row of rows) {
    if (row.mode === (0o100000 | 0o702))
      expect(row).toMatchObject({
        path: join(at, "plain"),
        ino: run.number("ino"),
        dev: run.number("dev"),
        fd: run.number("fd"),
        flags: 0,
      });
    else expect(row).toMatchObject({ path: "plain", flags: FLAG.UNVERIFIED });
  }
});
