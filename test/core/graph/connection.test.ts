import { describe, expect, test } from "vitest";
import { tupleHash } from "../../../src/core/graph/connections.ts";
import type { Monitor } from "../../../src/core/monitor.ts";
import { connections } from "../../../src/core/query/connections.ts";
import type { ConnectionRow } from "../../../src/core/query/model.ts";
import type { BatchWriter } from "../../../src/core/wire/encode.ts";
import type { SockFields } from "../../../src/core/wire/fields.ts";
import { FLAG, KIND, MARK_WHAT } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed, graphFromText } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const MS = 1e6;
const S = 1e9;

const all = (monitor: Monitor, includeClosed = true): readonly ConnectionRow[] =>
  connections(monitor, includeClosed ? {} : { closedSinceNs: Number.POSITIVE_INFINITY });
const only = (monitor: Monitor): ConnectionRow => {
  const rows = all(monitor);
  expect(rows).toHaveLength(1);
  return rows[0] as ConnectionRow;
};

test("of connections that are over those since a moment are told, those that are open always", () => {
  const told = graphFromText(
    "curl -> 192.0.2.1:80; curl closes 192.0.2.1:80; +60s; curl -> 192.0.2.2:80; curl closes 192.0.2.2:80; curl -> 192.0.2.3:80",
  );
  const remotes = (options: Parameters<typeof connections>[1]): string[] =>
    connections(told.monitor, options).map(({ remote }) => remote.replace(":80", ""));
  const process = told.process("curl");
  const sinceNs = told.monitor.nowNs - 30 * S;
  expect(remotes({ closedSinceNs: sinceNs })).toEqual(["192.0.2.3", "192.0.2.2"]);
  expect(remotes({ closedSinceNs: sinceNs, process })).toEqual(["192.0.2.3", "192.0.2.2"]);
  expect(remotes({})).toEqual(["192.0.2.3", "192.0.2.2", "192.0.2.1"]);
  expect(remotes({ closedSinceNs: Number.POSITIVE_INFINITY, process })).toEqual(["192.0.2.3"]);
});

const client: Omit<SockFields, "timeNs" | "pid" | "startNs"> = {
  sock: 71,
  local: "127.0.0.1",
  localPort: 40000,
  remote: "127.0.0.1",
  remotePort: 80,
  netns: 1,
};
const server: typeof client = {
  sock: 72,
  local: "127.0.0.1",
  localPort: 80,
  remote: "127.0.0.1",
  remotePort: 40000,
  netns: 1,
};
const connect = (w: BatchWriter, ms: number, more: Partial<SockFields> = {}): void =>
  w.sock(KIND.CONNECT, { ...by(10, ms * MS, -S), ...client, ...more });
const accept = (w: BatchWriter, ms: number, more: Partial<SockFields> = {}): void =>
  w.sock(KIND.ACCEPT, { ...by(20, ms * MS, -S), ...server, ...more });

describe("both ends on this host", () => {
  test.each([
    [
      "connect first",
      (w: BatchWriter) => {
        connect(w, 1);
        accept(w, 2);
      },
    ],
    [
      "accept first",
      (w: BatchWriter) => {
        accept(w, 2);
        connect(w, 1);
      },
    ],
    [
      "reported twice",
      (w: BatchWriter) => {
        connect(w, 1);
        accept(w, 2);
        connect(w, 1);
        accept(w, 2);
      },
    ],
  ])("are one connection: %s", (_how, rows) => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => void rows(w));
    const row = only(monitor);
    expect(row).toMatchObject({
      direction: "local",
      local: "127.0.0.1:40000",
      remote: "127.0.0.1:80",
      state: "established",
    });
    expect(row.owners.map((id) => monitor.graph.processes.tgid.get(id))).toEqual([10]);
    expect(monitor.graph.processes.tgid.get(row.peer ?? -1)).toBe(20);
  });

  test("each process sees its own side", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1);
      accept(w, 2);
    });
    const seen = (pid: number) =>
      connections(monitor, {
        process: monitor.graph.processes.living(pid),
        closedSinceNs: Number.POSITIVE_INFINITY,
      })[0];
    expect(seen(10)).toMatchObject({ direction: "out", local: "127.0.0.1:40000" });
    expect(seen(20)).toMatchObject({ direction: "in", local: "127.0.0.1:80" });
  });

  test("of equal loopback tuples in two network namespaces are two connections", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1, { netns: 1 });
      accept(w, 2, { netns: 2 });
    });
    expect(all(monitor)).toHaveLength(2);
  });

  test("found by a snapshot take their direction from the listener, whichever comes first", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      const flags = FLAG.BEFORE_START;
      w.sock(KIND.SOCKET, { ...by(20, 1 * MS, -S), ...server, flags });
      w.sock(KIND.SOCKET, { ...by(10, 1 * MS, -S), ...client, flags });
      w.sock(KIND.LISTEN, { ...by(20, 1 * MS, -S), sock: 70, local: "0.0.0.0", localPort: 80, netns: 1, flags });
      w.mark({ ...by(1, 2 * MS, -S), what: MARK_WHAT.SNAPSHOT_END });
    });
    const row = all(monitor).find((one) => one.direction !== "listen");
    expect(row).toMatchObject({ direction: "local", local: "127.0.0.1:40000", certainty: "before start" });
    expect(all(monitor)).toHaveLength(2);
  });
});

