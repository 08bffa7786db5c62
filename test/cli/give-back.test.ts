import { afterEach, expect, test } from "vitest";
import { GiveBack } from "../../src/cli/give-back.ts";

const { gc } = globalThis;
afterEach(() => {
  globalThis.gc = gc;
});

/** Looks once a second at a program with so many records a second: the seconds after which memory was collected. */
async function collections(
  rates: readonly number[],
  before?: (second: number, memory: GiveBack) => void,
): Promise<number[]> {
  const found: number[] = [];
  let thinned = false;
  let second = 0;
  globalThis.gc = (() => void found.push(thinned ? second : Number.NaN)) as NodeJS.GCFunction;
  const memory = new GiveBack(async () => {
    thinned = true;
  });
  let records = 0;
  for (const rate of rates) {
    before?.(second, memory);
    memory.look((records += rate));
    await new Promise(setImmediate);
    thinned = false;
    second++;
  }
  return found;
}

const quiet = (seconds: number): number[] => Array<number>(seconds).fill(100);
const flood = (seconds: number): number[] => Array<number>(seconds).fill(200_000);

test("memory is collected once after a flood, never during one nor when little happens", async () => {
  expect(await collections(quiet(60))).toEqual([]);
  expect(await collections(flood(60))).toEqual([]);
  expect(await collections([...quiet(3), ...flood(10), ...quiet(60)])).toEqual([15]);
  expect(await collections([...flood(2), ...quiet(2), ...flood(2), ...quiet(30)])).toEqual([8]);
});

test("a graph that was dropped goes at once, after a flood if there is one", async () => {
  const drop = (second: number, memory: GiveBack): void => {
    if (second === 3) memory.dropped();
  };
  expect(await collections(quiet(10), drop)).toEqual([3]);
  expect(await collections([...flood(5), ...quiet(10)], drop)).toEqual([7]);
});
