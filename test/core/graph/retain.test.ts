import { describe, expect, test } from "vitest";
import { usedBytes } from "../../../src/core/graph/retain.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { processDetail } from "../../../src/core/query/process-detail.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { by, draw, emptyMonitor, feed, graphFromText } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const MS = 1e6;

/** `count` short-lived processes, each reading, writing and connecting. */
function churn(limit: number, count: number) {
  const { monitor, writer } = emptyMonitor({ memoryLimitBytes: limit });
  let peak = 0;
  let most = 0;
  for (let i = 0; i < count; i++) {
    const before = monitor.graph.forgotten.edges;
    const pid = 100 + (i % 500);
    const startNs = i * MS;
    const at = (us: number) => by(pid, startNs + us * 1000, startNs);
    feed(monitor, writer, startNs + MS, (w) => {
      w.fork({ ...by(10, startNs, -9e9), childPid: pid, childStartNs: at(0).startNs });
      w.image({ ...at(10), exe: "/bin/x", argv: ["x", `${i}`], exeDev: 1, exeIno: 5 });
      w.open({ ...at(20), path: `/data/${i}`, dev: 1, ino: 1000 + i, open: 2 });
      w.open({ ...at(30), path: `/out/${i}`, dev: 1, ino: 1e6 + i, open: 4 });
      const sock = {
        sock: 5e6 + i,
        local: "10.0.0.4",
        localPort: 1024 + (i % 60_000),
        remote: "198.51.100.7",
        remotePort: 443,
      };
      w.sock(KIND.CONNECT, { ...at(40), ...sock });
      w.sock(KIND.SOCKET, { ...at(45), ...sock, tx: 100 });
      w.sock(KIND.CLOSE, { ...at(50), ...sock });
      w.unix(KIND.UNIX_CONNECT, {
        ...at(55),
        path: "/run/bus",
        sock: 7e6 + i,
        end: 2 * i + 1,
        peer: 2 * i + 2,
        peerPid: 10,
      });
      w.pipe({ ...at(60), ino: 9e6 + i, open: 6 });
      w.exit(at(90));
    });
    peak = Math.max(peak, usedBytes(monitor.graph));
    most = Math.max(most, monitor.graph.forgotten.edges - before);
  }
  return { monitor, peak, most };
}

describe("a memory limit", () => {
  test("holds under churn, counts what was forgotten, and keeps tables small", () => {
    const limit = 400_000;
    const { monitor, peak } = churn(limit, 4000);
    expect(peak).toBeLessThanOrEqual(limit);
    const { graph } = monitor;
    expect(graph.forgotten.processes).toBeGreaterThan(2000);
    expect(graph.processes.limit).toBeLessThan(1500);
    expect([graph.exited.length, graph.closed.length].every((length) => length < 3000)).toBe(true);
    checkInvariants(graph);
  });

  test("spares the living, their ancestors, and what a finding rests on", () => {
    const told = graphFromText(
      "sshd > bash > make >> job; make exits; nginx:80 <- 203.0.113.9:1; nginx > sh(-c x); sh exits; nginx closes 203.0.113.9:1; bash > ls; ls reads /a; ls exits",
      {
        memoryLimitBytes: 1,
      },
    );
    const { monitor, process } = told;
    expect(draw(monitor, { lingerNs: 1e15 })).toBe(
      "[init]\n  sshd\n    bash\n      make +\n        make\n  nginx\n    sh -c x +",
    );
    expect(monitor.graph.forgotten.processes).toBe(1);
    expect(monitor.graph.connections.row(told.connection("203.0.113.9:1"))).toBeGreaterThanOrEqual(0);
    expect(() => process("ls")).toThrow("not in the graph");
  });

  test("is told where it matters", () => {
    const told = graphFromText("bash reads /etc/a; bash > cat", { memoryLimitBytes: 1 });
    expect(originOf(told.monitor, { kind: "process", id: told.process("cat") }).gaps).toContain(
      "earlier history forgotten",
    );
  });

  test("that is not reached forgets nothing", () => {
    const { monitor } = churn(64 * 1024 * 1024, 500);
    expect(monitor.graph.forgotten).toEqual({ processes: 0, connections: 0, files: 0, edges: 0 });
  });
});

