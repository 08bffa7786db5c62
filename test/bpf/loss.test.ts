import { expect, test, vi } from "vitest";
import { FLAG, KIND } from "../../src/core/wire/layout.gen.ts";
import { Capture } from "./capture.ts";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";
import type { KindName } from "./rows.ts";

const SMALLEST_RING = 4096;
const SMALL_RING = 65536;

/** What the rings delivered of a kind: snapshot and refresh rows come another way. */
const fromRing = (capture: Capture, kind: KindName) =>
  capture.of(kind).filter((row) => !(row.flags & (FLAG.BEFORE_START | FLAG.POLLED))).length;

/** Processes that end by themselves, and the kinds of records they make. */
const SCENARIOS: readonly (readonly [run: () => Child, ...kinds: KindName[]])[] = [
  [() => bench.run("bomb", 50), "FORK", "EXEC", "EXIT", "PIPE"],
  [() => bench.run("use", bench.files()), "OPEN", "READ", "WRITE"],
  [() => bench.run("names", bench.files()), "RENAME", "LINK", "SYMLINK", "UNLINK", "TRUNCATE", "CHOWN"],
  [() => bench.run("chmod", bench.files()), "CHMOD"],
  [() => bench.run("mount", bench.files()), "MOUNT", "NAMESPACE"],
  [() => bench.run("become", 1236), "CRED"],
  [() => bench.run("inject"), "INJECT"],
  [() => bench.run("memory"), "MEMORY"],
  [() => bench.run("signals"), "SIGNAL"],
  [() => bench.run("remove-module"), "KERNEL"],
  [() => bench.run("pass-fd", bench.path("passed")), "FD_PASS"],
  [() => bench.run("dns"), "DATAGRAM", "DNS"],
  [() => bench.run("unix-pair", `${bench.files()}/unix`, "stream"), "UNIX_CONNECT", "UNIX_ACCEPT"],
  [() => bench.run("tcp", 1, 1, "uring"), "LISTEN", "CONNECT", "ACCEPT", "CLOSE", "URING"],
];

test.each([SMALLEST_RING, SMALL_RING])(
  "a full ring of %i bytes: every record is delivered, or counted as lost or left out, by kind",
  async (activityBytes) => {
    const capture = await Capture.open({ activityBytes, everything: true });
    // Nothing is read meanwhile.
    for (let round = 0; round < 2; round++) for (const [run] of SCENARIOS) await run().done();
    const before = capture.source.stats();
    capture.drain();
    const kinds = SCENARIOS.flatMap(([, ...kinds]) => kinds);
    const delivered = new Map(kinds.map((kind) => [kind, fromRing(capture, kind)]));
    const drained = capture.source.stats();
    capture.source.refresh();
    const after = capture.source.stats();
    capture.drain();
    // Others on this machine may add to it while it is read.
    const end = capture.source.stats();
    capture.close();

    for (const kind of kinds) {
      const number = KIND[kind];
      const told = delivered.get(kind)! + after.dropped[number]! + after.throttled[number]!;
      expect(before.produced[number], kind).toBeGreaterThan(0);
      expect(told, kind).toBeGreaterThanOrEqual(before.produced[number]!);
      expect(told, kind).toBeLessThanOrEqual(end.produced[number]!);
      for (const [row, least, most] of [
        ["LOSS", drained.dropped, end.dropped],
        ["THROTTLED", after.throttled, end.throttled],
      ] as const) {
        const lost = capture.of(row).reduce((sum, each) => sum + (each.lostKind === kind ? each.lost : 0), 0);
        expect(lost, `${row} ${kind}`).toBeGreaterThanOrEqual(least[number]!);
        expect(lost, `${row} ${kind}`).toBeLessThanOrEqual(most[number]!);
      }
    }
    if (activityBytes === SMALLEST_RING) expect(after.dropped.reduce((sum, count) => sum + count)).toBeGreaterThan(50);
    for (const row of capture.of("LOSS")) expect(row.flags).toBe(FLAG.NO_OWNER);
  },
);

