import fc from "fast-check";
import { expect, test } from "vitest";
import { FILE_FLAG } from "../../../src/core/graph/files.ts";
import { Monitor } from "../../../src/core/monitor.ts";
import { BatchWriter } from "../../../src/core/wire/encode.ts";
import { BATCH } from "../../../src/core/wire/layout.gen.ts";
import { BASE_NS, by } from "../fixture.ts";
import { checkInvariants } from "./invariants.ts";

const PROCESSES = 300;
const FILES = 250;

/** Every process opens every file, `times` times: more edges than a processor's caches hold, where rows are looked at ahead. */
function everybody(monitor: Monitor, times: number): Uint8Array {
  const writer = new BatchWriter();
  let batch: Uint8Array = new Uint8Array(0);
  for (let round = 0; round < times; round++) {
    for (let pid = 1; pid <= PROCESSES; pid++) {
      for (let file = 1; file <= FILES; file++) {
        const open = file % 5 === 0 ? 4 : 2;
        writer.open({ ...by(pid + 10, round * 1e6 + pid), path: `/srv/${file}`, dev: 1, ino: file, open });
      }
      batch = writer.finish(BASE_NS + round * 1e6 + pid, 0n);
      monitor.ingest(batch);
    }
  }
  return batch;
}

test("in a large graph every open counts once, for its process and its file", () => {
  const monitor = new Monitor();
  everybody(monitor, 3);
  const { edges, files, processes } = monitor.graph;
  expect(edges.count).toBe(PROCESSES * FILES);
  expect(files.count).toBe(FILES);
  expect(processes.count).toBe(PROCESSES);
  const times = new Set(Array.from({ length: edges.limit }, (_, edge) => edges.times.get(edge)));
  expect([...times]).toEqual([3]);
  for (let file = 0; file < files.limit; file++) {
    expect(files.readerCount.get(file) + files.writerCount.get(file)).toBe(PROCESSES);
    expect(files.has(file, FILE_FLAG.QUEUED)).toBe(true);
  }
});

test("a damaged batch breaks no invariant of a large graph", () => {
  const monitor = new Monitor();
  const batch = everybody(monitor, 1);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 40 }), (writes) => {
      const hurt = batch.slice();
      for (const [at, byte] of writes) hurt[BATCH.SIZE + (at % (hurt.length - BATCH.SIZE))] = byte;
      monitor.ingest(hurt);
    }),
    { numRuns: 200 },
  );
  checkInvariants(monitor.graph);
});
