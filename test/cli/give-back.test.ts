import { afterEach, expect, test } from "vitest";
import { GiveBack } from "../../src/cli/give-back.ts";

const { gc } = globalThis;
afterEach(() => {
  globalThis.gc = gc;
});

/** Looks once a second at a program with so many records a second; returns the seconds after which memory was collected. */
function collections(rates: readonly number[], before?: (second: number, memory: GiveBack) => void): number[] {
  const found: number[] = [];
  let second = 0;
  globalThis.gc = (() => void found.push(second)) as NodeJS.GCFunction;
  const memory = new GiveBack();
  let records = 0;
  for (const rate of rates) {
    before?.(second, memory);
    memory.look((records += rate));
    second++;
  }
  return found;
}

const quiet = (seconds: number): number[] => Array<number>(seconds).fill(100);
const flood = (seconds: number): number[] => Array<number>(seconds).fill(200_000);

test("memory is collected once after a flood, never during one nor when little happens", () => {
  expect(collections(quiet(60))).toEqual([]);
  expect(collections(flood(60))).toEqual([]);
  expect(collections([...quiet(3), ...flood(10), ...quiet(60)])).toEqual([17]);
  expect(collections([...flood(2), ...quiet(3), ...flood(2), ...quiet(30)])).toEqual([11]);
});

test("a graph that was dropped goes at once, after a flood if there is one", () => {
  const drop = (second: number, memory: GiveBack): void => {
    if (second === 3) memory.dropped();
  };
  expect(collections(quiet(10), drop)).toEqual([3]);
  expect(collections([...flood(5), ...quiet(10)], drop)).toEqual([9]);
});
