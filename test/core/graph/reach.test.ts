import { describe, expect, test } from "vitest";
import { EDGE, EDGE_FLAG, MAX_BYTES, PASSED, REACH } from "../../../src/core/graph/edges.ts";
import { MARK } from "../../../src/core/graph/marks.ts";
import { ownersOf } from "../../../src/core/graph/peers.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { files } from "../../../src/core/query/files.ts";
import { processDetail } from "../../../src/core/query/process-detail.ts";
import { FLAG, KIND } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed, graphFromText, type Told } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const MS = 1e6;

function detail(told: Told, name: string) {
  const found = processDetail(told.monitor, told.process(name));
  if (found === undefined) throw new Error(`${name} was forgotten`);
  return found;
}

function texts(told: Told, name: string): readonly string[] {
  return detail(told, name).timeline.map((entry) => entry.text);
}

describe("one process reaches into another", () => {
  test("the one that did and the one that it was done to both tell it", () => {
    const told = graphFromText("bash > gdb; gdb attaches app; gdb injects app; gdb injects app");
    expect(texts(told, "gdb")).toContain("wrote into the memory of 102 app (3 times)");
    expect(texts(told, "app")).toContain("had its memory written by 101 gdb (3 times)");
    expect(detail(told, "app").reach).toMatchObject([{ link: "injected", from: told.process("gdb"), count: 3 }]);
    checkInvariants(told.monitor.graph);
  });

  test("a write into the memory that /proc shows of another is told as one", () => {
    const told = graphFromText("bash > python; app > other; python appends /proc/102/mem; app appends /proc/102/mem");
    expect(texts(told, "python")).toContain("wrote into the memory of 102 app");
    expect(detail(told, "app").reach).toMatchObject([{ link: "injected", from: told.process("python"), count: 1 }]);
  });

  test("a refused attempt is no edge, but is told", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      w.image({ ...by(2, 2 * MS), exe: "/bin/app" });
      w.call(KIND.INJECT, { ...by(3, 5 * MS), args: [16, 2], targetPid: 2, nr: 101, ret: -1 });
    });
    const { graph } = monitor;
    expect(graph.edges.count).toBe(0);
    expect(processDetail(monitor, graph.processes.idOf(graph.processes.living(3)))?.marks).toMatchObject([
      { text: "tried to reach into another process" },
    ]);
  });

  test("in a pid namespace the target is who has that pid there", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      w.image({ ...by(2000, 1 * MS, 1 * MS), exe: "/bin/other", nsPid: 7, pidns: 99 });
      w.image({ ...by(2001, 2 * MS, 2 * MS), exe: "/bin/app", nsPid: 7, pidns: 77 });
      w.image({ ...by(2002, 3 * MS, 3 * MS), exe: "/bin/gdb", nsPid: 8, pidns: 77 });
      w.call(KIND.INJECT, { ...by(2002, 5 * MS, 3 * MS), args: [5, 7], targetPid: 0, nr: 117 });
      w.call(KIND.INJECT, { ...by(2002, 6 * MS, 3 * MS), args: [5, 70], targetPid: 0, nr: 117 });
    });
    const { processes, edges, marks } = monitor.graph;
    const [app, gdb] = [processes.living(2001), processes.living(2002)];
    const edge = edges.find(EDGE.INJECTED, gdb, app);
    expect(edges.detail.get(edge)).toBe(REACH.WROTE);
    expect(edges.count).toBe(1);
    expect(marks.bitsLo.get(marks.find(gdb, MARK.REACHED))).toBe(REACH.WROTE);
  });

  test("tracing oneself by one's parent is no reach", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => w.call(KIND.INJECT, { ...by(3, 5 * MS), args: [0, 0, 0, 0], nr: 101 }));
    expect(monitor.graph.edges.count).toBe(0);
    expect(monitor.graph.marks.count).toBe(1);
  });
});

describe("a signal", () => {
  test("names who killed a process, and not who sent another signal", () => {
    const told = graphFromText("bash kills app 10; cron kills app 9; app dies 9");
    expect(texts(told, "app")).toContain("killed by signal 9, sent by 102 cron");
    expect(detail(told, "app").row.exit).toMatchObject({ signal: 9, by: told.process("cron") });
    expect(texts(told, "bash")).toContain("sent signal 10 to 101 app");
  });

  test("of the kernel's own has no sender", () => {
    const told = graphFromText("bash kills app 15; app dies 9");
    expect(texts(told, "app")).toContain("killed by signal 9");
    expect(detail(told, "app").row.exit).not.toHaveProperty("by");
  });
});