describe("with NAT between the ends", () => {
  const asked = { sock: 71, local: "10.0.2.2", localPort: 40000, remote: "10.0.1.1", remotePort: 8080, netns: 2 };
  const answered = { sock: 72, local: "10.0.1.2", localPort: 80, remote: "10.0.1.1", remotePort: 56000, netns: 1 };
  const PAIR = 0x1234_5678_9abc_def0n;
  const begin = {
    client: (w: BatchWriter, ms: number) => w.sock(KIND.CONNECT, { ...by(10, ms * MS, -S), ...asked, pair: PAIR | 1n }),
    server: (w: BatchWriter, ms: number) => w.sock(KIND.ACCEPT, { ...by(20, ms * MS, -S), ...answered, pair: PAIR }),
  };
  const end = {
    client: (w: BatchWriter, ms: number) => w.sock(KIND.CLOSE, { ...by(10, ms * MS, -S), ...asked, tx: 7 }),
    server: (w: BatchWriter, ms: number) => w.sock(KIND.CLOSE, { ...by(20, ms * MS, -S), ...answered }),
  };

  test.each([
    ["client first", ["client", "server"]],
    ["server first", ["server", "client"]],
    ["told twice", ["client", "server", "client", "server"]],
  ] as const)("are one connection, and each keeps its own addresses: %s", (_how, order) => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => order.forEach((side, i) => void begin[side](w, 1 + (i % 2))));
    const translated = { client: "10.0.1.1:56000", server: "10.0.1.2:80" };
    expect(only(monitor)).toMatchObject({
      direction: "local",
      local: "10.0.2.2:40000",
      remote: "10.0.1.1:8080",
      translated,
      certainty: "observed",
    });
    const seen = (pid: number) => connections(monitor, { process: monitor.graph.processes.living(pid) });
    expect(seen(10)).toMatchObject([{ direction: "out", local: "10.0.2.2:40000", remote: "10.0.1.1:8080" }]);
    expect(seen(20)).toMatchObject([{ direction: "in", local: "10.0.1.2:80", remote: "10.0.1.1:56000" }]);
    feed(monitor, writer, 12 * MS, (w) => order.forEach((side) => void end[side](w, 11)));
    expect(only(monitor)).toMatchObject({ closedNs: 11 * MS, txBytes: 7, translated });
    checkInvariants(monitor.graph);
  });

  test("accepted after the client closed it, as a busy server does, are one connection until the server closes it", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 4 * MS, (w) => {
      begin.client(w, 1);
      end.client(w, 3);
    });
    expect(only(monitor)).toMatchObject({ closedNs: 3 * MS });
    feed(monitor, writer, 9 * MS, (w) => begin.server(w, 8));
    expect(only(monitor)).toMatchObject({ direction: "local", state: "established" });
    expect(only(monitor).closedNs).toBeUndefined();
    checkInvariants(monitor.graph);
    feed(monitor, writer, 12 * MS, (w) => end.server(w, 11));
    expect(only(monitor)).toMatchObject({ closedNs: 11 * MS, txBytes: 7 });
    checkInvariants(monitor.graph);
  });

  test("found by a snapshot know who asked without a listener", () => {
    const { monitor, writer } = emptyMonitor();
    const flags = FLAG.BEFORE_START;
    feed(monitor, writer, 9 * MS, (w) => {
      w.sock(KIND.SOCKET, { ...by(20, 1 * MS, -S), ...answered, pair: PAIR, flags });
      w.sock(KIND.SOCKET, { ...by(10, 1 * MS, -S), ...asked, pair: PAIR | 1n, flags });
    });
    expect(only(monitor)).toMatchObject({ direction: "local", local: "10.0.2.2:40000", certainty: "before start" });
  });

  test("an equal tuple in another namespace is another connection when it counts from other numbers", () => {
    const { monitor, writer } = emptyMonitor();
    const far = { local: asked.remote, localPort: 8080, remote: asked.local, remotePort: 40000 };
    feed(monitor, writer, 9 * MS, (w) => {
      begin.client(w, 1);
      w.sock(KIND.ACCEPT, { ...by(20, 2 * MS, -S), ...far, sock: 72, netns: 3, pair: PAIR + 2n });
    });
    expect(all(monitor)).toHaveLength(2);
  });
});

