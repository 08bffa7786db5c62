import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cursor, moveBy, moveTo, pageBy, settle, TOP } from "../../src/ui/state/cursor.ts";

const HEIGHT = 5;
const ids = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const lineOf = (cursor: Cursor): number => cursor.index - cursor.top;

describe("the cursor", () => {
  test("belongs to a row: it follows it and keeps it on its line of the screen", () => {
    const before = moveBy(TOP, ids(0, 50), HEIGHT, 20);
    const after = settle(before, [100, 101, 102, ...ids(0, 50)], HEIGHT, true);
    expect(after.id).toBe(20);
    expect(after.index).toBe(23);
    expect(lineOf(after)).toBe(lineOf(before));
  });

  test("stays at the top until it was moved, whatever comes in above", () => {
    const first = settle(TOP, ids(0, 50), HEIGHT, true);
    expect(settle(first, [99, ...ids(0, 50)], HEIGHT, true).id).toBe(99);
  });

  test("when its row is gone it stays where it was", () => {
    const before = moveBy(TOP, ids(0, 50), HEIGHT, 20);
    const after = settle(
      before,
      ids(0, 50).filter((id) => id !== 20),
      HEIGHT,
      true,
    );
    expect(after).toMatchObject({ id: 21, index: 20, top: before.top });
  });

  test("with follow off it keeps its place instead", () => {
    const before = moveBy(TOP, ids(0, 50), HEIGHT, 20);
    expect(settle(before, [100, ...ids(0, 50)], HEIGHT, false).id).toBe(19);
  });

  test("a row asked for by name is found, with follow off too", () => {
    const asked = moveTo(TOP, [], HEIGHT, 30);
    expect(settle(asked, ids(0, 50), HEIGHT, false).id).toBe(30);
  });

  test("a page moves the screen, not only the cursor", () => {
    const paged = pageBy(moveBy(TOP, ids(0, 50), HEIGHT, 2), ids(0, 50), HEIGHT, 1);
    expect(paged).toMatchObject({ index: 7, top: 5 });
  });

  test("is always on a row that is on the screen", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }),
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (rows, next, delta, height, follow) => {
          const cursor = settle(moveBy(settle(TOP, rows, height, follow), rows, height, delta), next, height, follow);
          expect(cursor.id).toBe(next[cursor.index]);
          expect(cursor.top).toBeGreaterThanOrEqual(0);
          if (next.length > 0) {
            expect(lineOf(cursor)).toBeGreaterThanOrEqual(0);
            expect(lineOf(cursor)).toBeLessThan(height);
          }
        },
      ),
    );
  });
});