describe("a descriptor passed over a local socket", () => {
  test("makes the receiver an owner of the connection that knows whom it has it from", () => {
    const told = graphFromText(
      "nginx:80 <- 203.0.113.9:51022; nginx > worker; nginx passes 203.0.113.9:51022 to worker",
    );
    const { graph } = told.monitor;
    const connection = graph.connections.row(told.connection("203.0.113.9:51022"));
    const worker = graph.processes.row(told.process("worker"));
    const nginx = graph.processes.row(told.process("nginx"));
    expect(ownersOf(graph, connection, 0)).toEqual([nginx, worker]);
    expect(graph.edges.has(graph.edges.find(EDGE.SIDE_0, worker, connection), EDGE_FLAG.RECEIVED)).toBe(true);
    const edge = graph.edges.find(EDGE.PASSED, nginx, worker);
    expect(graph.edges.detail.get(edge)).toBe(PASSED.SOCKET);
    expect(texts(told, "worker")).toContain("was given a socket by 100 nginx");
  });

  const passed = (order: readonly number[]) => {
    const { monitor, writer } = emptyMonitor();
    const rows = [
      () => writer.pipe({ ...by(2, 2 * MS), ino: 40, open: 6 }),
      () => writer.call(KIND.FD_PASS, { ...by(2, 3 * MS), args: [1, 50, 1, (0o010000n << 48n) | 40n] }),
      () => writer.call(KIND.FD_PASS, { ...by(3, 4 * MS), args: [2, 51, 1, (0o010000n << 48n) | 40n] }),
    ];
    for (const row of order) feed(monitor, writer, 9 * MS, () => rows[row]?.());
    return monitor.graph;
  };

  test("is known by what was passed, also when the receipt is reported first", () => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
    ]) {
      const { processes, edges, channels } = passed(order);
      const [sender, receiver] = [processes.living(2), processes.living(3)];
      expect(edges.detail.get(edges.find(EDGE.PASSED, sender, receiver))).toBe(PASSED.PIPE);
      const channel = channels.find(40, 0);
      expect(edges.has(edges.find(EDGE.PIPE_READ, receiver, channel), EDGE_FLAG.RECEIVED)).toBe(true);
    }
  });

  test("whose send was lost comes from the socket's other end, by inference", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      w.unix(KIND.UNIX_CONNECT, { ...by(2, 2 * MS), path: "/run/s", sock: 50, end: 1, peer: 2 });
      w.unix(KIND.UNIX_ACCEPT, { ...by(3, 3 * MS), path: "/run/s", sock: 51, end: 2, peer: 1 });
      w.call(KIND.FD_PASS, { ...by(3, 4 * MS), args: [2, 51, 1, (0o100000n << 48n) | 77n] });
    });
    const { processes, edges } = monitor.graph;
    const edge = edges.find(EDGE.PASSED, processes.living(2), processes.living(3));
    expect(edges.has(edge, EDGE_FLAG.INFERRED)).toBe(true);
    expect(edges.detail.get(edge)).toBe(PASSED.FILE);
  });
});

