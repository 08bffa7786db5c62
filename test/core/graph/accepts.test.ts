import { expect, test } from "vitest";
import { Accepts } from "../../../src/core/graph/accepts.ts";

const SERVER = 7;

test("accepts are told newest first until a moment, also those that came late", () => {
  const accepts = new Accepts();
  for (const timeNs of [50, 10, 40, 20, 30]) accepts.add(SERVER, timeNs * 100, timeNs);
  accepts.add(SERVER + 1, 1, 25);
  expect([...accepts.until(SERVER, 40, 10)]).toEqual([4000, 3000, 2000, 1000]);
  expect([...accepts.until(SERVER, 40, 2)]).toEqual([4000, 3000]);
  expect([...accepts.until(SERVER, 9, 10)]).toEqual([]);
  expect([...accepts.until(SERVER + 2, 40, 10)]).toEqual([]);
});

test("of a great many the newest stay", () => {
  const accepts = new Accepts();
  const many = 200_000;
  for (let i = 1; i <= many; i++) accepts.add(SERVER, i, i);
  expect([...accepts.until(SERVER, many, 3)]).toEqual([many, many - 1, many - 2]);
  expect(accepts.count).toBeLessThanOrEqual(1 << 16);
  expect([...accepts.until(SERVER, many, many)]).toHaveLength(accepts.count);
});

test("what is no longer wanted is dropped, and room is made again", () => {
  const accepts = new Accepts();
  for (let i = 1; i <= 1000; i++) accepts.add(SERVER, i, i);
  accepts.keep((connection) => connection % 100 === 0);
  expect(accepts.count).toBe(10);
  for (let i = 1001; i <= 1020; i++) accepts.add(SERVER, i, i);
  expect([...accepts.until(SERVER, 1002, 4)]).toEqual([1002, 1001, 1000, 900]);
  accepts.forget(SERVER);
  expect(accepts.count).toBe(0);
  expect([...accepts.until(SERVER, 1002, 4)]).toEqual([]);
});