describe("closing", () => {
  const close = (w: BatchWriter, ms: number, side: typeof client, more: Partial<SockFields> = {}): void =>
    w.sock(KIND.CLOSE, { ...by(10, ms * MS, -S), ...side, ...more });

  test("ends a connection when both ends have, with the final counters", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1);
      accept(w, 2);
      close(w, 3, client, { tx: 10, rx: 2000 });
    });
    expect(only(monitor).closedNs).toBeUndefined();
    feed(monitor, writer, 12 * MS, (w) => close(w, 11, server));
    expect(only(monitor)).toMatchObject({ closedNs: 11 * MS, state: "closed", txBytes: 10, rxBytes: 2000 });
    expect(all(monitor, false)).toHaveLength(0);
  });

  test("twice changes nothing, and a late row does not open it again", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1);
      close(w, 3, client);
      close(w, 3, client);
      connect(w, 1);
    });
    expect(only(monitor)).toMatchObject({ closedNs: 3 * MS });
  });

  test("frees the inode: the next socket with it is another connection", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1);
      close(w, 3, client);
      connect(w, 5, { localPort: 40001 });
    });
    expect(all(monitor).map((row) => [row.local, row.closedNs])).toEqual([
      ["127.0.0.1:40001", undefined],
      ["127.0.0.1:40000", 3 * MS],
    ]);
  });

  test("that was lost is noticed when the inode is used again", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1);
      connect(w, 5, { localPort: 40001, remotePort: 81 });
    });
    expect(all(monitor).map((row) => [row.remote, row.closedNs])).toEqual([
      ["127.0.0.1:81", undefined],
      ["127.0.0.1:80", 5 * MS],
    ]);
  });

  test("happens when the last owner exits, unless a child it forked meanwhile lives on", () => {
    const exits = (text: string) => all(graphFromText(text).monitor).map((row) => row.closedNs !== undefined);
    expect(exits("bash > nc; nc -> 1.2.3.4:99; nc exits")).toEqual([true]);
    expect(exits("bash > srv; srv listens :99; srv >> worker; srv exits")).toEqual([false]);
    expect(exits("bash > srv; srv >> worker; srv listens :99; srv exits")).toEqual([true]);
  });

  test("deduced from an exit is taken back when the other end accepts after it", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      connect(w, 1);
      w.exit(by(10, 2 * MS, -S));
      accept(w, 3);
    });
    expect(only(monitor)).toMatchObject({ direction: "local", state: "established" });
  });
});

test("a failed connect says why", () => {
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, 9 * MS, (w) => {
    connect(w, 1, { state: 2, err: 115 });
    connect(w, 2, { state: 7, err: 111 });
  });
  expect(only(monitor)).toMatchObject({ error: "ECONNREFUSED", state: "failed", closedNs: 2 * MS });
});

test("a connect under way becomes established, and a late report of the attempt does not undo it", () => {
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, 3 * MS, (w) => connect(w, 1, { state: 2, err: 115 }));
  expect(only(monitor).state).toBe("syn sent");
  feed(monitor, writer, 9 * MS, (w) => {
    connect(w, 4);
    connect(w, 1, { state: 2, err: 115 });
  });
  expect(only(monitor).state).toBe("established");
});

test("rates come from rows of successive refreshes and end with the traffic", () => {
  const { monitor, writer } = emptyMonitor();
  const refresh = (atS: number, rx?: number): void =>
    feed(monitor, writer, atS * S, (w) => {
      if (rx !== undefined) w.sock(KIND.SOCKET, { ...by(10, atS * S, -S), ...client, rx, tx: 0 });
      w.mark({ ...by(1, atS * S, -S), what: MARK_WHAT.SOCKETS });
    });
  refresh(1);
  feed(monitor, writer, 1.5 * S, (w) => connect(w, 1500));
  refresh(2, 500);
  expect(only(monitor).rxBytesPerSecond).toBe(1000);
  refresh(3, 2500);
  expect(only(monitor).rxBytesPerSecond).toBe(2000);
  refresh(4);
  refresh(5);
  expect(only(monitor)).toMatchObject({ rxBytesPerSecond: 0, rxBytes: 2500 });
  // The interval of a row begins at the last refresh, not at the last row.
  refresh(6, 2600);
  expect(only(monitor).rxBytesPerSecond).toBe(100);
});

