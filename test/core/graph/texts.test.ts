import { expect, test } from "vitest";
import { I32Block } from "../../../src/core/graph/blocks.ts";
import { Texts } from "../../../src/core/graph/texts.ts";
import { BatchReader } from "../../../src/core/wire/decode.ts";
import { BatchWriter } from "../../../src/core/wire/encode.ts";
import { FILE } from "../../../src/core/wire/layout.gen.ts";
import { TextHeap } from "../../../src/core/wire/text-heap.ts";
import { BASE_NS, WALL_NS } from "../fixture.ts";

const ROWS = 400;

test("texts stay what they are while most of them change, and what changed takes no room", () => {
  const block = new I32Block(2);
  block.reserve(ROWS);
  const heap = new TextHeap();
  const texts = new Texts(heap);
  const columns = [0, 1].map((offset) => texts.column({ limit: ROWS }, block.field(offset)));
  const expected = columns.map(() => new Array<string>(ROWS).fill(""));
  let most = 0;
  for (let i = 0; i < 60_000; i++) {
    const which = i % 2;
    const row = (i * 7919) % ROWS;
    const text = i % 5 === 0 ? "" : `/srv/é/${"x".repeat(i % 97)}${i}`;
    if (text === "") columns[which]?.clear(row);
    else columns[which]?.set(row, text);
    (expected[which] as string[])[row] = text;
    texts.tidy();
    most = Math.max(most, heap.usedBytes);
  }
  for (const [which, column] of columns.entries())
    expect(Array.from({ length: ROWS }, (_, row) => column.get(row))).toEqual(expected[which]);
  expect(most).toBeLessThan(3 << 20);
  expect(texts.bytes).toBeLessThan(ROWS * 2 * 150);
});

test("a text that came over the wire is the same byte by byte, also one that is no UTF-8", () => {
  const block = new I32Block(1);
  block.reserve(4);
  const column = new Texts().column({ limit: 4 }, block.field(0));
  const writer = new BatchWriter();
  const reader = new BatchReader();
  const open = (path: string): number => {
    writer.open({ pid: 7, startNs: BASE_NS, timeNs: BASE_NS, path, dev: 1, ino: 2, open: 1 });
    const batch = writer.finish(BASE_NS, WALL_NS);
    const at = new TextDecoder("latin1").decode(batch).lastIndexOf("?");
    if (at >= 0) batch[at] = 0xff;
    reader.open(batch);
    reader.next();
    return reader.u32(FILE.path);
  };
  const first = open("/srv/caf?");
  column.read(0, reader.strings, first);
  expect([column.get(0), column.lengthOf(0)]).toEqual(["/srv/caf\\xff", 9]);
  expect(column.is(0, reader.strings, first)).toBe(true);
  expect(column.is(0, reader.strings, open("/srv/cafe"))).toBe(false);
  writer.restart();
  expect(column.is(0, reader.strings, open("/srv/caf?"))).toBe(true);
  expect(column.is(1, reader.strings, 0)).toBe(true);
});
