import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FLAG, KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { child, isRoot, Seen } from "./procfs-rows.ts";

const LISTEN = 10;
const ESTABLISHED = 1;
const TCP = 6;
const UDP = 17;

/** A node process that runs `code` and prints something when it is ready. */
const node = (code: string) => child(process.execPath, ["--eval", code]);

async function server(address = "127.0.0.1"): Promise<{ pid: number; port: number }> {
  const running = await child(process.execPath, [
    "--eval",
    `const s = require("net").createServer(c => c.on("error", () => {})).listen(0, "${address}", () => { process.title = "port" + s.address().port; console.log("ready") })`,
  ]);
  const listening = new Seen().rows.find((row) => row.pid === running.pid && row.state === LISTEN);
  return { pid: running.pid, port: Number(String(listening?.local).split(":").at(-1)) };
}

test("a listener and a connection that were there before, with both owners", async () => {
  const { pid, port } = await server();
  const client = await node(`require("net").connect(${port}, "127.0.0.1", () => console.log("ready"))`);
  const seen = new Seen();
  const [dialled] = seen.of(KIND.SOCKET, client.pid);
  expect(dialled).toMatchObject({
    remote: `127.0.0.1:${port}`,
    state: ESTABLISHED,
    proto: TCP,
    flags: FLAG.POLLED | FLAG.BEFORE_START,
  });
  const accepted = await seen.until((all) => all.of(KIND.SOCKET, pid).find((row) => row.state === ESTABLISHED));
  expect(accepted).toMatchObject({ local: `127.0.0.1:${port}`, remote: dialled?.local });
  expect(seen.of(KIND.SOCKET, pid).find((row) => row.state === LISTEN)).toMatchObject({
    local: `127.0.0.1:${port}`,
    proto: TCP,
  });
});

test("a connection of a long-running process is found, and its end", async () => {
  const { port } = await server();
  const client = await node(
    `console.log("ready"); process.stdin.once("data", () => { const c = require("net").connect(${port}, "127.0.0.1"); process.stdin.once("data", () => c.destroy()) })`,
  );
  const seen = new Seen({ intervalMs: 50 });
  expect(seen.of(KIND.SOCKET, client.pid)).toEqual([]);
  client.stdin?.write("connect\n");
  const open = await seen.until((all) => all.of(KIND.SOCKET, client.pid).find((row) => row.state === ESTABLISHED));
  expect(open).toMatchObject({ remote: `127.0.0.1:${port}`, flags: FLAG.POLLED });
  client.stdin?.write("close\n");
  const closed = await seen.until((all) => all.rows.find((row) => row.kind === KIND.CLOSE && row.inode === open.inode));
  expect(closed).toMatchObject({ pid: client.pid, local: open.local, remote: open.remote });
});

test("IPv6 and datagram sockets", async () => {
  const six = await server("::1");
  expect(new Seen().of(KIND.SOCKET, six.pid)[0]).toMatchObject({ local: `[::1]:${six.port}`, state: LISTEN });
  const udp = await node(
    `const s = require("dgram").createSocket("udp4"); s.bind(0, "127.0.0.1", () => console.log("ready"))`,
  );
  expect(new Seen().of(KIND.SOCKET, udp.pid)[0]).toMatchObject({
    proto: UDP,
    local: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  });
});

test("a child that inherits a socket is its owner too", async () => {
  const parent = await node(
    `const s = require("net").createServer().listen(0, "127.0.0.1", () => { require("child_process").spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore", s._handle.fd] }).once("spawn", () => console.log("ready")) })`,
  );
  const seen = new Seen();
  const sleeper = seen.rows.find((row) => row.kind === KIND.PROCESS && row.parent === parent.pid);
  onTestFinished(() => void process.kill(sleeper?.pid ?? 0, "SIGKILL"));
  const owners = seen.rows.filter(
    (row) =>
      row.kind === KIND.SOCKET && row.state === LISTEN && row.inode === seen.of(KIND.SOCKET, parent.pid)[0]?.inode,
  );
  expect(owners.map((row) => row.pid).sort()).toEqual([parent.pid, sleeper?.pid].sort());
});

test("a socket in another network namespace belongs to its process", async (context) => {
  if (!isRoot) return context.skip("needs root to make a network namespace");
  const apart = await child("unshare", [
    "--net",
    process.execPath,
    "--eval",
    `require("net").createServer().listen(4711, "0.0.0.0", () => console.log("ready"))`,
  ]);
  const seen = new Seen();
  const [row] = seen.of(KIND.SOCKET, apart.pid);
  expect(row).toMatchObject({ local: ":4711", state: LISTEN });
  expect(row?.netns).toBe(seen.of(KIND.PROCESS, apart.pid)[0]?.netns);
  expect(row?.netns).not.toBe(seen.of(KIND.PROCESS, process.pid)[0]?.netns);
});

test("unix sockets keep their names, abstract ones too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "procfs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "s.sock");
  const named = await node(`require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("ready"))`);
  const abstract = await node(
    `require("net").createServer().listen("\\0spy-${process.pid}", () => console.log("ready"))`,
  );
  const seen = new Seen();
  expect(seen.of(KIND.UNIX_SOCKET, named.pid)).toContainEqual(expect.objectContaining({ path, state: LISTEN }));
  expect(seen.of(KIND.UNIX_SOCKET, abstract.pid)).toContainEqual(
    expect.objectContaining({ path: `\0spy-${process.pid}`, state: LISTEN }),
  );
});

test("both ends of a pipe, and a file held open for writing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "procfs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, "log");
  const shell = await child("sh", [
    "-c",
    'exec 9>"$0"; echo text >&9; sleep 60 | { echo ready; read line; sleep 60; }',
    log,
  ]);
  const seen = new Seen();
  const written = seen.of(KIND.OPEN, shell.pid).find((row) => row.path === log);
  expect(written).toMatchObject({ open: OPEN_FLAG.WRITE, size: 5 });
  const children = seen.rows.filter((row) => row.kind === KIND.PROCESS && row.parent === shell.pid);
  const pipes = children.flatMap(({ pid }) => seen.of(KIND.PIPE, pid));
  const into = pipes.find((row) => row.fd === 1 && pipes.some((other) => other.fd === 0 && other.inode === row.inode));
  expect(into).toMatchObject({ open: OPEN_FLAG.WRITE });
  expect(pipes.find((row) => row.fd === 0 && row.inode === into?.inode)).toMatchObject({ open: OPEN_FLAG.READ });
  for (const { pid } of children) process.kill(pid, "SIGKILL");
});
