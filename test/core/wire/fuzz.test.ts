import fc from "fast-check";
import { expect, test } from "vitest";
import { Monitor } from "../../../src/core/monitor.ts";
import { BatchReader } from "../../../src/core/wire/decode.ts";
import { BatchWriter } from "../../../src/core/wire/encode.ts";
import { BATCH, EXIT, HDR, KIND } from "../../../src/core/wire/layout.gen.ts";
import { BASE_NS, batchOf, Story } from "../fixture.ts";

const story = new Story(
  "sshd:22 <- 203.0.113.9:51022; sshd > bash > curl | sh; curl -> 1.2.3.4:443; curl writes /tmp/x; client ~> server; sh exits 1",
);
const whole = batchOf(new BatchWriter(), story.events, BASE_NS + 9e9);

function readAll(batch: Uint8Array): number {
  const reader = new BatchReader();
  let rows = 0;
  if (reader.open(batch)) while (reader.next()) rows++;
  return rows;
}

test("a batch cut anywhere is refused or read up to the cut, and breaks nothing", () => {
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (length) => {
      const cut = whole.slice(0, length);
      expect(readAll(cut)).toBe(0);
      new Monitor().ingest(cut);
    }),
  );
});

test("bytes changed at random never throw and never read past the batch", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }),
      (changes) => {
        const damaged = whole.slice();
        for (const [at, value] of changes) damaged[at] = value;
        const reader = new BatchReader();
        let rows = 0;
        if (reader.open(damaged)) while (reader.next()) rows++;
        expect(rows).toBeLessThanOrEqual((damaged.length - BATCH.SIZE) / HDR.SIZE);
        new Monitor().ingest(damaged);
      },
    ),
    { numRuns: 500 },
  );
});

test("rows that are alike, read one after the other, are the rows there are", () => {
  const head = fc.record({ row: fc.nat(3), kind: fc.constantFrom(KIND.EXIT, KIND.FORK, 999), words: fc.nat(20) });
  const writer = new BatchWriter();
  for (let i = 0; i < 4; i++) writer.exit({ timeNs: BASE_NS, pid: 1, startNs: 1, code: i, flags: i });
  const exits = writer.finish(BASE_NS, 0n);
  const rowsOf = (batch: Uint8Array, alike: boolean) => {
    const reader = new BatchReader();
    const rows: number[][] = [];
    const note = () => rows.push([reader.kind, reader.word, reader.flags, reader.trunc]);
    for (reader.open(batch); reader.next(); ) {
      note();
      while (alike && reader.nextOf(KIND.EXIT)) note();
    }
    return [rows, reader.malformed, reader.unknownKinds];
  };
  fc.assert(
    fc.property(fc.array(head, { maxLength: 3 }), (heads) => {
      const batch = exits.slice();
      const view = new DataView(batch.buffer);
      for (const { row, kind, words } of heads) {
        view.setUint16(BATCH.SIZE + row * EXIT.SIZE + HDR.kind, kind, true);
        view.setUint16(BATCH.SIZE + row * EXIT.SIZE + HDR.size, 8 * words, true);
      }
      expect(rowsOf(batch, true)).toEqual(rowsOf(batch, false));
    }),
  );
});

test("rows of any kind and any size are taken or counted", () => {
  fc.assert(
    fc.property(fc.nat(80), fc.nat(40), (kind, words) => {
      const size = words * 8;
      const batch = whole.slice();
      const view = new DataView(batch.buffer);
      view.setUint16(BATCH.SIZE + HDR.kind, kind, true);
      view.setUint16(BATCH.SIZE + HDR.size, size, true);
      const reader = new BatchReader();
      reader.open(batch);
      const first = reader.next();
      if (first && reader.kind === kind) expect(kind).toBeLessThan(KIND.MAX);
      while (reader.next());
      if (size < HDR.SIZE) expect(reader.malformed).toBeGreaterThan(0);
    }),
  );
});

test("nothing but noise is no batch", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
      expect(readAll(noise)).toBe(0);
    }),
  );
});
