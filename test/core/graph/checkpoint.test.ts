import fc from "fast-check";
import { expect, test } from "vitest";
import { PROCESS_FLAG } from "../../../src/core/graph/processes.ts";
import { Monitor } from "../../../src/core/monitor.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import type { ProcessId } from "../../../src/core/query/model.ts";
import { BatchWriter } from "../../../src/core/wire/encode.ts";
import { BATCH, FLAG, HDR, KIND, MARK_WHAT, OPEN_FLAG, STATE_PROCESS } from "../../../src/core/wire/layout.gen.ts";
import { BASE_NS, batchOf, by, draw, type Event, emptyMonitor, feed, Story } from "../fixture.ts";
import { answers } from "./answers.ts";
import { checkInvariants } from "./invariants.ts";

const story = new Story(`
  nginx listens :80; nginx:80 <- 203.0.113.9:51022; nginx > sh(-c x) > curl; curl -> files:8000; curl writes /tmp/.x; curl exits
  sh chmods /tmp/.x; sh > /tmp/.x; .x -> 192.0.2.77:4444; .x > sh#2 @ 192.0.2.77:4444; sh#2 reads /etc/shadow
  bash > curl#2 | sh#3; curl#2 -> 198.51.100.7:80; sh#3 > perl; perl -> 192.0.2.78:99; perl closes 192.0.2.78:99; perl exits 1
`);
refreshed(0);
story.tell("client ~> daemon; daemon -> 192.0.2.79:25; bash > d1 >> d2 >> d3; d1 exits; d2 exits; d3 listens :99");
refreshed(1);
story.tell(`
  gdb attaches nginx; gdb injects nginx; bash > srv; srv:81 <- 203.0.113.9:7; srv > wrk; srv passes 203.0.113.9:7 to wrk
  wrk resolves cdn.x = 192.0.2.80; wrk -> 192.0.2.80:443; wrk maps code; wrk makes memfd; wrk loads bpf; wrk enters mnt
  wrk uses uring; wrk becomes root; bash kills wrk 15; bash kills wrk 9; wrk dies 9; gdb exits
`);
story.tell("curl#2 closes 198.51.100.7:80; curl#2 exits; sh#3 exits; client exits; files exits");
refreshed(2);
const { events } = story;

/** Usage, sockets held, datagrams, a lost record and names of files: what a story does not tell. */
function refreshed(round: number): void {
  const daemon = story.head("bash");
  const mark = (what: number) => story.emit((writer) => writer.mark({ ...daemon, what }));
  mark(MARK_WHAT.SNAPSHOT_BEGIN);
  story.emit((writer) => writer.tick({ ...daemon, cpuNs: 1e8 * round, rssBytes: 1 << 20, readBytes: 4096 }));
  const flow = { ...daemon, sock: 77, local: "10.0.0.4", localPort: 40123, proto: 17, state: 7 };
  for (const remote of ["192.0.2.1", "192.0.2.2"])
    story.emit((writer) => writer.sock(KIND.DATAGRAM, { ...flow, remote, remotePort: 53, tx: 40 * round }));
  const held = { ...daemon, sock: 78, local: "10.0.0.4", localPort: 40124, remote: "192.0.2.3", remotePort: 443 };
  const pair = 0x77_0000_0000n + BigInt(2 * round + 2);
  const published = { ...daemon, sock: 80, local: "10.0.2.2", localPort: 40125, remote: "10.0.1.1", remotePort: 8080 };
  const inside = { ...daemon, sock: 81, local: "10.0.1.2", localPort: 80, remote: "10.0.1.1", remotePort: 40125 };
  story.emit((writer) => writer.sock(KIND.CONNECT, { ...published, pair: pair + 1n }));
  story.emit((writer) => writer.sock(KIND.ACCEPT, { ...inside, pair }));
  if (round > 0) story.emit((writer) => writer.sock(KIND.CLOSE, published));
  const polled = FLAG.BEFORE_START | FLAG.POLLED;
  story.emit((writer) => writer.sock(KIND.SOCKET, { ...held, flags: polled, tx: 1000 * round, rx: 50 * round }));
  story.emit((writer) => writer.path(KIND.LINK, { ...daemon, from: "/tmp/.x", to: `/tmp/.y${round}` }));
  story.emit((writer) => writer.path(KIND.RENAME, { ...daemon, from: `/tmp/.y${round}`, to: "/tmp/.z" }));
  story.emit((writer) => writer.loss({ ...daemon, lost: 3, kind: KIND.OPEN }));
  mark(MARK_WHAT.TICK);
  mark(MARK_WHAT.SOCKETS);
}

