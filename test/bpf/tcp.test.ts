import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { expect, test } from "vitest";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const { ECONNREFUSED, EINPROGRESS, ENETUNREACH } = constants.errno;
const TCP = 6;
const ESTABLISHED = 1;
const SYN_SENT = 2;
const CLOSED = 7;
const LISTEN = 10;
const AF_INET = 2;
const AF_INET6 = 10;

/** Both ends of the connection of a finished scenario: how each began and how it ended. */
async function ends(run: Child) {
  await run.done();
  const client = run.number("client");
  const server = run.number("server");
  const accept = await capture.first("ACCEPT", server);
  const connect = await capture.first("CONNECT", client, (row) => row.state === ESTABLISHED);
  const clientClose = await capture.first("CLOSE", client);
  const serverClose = await capture.first("CLOSE", server, (row) => row.sock === accept.sock);
  // What NAT cannot change leads from one end to the other, and tells who asked.
  expect([connect.pair & 1n, accept.pair & 1n]).toEqual([1n, 0n]);
  expect(connect.pair).toBe(accept.pair | 1n);
  return { client, server, accept, connect, clientClose, serverClose, listen: await capture.first("LISTEN", server) };
}

const LOCAL = { v4: "127.0.0.1", v6: "0:0:0:0:0:0:0:1" };

test.each([
  ["IPv4", "", LOCAL.v4, AF_INET, AF_INET],
  ["IPv6", "v6", LOCAL.v6, AF_INET6, AF_INET6],
  ["IPv4 to an IPv6 listener", "mapped", LOCAL.v4, AF_INET, AF_INET6],
])(
  "%s: both ends have the tuple, the inode, the owner and the bytes",
  async (_, word, address, clientFamily, serverFamily) => {
    const run = bench.run("tcp", 70_001, 1234, word);
    const { client, server, accept, connect, clientClose, serverClose } = await ends(run);
    const common = { local: address, remote: address, proto: TCP, netns: run.number("netns"), err: 0 };
    const near = {
      ...common,
      localPort: run.number("clientPort"),
      remotePort: run.number("port"),
      family: clientFamily,
    };
    const far = {
      ...common,
      localPort: run.number("port"),
      remotePort: run.number("clientPort"),
      family: serverFamily,
    };
    expect(connect).toMatchObject({ ...near, pid: client, sock: run.number("clientIno"), state: ESTABLISHED });
    expect(accept).toMatchObject({
      ...far,
      pid: server,
      sock: run.number("acceptedIno"),
      state: ESTABLISHED,
      fd: run.number("acceptedFd"),
    });
    expect(clientClose).toMatchObject({
      ...near,
      pid: client,
      sock: connect.sock,
      state: CLOSED,
      tx: 70_001,
      rx: 1234,
    });
    expect(serverClose).toMatchObject({ ...far, pid: server, sock: accept.sock, state: CLOSED, tx: 1234, rx: 70_001 });
  },
);

test("a connection is one connect, one accept and a close at each end", async () => {
  const run = bench.run("tcp", 10, 10);
  const { client, server } = await ends(run);
  await capture.exited(run.pid);
  expect(capture.of("CONNECT", client)).toHaveLength(1);
  expect(capture.of("ACCEPT", server)).toHaveLength(1);
  expect(capture.of("CLOSE", client)).toHaveLength(1);
  expect(capture.of("CLOSE", server).filter((row) => row.sock === run.number("acceptedIno"))).toHaveLength(1);
});

test.each([
  ["the server closes first", "server-first"],
  ["a process ends without closing", "exit-open"],
  ["accept instead of accept4", "accept"],
  ["fast open", "fastopen"],
  ["a connect by io_uring", "uring"],
  ["a connect that does not block", "nonblock"],
])("%s: owners and bytes stay exact", async (_, word) => {
  const run = bench.run("tcp", 5000, 300, word);
  const { client, server, connect, clientClose, serverClose } = await ends(run);
  expect(connect).toMatchObject({ pid: client, localPort: run.number("clientPort"), remotePort: run.number("port") });
  expect(clientClose).toMatchObject({ pid: client, sock: run.number("clientIno"), tx: 5000, rx: 300 });
  expect(serverClose).toMatchObject({ pid: server, sock: run.number("acceptedIno"), tx: 300, rx: 5000 });
});

test("an empty connection carried nothing", async () => {
  const { clientClose, serverClose } = await ends(bench.run("tcp", 0, 0));
  expect(clientClose).toMatchObject({ tx: 0, rx: 0 });
  expect(serverClose).toMatchObject({ tx: 0, rx: 0 });
});

test("a reset ends both ends", async () => {
  const { clientClose, serverClose } = await ends(bench.run("tcp", 100, 100, "reset"));
  expect(clientClose).toMatchObject({ tx: 100, rx: 100 });
  expect(serverClose).toMatchObject({ tx: 100, rx: 100 });
});

