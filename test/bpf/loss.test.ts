import { afterAll, beforeAll, expect, test } from "vitest";
import { FLAG, KIND } from "../../src/core/wire/layout.gen.ts";
import { Capture } from "./capture.ts";
import { Bench } from "./child.ts";
import type { KindName } from "./rows.ts";

let bench: Bench;

beforeAll(() => {
  bench = new Bench();
});

afterAll(() => bench?.remove());

/** What the rings delivered of a kind: snapshot and refresh rows come another way. */
const fromRing = (capture: Capture, kind: KindName) =>
  capture.of(kind).filter((row) => !(row.flags & (FLAG.BEFORE_START | FLAG.POLLED))).length;

const KINDS: readonly KindName[] = [
  "FORK",
  "EXEC",
  "EXIT",
  "OPEN",
  "CONNECT",
  "ACCEPT",
  "LISTEN",
  "CLOSE",
  "DATAGRAM",
  "UNIX_CONNECT",
  "UNIX_ACCEPT",
  "PIPE",
  "CHMOD",
];

test.each([4096, 65536])(
  "a ring of %i bytes that is flooded: every record is delivered or counted, by kind",
  async (activityBytes) => {
    const capture = Capture.open({ activityBytes, everything: true });
    const flood = bench.run("open-flood", bench.trigger, 200_000);
    const processes = bench.run("bomb", 50);
    // Read now and then while it goes on.
    await capture.exited(flood.pid);
    await capture.exited(processes.pid);
    const droppedBefore = capture.source.stats().dropped[KIND.OPEN]!;
    capture.source.refresh();
    const stats = capture.source.stats();
    capture.drain();
    const after = capture.source.stats();
    capture.close();

    expect(stats.dropped[KIND.OPEN]!).toBeGreaterThan(1000);
    const opens = capture.of("OPEN", flood.pid).filter((row) => row.path === bench.trigger).length;
    expect(opens).toBeGreaterThan(0);
    for (const kind of KINDS) {
      const number = KIND[kind];
      const [produced, dropped, delivered] = [stats.produced[number]!, stats.dropped[number]!, fromRing(capture, kind)];
      // Others on this machine may have added between the two readings.
      const sinceThen = after.produced[number]! - produced;
      expect(delivered + dropped, kind).toBeGreaterThanOrEqual(produced - sinceThen);
      expect(delivered + dropped, kind).toBeLessThanOrEqual(produced + sinceThen);
    }

    const losses = capture.of("LOSS");
    const lostOpens = losses.filter((row) => row.lostKind === "OPEN").reduce((sum, row) => sum + row.lost, 0);
    expect(lostOpens).toBeGreaterThanOrEqual(droppedBefore);
    expect(lostOpens).toBeLessThanOrEqual(stats.dropped[KIND.OPEN]!);
    expect(losses.every((row) => row.flags === FLAG.NO_OWNER)).toBe(true);
  },
);

test("a flood of files cannot break the tree of processes", async () => {
  const capture = Capture.open({ activityBytes: 4096 });
  const flood = bench.run("open-flood", bench.trigger, 50_000);
  const processes = bench.run("bomb", 100);
  await Promise.all([flood.done(), processes.done()]);
  await capture.exited(processes.pid);
  const stats = capture.source.stats();
  capture.close();
  expect(stats.dropped[KIND.OPEN]!).toBeGreaterThan(1000);
  expect([stats.dropped[KIND.FORK], stats.dropped[KIND.EXEC], stats.dropped[KIND.EXIT]]).toEqual([0, 0, 0]);
  const forks = capture.of("FORK", processes.pid);
  expect(forks).toHaveLength(100);
  for (const fork of forks) expect(capture.of("EXIT", fork.childPid)).toHaveLength(1);
});

test("nothing is lost and nothing said to be, when the reader keeps up", async () => {
  const capture = Capture.open();
  const flood = bench.run("open-flood", bench.trigger, 5000);
  await flood.done();
  await capture.exited(flood.pid);
  capture.source.refresh();
  capture.drain();
  const stats = capture.source.stats();
  capture.close();
  expect(capture.of("OPEN", flood.pid).filter((row) => row.path === bench.trigger)).toHaveLength(5000);
  expect(capture.of("LOSS")).toEqual([]);
  expect(stats.malformed).toBe(0);
});
