import fc from "fast-check";
import { expect, test } from "vitest";
import { Monitor } from "../../../src/core/monitor.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { connections } from "../../../src/core/query/connections.ts";
import { processDetail } from "../../../src/core/query/process-detail.ts";
import { searchEntries } from "../../../src/core/query/search.ts";
import { BatchWriter } from "../../../src/core/wire/encode.ts";
import { BASE_NS, batchOf, draw, type Event, Story } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const story = new Story(`
  nginx listens :80; nginx:80 <- 203.0.113.9:51022; nginx > sh(-c x) > curl; curl -> files:8000; curl writes /tmp/.x; curl exits
  sh chmods /tmp/.x; sh > /tmp/.x; .x -> 192.0.2.77:4444; .x > sh#2 @ 192.0.2.77:4444; sh#2 reads /etc/shadow
  bash > curl#2 | sh#3; curl#2 -> 198.51.100.7:80; sh#3 > perl; perl -> 192.0.2.78:99; perl closes 192.0.2.78:99; perl exits 1
  client ~> daemon; daemon -> 192.0.2.79:25; bash > d1 >> d2 >> d3; d1 exits; d2 exits; d3 listens :99
  gdb attaches nginx; gdb injects nginx; bash > srv; srv:81 <- 203.0.113.9:7; srv > wrk; srv passes 203.0.113.9:7 to wrk
  wrk resolves cdn.x = 192.0.2.80; wrk -> 192.0.2.80:443; wrk maps code; wrk makes memfd; wrk loads bpf; wrk enters mnt
  wrk uses uring; wrk becomes root; bash kills wrk 15; bash kills wrk 9; wrk dies 9; gdb exits
  curl#2 closes 198.51.100.7:80; curl#2 exits; sh#3 exits; client exits; files exits
`);
const { events } = story;

/** Takes in events in batches of a few; the clock of a batch never goes back. */
function ingest(list: readonly Event[], size = 3, limit?: number): Monitor {
  const monitor = new Monitor(limit === undefined ? {} : { memoryLimitBytes: limit });
  const writer = new BatchWriter();
  let nowNs = BASE_NS;
  monitor.ingest(batchOf(writer, [], nowNs));
  for (let i = 0; i < list.length; i += size) {
    const some = list.slice(i, i + size);
    nowNs = Math.max(nowNs, ...some.map((event) => event.timeNs));
    monitor.ingest(batchOf(writer, some, nowNs));
  }
  return monitor;
}

/** Every question can be asked of whatever there is. */
function ask(monitor: Monitor): void {
  draw(monitor, { lingerNs: Number.POSITIVE_INFINITY });
  for (const row of connections(monitor)) {
    const chain = originOf(monitor, { kind: "connection", id: row.id });
    for (const step of chain.steps) expect(step.cause).toBeLessThan(chain.steps.length);
    expect(chain.steps.filter((step) => step.target)).toHaveLength(1);
  }
  for (const entry of searchEntries(monitor).entries)
    if (entry.subject.kind === "process") processDetail(monitor, entry.subject.id);
}

const anyOrder = fc.shuffledSubarray([...events], { minLength: events.length });

test("records in any order leave a whole graph with every process and connection", () => {
  const inOrder = ingest(events);
  checkInvariants(inOrder.graph);
  fc.assert(
    fc.property(anyOrder, (list) => {
      const { graph } = ingest(list);
      checkInvariants(graph);
      expect(graph.processes.count).toBe(inOrder.graph.processes.count);
    }),
    { numRuns: 150 },
  );
});

test("records out of order by a few places tell the same tree", () => {
  const expected = draw(ingest(events), { lingerNs: Number.POSITIVE_INFINITY });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: events.length, maxLength: events.length }),
      (delays) => {
        const late = events.map((event, i) => ({ event, at: i + (delays[i] ?? 0) })).sort((a, b) => a.at - b.at);
        expect(draw(ingest(late.map(({ event }) => event)), { lingerNs: Number.POSITIVE_INFINITY })).toBe(expected);
      },
    ),
    { numRuns: 100 },
  );
});

test("duplicates change neither the tree nor the number of connections", () => {
  const inOrder = ingest(events);
  fc.assert(
    fc.property(fc.array(fc.nat(events.length - 1), { maxLength: 30 }), (again) => {
      const list = events.flatMap((event, i) => (again.includes(i) ? [event, event] : [event]));
      const { graph } = ingest(list);
      checkInvariants(graph);
      expect([graph.processes.count, graph.connections.count, graph.channels.count]).toEqual([
        inOrder.graph.processes.count,
        inOrder.graph.connections.count,
        inOrder.graph.channels.count,
      ]);
    }),
    { numRuns: 100 },
  );
});

test("lost, doubled and shuffled records at once break no invariant and no question", () => {
  const mixed = fc
    .array(fc.nat(events.length - 1), { maxLength: 2 * events.length })
    .map((picks) => picks.map((pick) => events[pick] as Event));
  fc.assert(
    fc.property(mixed, fc.integer({ min: 1, max: 7 }), (list, size) => {
      const monitor = ingest(list, size);
      checkInvariants(monitor.graph);
      ask(monitor);
    }),
    { numRuns: 200 },
  );
});

test("a memory limit that is far too small breaks no invariant and no question", () => {
  const mixed = fc
    .array(fc.nat(events.length - 1), { maxLength: 2 * events.length })
    .map((picks) => picks.map((pick) => events[pick] as Event));
  fc.assert(
    fc.property(mixed, fc.integer({ min: 0, max: 20_000 }), (list, limit) => {
      const monitor = ingest(list, 2, limit);
      checkInvariants(monitor.graph);
      ask(monitor);
    }),
    { numRuns: 200 },
  );
});