test("a connect that waits is reported while it waits, and again when it is through", async () => {
  const run = bench.run("tcp", 1, 1, "nonblock");
  const { client } = await ends(run);
  const rows = capture.of("CONNECT", client);
  for (const row of rows.slice(0, -1)) expect(row).toMatchObject({ state: SYN_SENT, err: EINPROGRESS });
  expect(rows.at(-1)).toMatchObject({ state: ESTABLISHED, err: 0 });
});

test("the last close comes after the process is gone, in its name", async () => {
  const run = bench.run("client-dies");
  await run.ready();
  const client = run.number("client");
  const exit = await capture.exited(client);
  run.release();
  await run.done();
  const close = await capture.first("CLOSE", client);
  expect(close).toMatchObject({
    startNs: exit.startNs,
    sock: run.number("clientIno"),
    tx: 1000,
    localPort: run.number("clientPort"),
  });
  expect(close.timeNs).toBeGreaterThan(exit.timeNs);
});

test.each(["block", "nonblock", "v6"])("refused (%s): the error and the destination are kept", async (word) => {
  const run = bench.run("refused", word);
  await run.done();
  expect([ECONNREFUSED, EINPROGRESS]).toContain(run.facts["errno"]);
  await capture.exited(run.pid);
  const failed = capture.of("CONNECT", run.pid).filter((row) => row.state === CLOSED);
  const address = word === "v6" ? LOCAL.v6 : LOCAL.v4;
  expect(failed).toMatchObject([
    { err: ECONNREFUSED, remote: address, remotePort: run.number("port"), sock: run.number("ino") },
  ]);
  expect(capture.of("CLOSE", run.pid)).toEqual([]);
});

test("a destination without a route: the attempt is kept", async () => {
  const run = bench.run("unreachable");
  await run.done();
  expect(run.facts["errno"]).toBe(ENETUNREACH);
  await capture.exited(run.pid);
  expect(capture.of("CONNECT", run.pid)).toMatchObject([
    { err: ENETUNREACH, state: CLOSED, remote: "192.0.2.7", remotePort: 4242, sock: run.number("ino") },
  ]);
});

test("a connection of a socket with itself", async () => {
  const run = bench.run("self-connect");
  await run.done();
  const port = run.number("port");
  const connect = await capture.first("CONNECT", run.pid);
  expect(connect).toMatchObject({ state: ESTABLISHED, localPort: port, remotePort: port, sock: run.number("ino") });
});

test("a listener: port, backlog, end", async () => {
  const run = bench.run("tcp", 1, 1);
  const { server, listen } = await ends(run);
  expect(listen).toMatchObject({
    state: LISTEN,
    local: LOCAL.v4,
    localPort: run.number("port"),
    backlog: 7,
    sock: run.number("listenIno"),
  });
  const close = await capture.first("CLOSE", server, (row) => row.sock === listen.sock);
  expect(close).toMatchObject({ localPort: run.number("port"), tx: 0, rx: 0 });
});

test("a listener without a bound port has the port the kernel chose", async () => {
  const run = bench.run("listen-unbound");
  await run.done();
  const listen = await capture.first("LISTEN", run.pid);
  expect(listen).toMatchObject({
    localPort: run.number("port"),
    backlog: 3,
    local: "0:0:0:0:0:0:0:0",
    sock: run.number("ino"),
  });
});

test("multipath TCP is a connection like any other", async ({ skip }) => {
  if (!readFileSync("/proc/net/protocols", "utf8").includes("MPTCP ")) skip("this kernel has no multipath TCP");
  const run = bench.run("tcp", 100, 50, "multipath");
  await capture.ended(run);
  const [client, server] = [run.number("client"), run.number("server")];
  const port = run.number("port");
  expect(capture.of("LISTEN", server)).toMatchObject([{ sock: run.number("listenIno"), localPort: port }]);
  expect(capture.of("CONNECT", client)).toMatchObject([
    { sock: run.number("clientIno"), remotePort: port, state: ESTABLISHED },
  ]);
  expect(capture.of("ACCEPT", server)).toMatchObject([{ sock: run.number("acceptedIno"), proto: TCP, tx: 0, rx: 0 }]);
  expect(capture.of("DATAGRAM", client)).toEqual([]);
  expect(await capture.first("CLOSE", client)).toMatchObject({ sock: run.number("clientIno"), tx: 100, rx: 50 });
});

test("in a network namespace of its own", async () => {
  const run = bench.run("tcp", 10, 20, "netns");
  const { accept, connect, clientClose } = await ends(run);
  expect(run.number("netns")).not.toBe(accept.netns - 1);
  expect([accept.netns, connect.netns, clientClose.netns]).toEqual(Array(3).fill(run.number("netns")));
});