describe("datagrams", () => {
  const send = (w: BatchWriter, ms: number, remote: string): void =>
    w.sock(KIND.DATAGRAM, {
      ...by(10, ms * MS, -S),
      sock: 71,
      proto: 17,
      local: "10.0.0.4",
      localPort: 5000,
      remote,
      remotePort: 53,
      state: 7,
    });

  test("make one flow for each remote of a socket, and all end with it", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      send(w, 1, "9.9.9.9");
      send(w, 2, "8.8.8.8");
      send(w, 3, "9.9.9.9");
    });
    expect(all(monitor).map((row) => [row.remote, row.protocol, row.state])).toEqual([
      ["8.8.8.8:53", "udp", "open"],
      ["9.9.9.9:53", "udp", "open"],
    ]);
    feed(monitor, writer, 12 * MS, (w) => w.sock(KIND.CLOSE, { ...by(10, 11 * MS, -S), sock: 71, proto: 17 }));
    expect(all(monitor, false)).toHaveLength(0);
  });
});

describe("unix sockets", () => {
  const unixConnect = (w: BatchWriter, ms: number, end = 1, peer = 2, pid = 10): void =>
    w.unix(KIND.UNIX_CONNECT, { ...by(pid, ms * MS, -S), path: "/run/x", end, peer, peerPid: 20, sock: 70 + end });
  const unixAccept = (w: BatchWriter, ms: number, end = 2, peer = 1): void =>
    w.unix(KIND.UNIX_ACCEPT, { ...by(20, ms * MS, -S), path: "/run/x", end, peer, peerPid: 10, sock: 70 + end });

  test.each([
    [
      "connect first",
      (w: BatchWriter) => {
        unixConnect(w, 1);
        unixAccept(w, 2);
      },
    ],
    [
      "accept first",
      (w: BatchWriter) => {
        unixAccept(w, 2);
        unixConnect(w, 1);
      },
    ],
    [
      "client gone before the accept",
      (w: BatchWriter) => {
        unixConnect(w, 1);
        w.exit(by(10, 2 * MS, -S));
        unixAccept(w, 3);
      },
    ],
    [
      "reported twice",
      (w: BatchWriter) => {
        unixConnect(w, 1);
        unixAccept(w, 2);
        unixConnect(w, 1);
        unixAccept(w, 2);
      },
    ],
  ])("pair by their ends: %s", (_how, rows) => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => void rows(w));
    const row = only(monitor);
    expect(row).toMatchObject({ protocol: "unix", direction: "local", remote: "/run/x" });
    expect(monitor.graph.processes.tgid.get(row.peer ?? -1)).toBe(20);
  });

  test("name the server by its credentials while nobody has accepted", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      w.open({ ...by(20, 0, -S), path: "/x", dev: 1, ino: 1, open: 2 });
      unixConnect(w, 1);
    });
    expect(monitor.graph.processes.tgid.get(only(monitor).peer ?? -1)).toBe(20);
  });

  test("are new when their addresses are used again", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      unixConnect(w, 1);
      unixAccept(w, 2);
      unixConnect(w, 5, 1, 2, 11);
      unixAccept(w, 6);
    });
    const rows = all(monitor);
    expect(rows.map((row) => row.closedNs !== undefined)).toEqual([false, true]);
    expect(rows.map((row) => monitor.graph.processes.tgid.get(row.owners[0] ?? -1))).toEqual([11, 10]);
  });

  test("are one also when its ends were ends of others before", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      for (const [at, stale] of [8, 9, 3].entries()) {
        unixConnect(w, at / 10, 1, stale);
        unixConnect(w, at / 10, stale + 10, 2);
      }
      unixConnect(w, 4, 1, 2);
      unixAccept(w, 5, 2, 1);
    });
    const open = all(monitor).filter((row) => row.closedNs === undefined);
    expect(open).toMatchObject([{ direction: "local" }]);
    expect(open[0]?.owners.map((owner) => monitor.graph.processes.tgid.get(owner))).toEqual([10]);
    expect(monitor.graph.processes.tgid.get(open[0]?.peer ?? -1)).toBe(20);
  });

  test("of datagram clients that share a server's socket stay apart", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      for (const pid of [10, 11])
        w.unix(KIND.UNIX_CONNECT, {
          ...by(pid, pid * MS, -S),
          path: "/dev/log",
          end: pid,
          peer: 2,
          type: 2,
          sock: 70 + pid,
        });
    });
    expect(all(monitor, false)).toHaveLength(2);
  });
});

test("addresses cannot be chosen so that many connections share a hash", () => {
  const addresses = new Uint32Array(8);
  const hashes = new Set<number>();
  for (let i = 1; i <= 4096; i++) {
    // In one network of 64 bits; the last two words cancel each other in a hash of products.
    addresses.set([0xb80d0120, 1, i, Math.imul(i, 0x9e3779b1)], 4);
    hashes.add(tupleHash(6, addresses, 0, 443, 5000));
  }
  expect(hashes.size).toBeGreaterThan(4090);
});