/** Takes in events in batches of three. */
function ingest(list: readonly Event[], monitor = new Monitor()): Monitor {
  const writer = new BatchWriter();
  let nowNs = BASE_NS + Math.max(0, monitor.nowNs);
  monitor.ingest(batchOf(writer, [], nowNs));
  for (let i = 0; i < list.length; i += 3) {
    const some = list.slice(i, i + 3);
    nowNs = Math.max(nowNs, ...some.map((event) => event.timeNs));
    monitor.ingest(batchOf(writer, some, nowNs));
  }
  return monitor;
}

/** What another monitor makes of the checkpoint of one. */
function restored(monitor: Monitor, limitBytes = 8 << 20): Monitor {
  const other = new Monitor();
  // Where time begins is told by the first batch, as in every replay.
  other.ingest(batchOf(new BatchWriter(), [], BASE_NS));
  for (const batch of monitor.checkpoint(limitBytes)) other.ingest(batch);
  return other;
}

/** Living pids. */
function living({ graph: { processes } }: Monitor): number[] {
  const rows = Array.from({ length: processes.limit }, (_, row) => row);
  return rows
    .filter((row) => processes.isLive(row) && !processes.has(row, PROCESS_FLAG.EXITED))
    .map((row) => processes.tgid.get(row))
    .sort((a, b) => a - b);
}

function idOf({ graph: { processes } }: Monitor, pid: number): ProcessId {
  return processes.idOf(processes.living(pid));
}

function bytesOf(batches: Iterable<Uint8Array>): number {
  return [...batches].reduce((sum, batch) => sum + batch.length, 0);
}

test("a monitor that takes in a checkpoint answers everything as the one it was taken of", () => {
  for (let told = 1; told <= events.length; told += 2) {
    const monitor = ingest(events.slice(0, told));
    const other = restored(monitor);
    checkInvariants(other.graph);
    expect(answers(other)).toEqual(answers(monitor));
  }
  expect(ingest(events).detector.findings.length).toBeGreaterThan(3);
});

test("what happens after a checkpoint is told as if everything had been seen", () => {
  for (let told = 1; told < events.length; told += 3) {
    const monitor = ingest(events.slice(0, told));
    const other = restored(monitor);
    for (const one of [monitor, other]) ingest(events.slice(told), one);
    checkInvariants(other.graph);
    expect(answers(other)).toEqual(answers(monitor));
  }
});

test("records in any order, lost and doubled, make a state that a checkpoint keeps", () => {
  const mixed = fc.array(fc.nat(events.length - 1), { maxLength: events.length + 20 });
  fc.assert(
    fc.property(mixed, (picks) => {
      const monitor = ingest(picks.map((pick) => events[pick] as Event));
      const other = restored(monitor);
      checkInvariants(other.graph);
      expect(answers(other)).toEqual(answers(monitor));
    }),
    { numRuns: 100 },
  );
});

test("a checkpoint of a checkpoint is the same state", () => {
  const once = restored(ingest(events));
  expect(answers(restored(once))).toEqual(answers(once));
});

test("a limit keeps the living and their ancestors, then the newest, and says what is missing", () => {
  const busy = new Story("init > shell > daemon");
  for (let n = 0; n < 200; n++) {
    busy.tell(
      `shell > job#${n}(--n ${n}); job#${n} reads /srv/${n}; job#${n} writes /out/${n}; job#${n} exits; daemon reads /d/${n}`,
    );
  }
  busy.tell("shell exits");
  const monitor = ingest(busy.events);
  const whole = bytesOf(monitor.checkpoint(Number.POSITIVE_INFINITY));
  for (const share of [0.8, 0.4, 0.1]) {
    const limit = Math.round(whole * share);
    const other = restored(monitor, limit);
    checkInvariants(other.graph);
    const bytes = bytesOf(monitor.checkpoint(limit));
    expect(bytes).toBeLessThanOrEqual(limit);
    expect(bytes).toBeGreaterThan(limit * 0.6);
    expect(living(other)).toEqual(living(monitor));
    const tree = draw(other, { lingerNs: Number.POSITIVE_INFINITY });
    expect(tree).toContain("daemon");
    expect(tree).toContain("--n 199");
    expect(tree).not.toContain("--n 0 ");
    const { processes, files, edges } = other.graph.forgotten;
    expect(processes).toBe(monitor.graph.processes.count - other.graph.processes.count);
    expect(files).toBe(monitor.graph.files.count - other.graph.files.count);
    expect(edges).toBe(monitor.graph.edges.count - other.graph.edges.count);
    const daemon = originOf(other, { kind: "process", id: idOf(other, busy.actor("daemon").pid) });
    expect(daemon.gaps).toContain("earlier history forgotten");
  }
});