test("forgetting is spread over the batches that make it necessary", () => {
  const { monitor, most } = churn(2_000_000, 6000);
  expect(monitor.graph.forgotten.edges).toBeGreaterThan(10_000);
  expect(most).toBeLessThan(monitor.graph.edges.count / 12);
});

test("a process that executes itself over and over keeps its first image and the latest", () => {
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, 1e10, (w) => {
    for (let i = 0; i < 5000; i++) w.image({ ...by(3, (5 + i) * MS), exe: `/bin/x${i}` });
  });
  const { graph } = monitor;
  const shown = processDetail(monitor, graph.processes.idOf(graph.processes.living(3)));
  expect(shown?.images).toHaveLength(64);
  expect([shown?.images[0]?.path, shown?.images[63]?.path]).toEqual(["/bin/x0", "/bin/x4999"]);
  expect(graph.images.count).toBe(64);
  checkInvariants(graph);
});

test("a server that accepts without end keeps its newest clients, and others what they did", () => {
  const limit = 2_000_000;
  const { monitor, writer } = emptyMonitor({ memoryLimitBytes: limit });
  const clients = 24_000;
  for (let i = 0; i < clients; i += 100) {
    feed(monitor, writer, (i + 110) * MS, (w) => {
      for (let n = i; n < i + 100; n++) {
        const remote = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
        const sock = { sock: 1000 + n, local: "10.0.0.4", localPort: 80, remote, remotePort: 5000 };
        w.sock(KIND.ACCEPT, { ...by(3, (n + 10) * MS), ...sock });
        w.sock(KIND.CLOSE, { ...by(3, (n + 10) * MS + 1000), ...sock });
      }
      const start = (i + 10) * MS;
      w.image({ ...by(100 + i, start + 10, start), exe: "/bin/job", exeDev: 1, exeIno: 5 });
      w.exit(by(100 + i, start + 20, start));
    });
  }
  const { graph } = monitor;
  expect(usedBytes(graph)).toBeLessThanOrEqual(limit);
  expect(graph.connections.count).toBeGreaterThan(2000);
  expect(graph.accepts.count).toBeLessThan(3 * graph.connections.count);
  // What ended at the same time is forgotten at the same time.
  expect(graph.processes.count / graph.connections.count).toBeCloseTo(1 / 100, 2);
  checkInvariants(graph);
});

test("what a living process made and wrote long ago goes when nothing else can", () => {
  const { monitor, writer } = emptyMonitor({ memoryLimitBytes: 300_000 });
  let peak = 0;
  for (let i = 0; i < 200; i++) {
    feed(monitor, writer, (i + 10) * MS, (w) => {
      w.image({ ...by(3, 5 * MS), exe: "/bin/server", exeDev: 1, exeIno: 1 }, KIND.PROCESS);
      for (let k = 0; k < 20; k++) {
        const ino = 1000 + 20 * i + k;
        w.open({ ...by(3, (i + 9) * MS), path: `/spool/${ino}`, dev: 1, ino, open: 4 });
        w.pipe({ ...by(3, (i + 9) * MS), ino, open: 6 });
      }
    });
    peak = Math.max(peak, usedBytes(monitor.graph));
  }
  expect(peak).toBeLessThanOrEqual(300_000);
  const { files, forgotten, processes } = monitor.graph;
  expect(forgotten.files).toBeGreaterThan(2000);
  expect(files.atPath("/spool/4999")).toBeGreaterThanOrEqual(0);
  expect(processes.living(3)).toBeGreaterThanOrEqual(0);
  checkInvariants(monitor.graph);
});

test("an id of something forgotten never finds something else", () => {
  const { monitor } = churn(100_000, 300);
  const { processes } = monitor.graph;
  const first = processes.id(0);
  expect(processes.row(first)).toBe(0);
  const seen = new Set<number>();
  for (let round = 0; round < 3; round++)
    for (let row = 0; row < processes.limit; row++) if (processes.isLive(row)) seen.add(processes.id(row));
  for (const id of seen) expect(processes.id(processes.row(id))).toBe(id);
  expect(processes.row(5 + 0x400_0000 * 999)).toBe(-1);
  expect(processes.row(Number.NaN)).toBe(-1);
});