test("a flood of files cannot break the tree of processes", async () => {
  const capture = await Capture.open({ activityBytes: SMALLEST_RING });
  const flood = bench.run("open-flood", bench.trigger, 50_000);
  const processes = bench.run("bomb", 100);
  await Promise.all([flood.done(), processes.done()]);
  await capture.exited(processes.pid);
  capture.source.refresh();
  const stats = capture.source.stats();
  capture.close();
  expect(stats.dropped[KIND.OPEN]! + stats.throttled[KIND.OPEN]!).toBeGreaterThan(1000);
  expect([stats.dropped[KIND.FORK], stats.dropped[KIND.EXEC], stats.dropped[KIND.EXIT]]).toEqual([0, 0, 0]);
  const forks = capture.of("FORK", processes.pid);
  expect(forks).toHaveLength(100);
  for (const fork of forks) expect(capture.of("EXIT", fork.childPid)).toHaveLength(1);
});

test("one that floods the ring is left out, by name, and pushes nobody else's records out", async () => {
  const capture = await Capture.open({ activityBytes: SMALL_RING });
  capture.drain();
  const flood = bench.run("open-flood", bench.trigger, 20_000);
  await flood.done();
  // The ring stays as full as the flood left it.
  const at = bench.files();
  const others = [bench.run("names", at), bench.run("become", 1237), bench.run("tcp", 1, 1)];
  for (const other of others) await other.done();
  capture.drain();
  capture.source.refresh();
  capture.drain();
  const stats = capture.source.stats();

  const opens = capture.of("OPEN", flood.pid).length;
  const [marked, ...more] = capture.of("THROTTLED", flood.pid).filter((row) => row.lostKind === "OPEN");
  expect(more).toEqual([]);
  expect(marked).toMatchObject({ flags: 0, startNs: capture.of("EXEC", flood.pid)[0]!.startNs });
  expect(opens).toBeGreaterThan(0);
  expect(opens + marked!.lost).toBeGreaterThanOrEqual(20_000);
  const [names, become, tcp] = others as [Child, Child, Child];
  expect(capture.of("RENAME", names.pid).map((row) => row.to)).toEqual(["renamed", "moved"]);
  expect(capture.of("UNLINK", names.pid).map((row) => row.from)).toEqual(["soft", "hard"]);
  expect(capture.of("CRED", become.number("child"))).toHaveLength(2);
  expect(capture.of("CONNECT", tcp.number("client"))).toHaveLength(1);
  expect(stats.dropped.reduce((sum, count) => sum + count)).toBe(0);

  // With room again such a process is seen whole; others may crowd a ring as small as this for a moment.
  const seen = async () => {
    const later = bench.run("open-flood", bench.trigger, 10);
    await capture.exited(later.pid);
    return capture.of("OPEN", later.pid).filter((row) => row.path === bench.trigger).length;
  };
  await expect.poll(seen, { timeout: 20_000 }).toBe(10);
  capture.close();
});

test("a connection that no refresh saw, and whose end was lost, is told to be closed", async () => {
  const capture = await Capture.open({ activityBytes: SMALLEST_RING });
  // Others may crowd a ring as small as this.
  const held = await vi.waitFor(
    async () => {
      const run = bench.run("traffic", 10);
      await run.ready();
      capture.drain();
      expect(capture.of("ACCEPT", run.pid)).not.toEqual([]);
      return run;
    },
    { timeout: 20_000 },
  );
  const closed = () => capture.source.stats().dropped[KIND.CLOSE]!;
  while (closed() === 0) await bench.run("tcp", 1, 1).done();
  await held.done();
  // The first finds what was lost, the second the connections gone.
  for (let round = 0; round < 2; round++) {
    capture.source.refresh();
    capture.drain();
  }
  capture.close();
  for (const ino of ["clientIno", "acceptedIno"])
    expect(capture.of("CLOSE", held.pid).filter((row) => row.sock === held.number(ino))).toMatchObject([
      { flags: FLAG.POLLED, state: 7 },
    ]);
});

test("nothing is lost and nothing said to be, when the reader keeps up", async () => {
  const capture = await Capture.open();
  const flood = bench.run("open-flood", bench.trigger, 5000);
  await flood.done();
  await capture.exited(flood.pid);
  capture.source.refresh();
  capture.drain();
  const stats = capture.source.stats();
  capture.close();
  expect(capture.of("OPEN", flood.pid).filter((row) => row.path === bench.trigger)).toHaveLength(5000);
  expect(capture.of("LOSS")).toEqual([]);
  expect(capture.of("THROTTLED")).toEqual([]);
  expect(stats.malformed).toBe(0);
});
