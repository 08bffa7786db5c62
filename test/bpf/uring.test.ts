import { join } from "node:path";
import { expect, test } from "vitest";
import { FLAG, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const CONNECT = 16;
const ACCEPT = 13;
const OPENAT = 18;
const UNLINKAT = 36;

test("files opened, read and written through io_uring, by the path the kernel resolved", async () => {
  const at = bench.files();
  const run = bench.run("uring-files", at);
  await capture.ended(run);
  const made = join(at, "made");
  const plain = join(at, "plain");
  expect(capture.of("OPEN", run.pid).filter((row) => row.path.startsWith(at))).toMatchObject([
    { path: made, fd: run.number("to"), ino: run.number("ino"), open: OPEN_FLAG.CREATED | OPEN_FLAG.WRITE },
    { path: plain, fd: run.number("from"), open: OPEN_FLAG.READ },
  ]);
  expect(run.number("missing")).toBe(-1);
  expect(capture.of("READ", run.pid).filter((row) => row.path === plain)).toMatchObject([{ bytes: 3 }]);
  expect(capture.of("WRITE", run.pid).filter((row) => row.path === made)).toMatchObject([{ bytes: 3 }]);
});

test("a request whose result is kept from everyone still tells its name", async () => {
  const at = bench.files();
  const run = bench.run("uring-files", at);
  await capture.ended(run);
  const named = capture.of("URING", run.pid).filter((row) => row.path !== "");
  expect(named).toMatchObject([
    { nr: OPENAT, path: "quiet", flags: FLAG.UNVERIFIED },
    { nr: UNLINKAT, path: "made", flags: FLAG.UNVERIFIED },
  ]);
});

test("TCP through io_uring: a mark on the process, owner and addresses at both ends", async () => {
  const run = bench.run("tcp", 3, 2, "uring");
  await run.done();
  const client = run.number("client");
  await capture.exited(client);
  await capture.exited(run.pid);
  expect(capture.of("URING", client)).toMatchObject([{ nr: CONNECT, path: "" }]);
  expect(capture.of("URING", run.pid)).toMatchObject([{ nr: ACCEPT, path: "" }]);
  const port = run.number("port");
  expect(capture.of("CONNECT", client)).toMatchObject([
    { sock: run.number("clientIno"), remote: "127.0.0.1", remotePort: port, err: 0 },
  ]);
  expect(capture.of("ACCEPT", run.pid)).toMatchObject([
    { sock: run.number("acceptedIno"), localPort: port, remotePort: run.number("clientPort") },
  ]);
  const close = await capture.first("CLOSE", run.pid, (row) => row.sock === run.number("acceptedIno"));
  expect(close).toMatchObject({ rx: 3, tx: 2 });
});

test("unix sockets through io_uring know each other", async () => {
  const run = bench.run("uring-unix", bench.path("socket"));
  await capture.ended(run);
  const [connect] = capture.of("UNIX_CONNECT", run.pid);
  const [accept] = capture.of("UNIX_ACCEPT", run.pid);
  expect(connect).toMatchObject({ sock: run.number("client"), path: bench.path("socket") });
  expect(accept).toMatchObject({ sock: run.number("server"), fd: run.number("fd") });
  expect(accept!.end).toBe(connect!.peer);
});

test("one request that accepts many: each connection belongs to the process, with its other end", async () => {
  const run = bench.run("uring-multishot", bench.path("many"));
  await run.ready();
  await capture.ended(run);
  const port = run.number("port");
  const asked = capture.of("CONNECT", run.pid).map((row) => row.localPort);
  expect(asked).toHaveLength(2);
  expect(capture.of("ACCEPT", run.pid)).toMatchObject([
    { sock: run.number("tcp0"), localPort: port, remotePort: asked[0], flags: 0 },
    { sock: run.number("tcp1"), localPort: port, remotePort: asked[1], flags: 0 },
  ]);
  const [first, second] = capture.of("UNIX_CONNECT", run.pid);
  expect(capture.of("UNIX_ACCEPT", run.pid)).toMatchObject([
    { sock: run.number("unix0"), end: first!.peer },
    { sock: run.number("unix1"), end: second!.peer },
  ]);
});