test("of what happened at one moment, or what a finding looked at, as much is kept as fits", () => {
  const same = new Story("init > shell > busy; init > daemon; daemon -> 192.0.2.78:25; nginx listens :80");
  same.tell("nginx:80 <- 203.0.113.9:51022; nginx > sh @ 203.0.113.9:51022; sh reads /etc/shadow");
  const writer = new BatchWriter();
  for (const actor of ["busy", "sh"]) {
    const monitor = ingest(same.events);
    expect(monitor.detector.findings.length).toBeGreaterThan(0);
    const head = same.head(actor);
    for (let ino = 1000; ino < 4000; ino++)
      writer.open({ ...head, path: `/srv/${ino}`, dev: 1, ino, open: OPEN_FLAG.READ });
    monitor.ingest(writer.finish(head.timeNs, 0n));
    const whole = bytesOf(monitor.checkpoint(Number.POSITIVE_INFINITY));
    for (const share of [0.7, 0.3]) {
      const limit = Math.round(whole * share);
      const bytes = bytesOf(monitor.checkpoint(limit));
      expect(bytes).toBeLessThanOrEqual(limit);
      expect(bytes).toBeGreaterThan(limit * 0.6);
      const other = restored(monitor, limit);
      checkInvariants(other.graph);
      expect(living(other)).toEqual(living(monitor));
      expect(other.detector.findings.map(({ reason }) => reason)).toEqual(
        monitor.detector.findings.map(({ reason }) => reason),
      );
      expect(other.graph.connections.count).toBe(monitor.graph.connections.count);
      expect(other.graph.forgotten.edges).toBe(monitor.graph.edges.count - other.graph.edges.count);
    }
  }
});

test("a damaged checkpoint breaks no invariant", () => {
  const batches = [...ingest(events).checkpoint(8 << 20)];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 40 }), (writes) => {
      const monitor = new Monitor({ memoryLimitBytes: 20_000 });
      monitor.ingest(batchOf(new BatchWriter(), [], BASE_NS));
      for (const batch of batches) {
        const hurt = batch.slice();
        for (const [at, byte] of writes) hurt[BATCH.SIZE + (at % (hurt.length - BATCH.SIZE))] = byte;
        monitor.ingest(hurt);
      }
      checkInvariants(monitor.graph);
      answers(monitor);
    }),
    { numRuns: 60 },
  );
});

test("a checkpoint without its processes has no pid that lives twice", () => {
  const used = emptyMonitor();
  feed(used.monitor, used.writer, 90e6, (w) => {
    for (const startNs of [5e6, 50e6]) {
      w.fork({ ...by(10, startNs, -9e9), childPid: 20, childStartNs: by(20, 0, startNs).startNs });
      w.image({ ...by(20, startNs + 1, startNs), exe: "/bin/b", argv: ["b"] });
      if (startNs < 50e6) w.exit(by(20, startNs + 2, startNs));
    }
  });
  const batches = [...used.monitor.checkpoint(8 << 20)].map((batch) => batch.slice());
  for (const batch of batches) {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    const end = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    for (let at = BATCH.SIZE; at < end; at += view.getUint16(at + HDR.size, true))
      if (view.getUint16(at + HDR.kind, true) === KIND.STATE_PROCESS)
        view.setUint32(at + STATE_PROCESS.number, 0xffff, true);
  }
  const monitor = new Monitor();
  monitor.ingest(batchOf(new BatchWriter(), [], BASE_NS));
  for (const batch of batches) monitor.ingest(batch);
  expect(monitor.graph.processes.withTgid(20)).toHaveLength(2);
  checkInvariants(monitor.graph);
});