describe("what has no object", () => {
  test("marks its process once each, with how often and what failed", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 30 * MS, (w) => {
      w.call(KIND.MEMORY, { ...by(2, 5 * MS), path: "secret", args: [1], ret: 3, nr: 279 });
      for (const ms of [6, 7]) w.call(KIND.MEMORY, { ...by(2, ms * MS), args: [0, 4096, 7, 0x22], nr: 222 });
      w.call(KIND.MEMORY, { ...by(2, 8 * MS), args: [0, 4096, 5, 0x22], nr: 222 });
      for (const nr of [18, 16, 63]) w.call(KIND.URING, { ...by(2, 9 * MS), nr });
      w.call(KIND.NAMESPACE, { ...by(2, 10 * MS), args: [4, 0x4002_0000], nr: 268 });
      w.call(KIND.NAMESPACE, { ...by(2, 11 * MS), args: [0x1000_0000], nr: 97 });
      w.call(KIND.KERNEL, { ...by(2, 12 * MS), args: [5], ret: -1, nr: 280 });
      w.call(KIND.KERNEL, { ...by(2, 13 * MS), args: [28], ret: 7, nr: 280 });
      w.call(KIND.KERNEL, { ...by(2, 14 * MS), args: [3], ret: -1, nr: 105 });
    });
    const { processes } = monitor.graph;
    const shown = processDetail(monitor, processes.idOf(processes.living(2)));
    expect(shown?.marks.map(({ text, count }) => `${text} ${count}`)).toEqual([
      'made a file in memory called "secret" 1',
      "made memory writable and executable at once 2",
      "made memory without a file executable 1",
      "used io_uring: connect, openat, opcode 63 3",
      "entered another mount, network namespace 1",
      "made a user namespace of its own 1",
      "loaded a BPF program, attached a BPF program by a link in the kernel (1 of 2 failed) 2",
      "loaded a kernel module: failed 1",
    ]);
    expect(shown?.timeline.map((entry) => entry.text)).toContain(
      "made memory writable and executable at once (2 times)",
    );
  });

  test("tells how many records were left out of one that did too much, and counts them as lost", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      for (const lost of [500, 700]) w.loss({ ...by(2, 5 * MS), kind: KIND.OPEN, lost }, KIND.THROTTLED);
    });
    const { processes, lost } = monitor.graph;
    expect(lost.get(KIND.OPEN)).toBe(1200);
    expect(processDetail(monitor, processes.idOf(processes.living(2)))?.marks).toMatchObject([
      { text: "did so much that 1200 of its records were left out" },
    ]);
  });

  test("says how it was learned", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => w.call(KIND.URING, { ...by(2, 5 * MS), nr: 18, flags: FLAG.POLLED }));
    const { processes } = monitor.graph;
    expect(processDetail(monitor, processes.idOf(processes.living(2)))?.marks).toMatchObject([
      { certainty: "inferred" },
    ]);
  });
});

test("what a process moved to and from a file is told in all, and never falls", () => {
  const { monitor, writer } = emptyMonitor();
  const file = { dev: 1, ino: 7, gen: 3 };
  feed(monitor, writer, 30 * MS, (w) => {
    w.use(KIND.READ, { ...by(2, 5 * MS), ...file, path: "/a", bytes: 10 });
    w.bytes({ ...by(2, 6 * MS), ...file, bytes: 900, write: false });
    w.bytes({ ...by(2, 7 * MS), ...file, bytes: 800, write: false });
    w.bytes({ ...by(2, 8 * MS), ...file, bytes: 800, write: true });
    w.use(KIND.WRITE, { ...by(2, 9 * MS), ...file, path: "/a", bytes: 3 });
    w.bytes({ ...by(2, 10 * MS), ...file, bytes: 9e12, write: true });
    w.bytes({ ...by(2, 11 * MS), dev: 9, ino: 9, bytes: 5, write: true });
  });
  const { processes } = monitor.graph;
  const { rows } = files(monitor, { process: processes.idOf(processes.living(2)) });
  expect(rows.map(({ operation, bytes, count }) => [operation, bytes, count])).toEqual([
    ["write", MAX_BYTES, 1],
    ["read", 900, 1],
  ]);
});

test("what reached into a living process outlives the memory limit; its sender goes when the process has gone", () => {
  const told = graphFromText(
    "srv:80 <- 203.0.113.9:1; srv > helper; helper > worker; srv passes 203.0.113.9:1 to worker; bash > ls; ls kills worker 10; ls exits; helper exits; srv exits",
    { memoryLimitBytes: 1 },
  );
  expect(texts(told, "worker")).toContain("was given a socket by 100 srv");
  expect(() => told.process("ls")).toThrow("not in the graph");
  expect(originOf(told.monitor, { kind: "process", id: told.process("worker") }).gaps).toContain(
    "earlier history forgotten",
  );
  told.go("worker exits");
  for (const name of ["worker", "helper", "srv"]) expect(() => told.process(name)).toThrow("not in the graph");
  checkInvariants(told.monitor.graph);
});
