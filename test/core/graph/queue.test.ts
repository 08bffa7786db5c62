import fc from "fast-check";
import { expect, test } from "vitest";
import { Queue } from "../../../src/core/graph/queue.ts";

const step = fc.oneof(
  fc.record({ push: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ take: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ keepOf: fc.integer({ min: 2, max: 5 }) }),
);

test("ids leave a queue in the order in which they came, however it grew, and none but those dropped is missing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new Queue();
      let expected: number[] = [];
      let next = 2 ** 40;
      for (const one of steps) {
        if ("push" in one) {
          for (let i = 0; i < one.push; i++) {
            expected.push(next);
            queue.push(next++);
          }
        } else if ("take" in one) {
          for (let i = 0; i < one.take; i++) expect(queue.shift()).toBe(expected.shift());
        } else {
          expected = expected.filter((id) => id % one.keepOf !== 0);
          queue.keep((id) => id % one.keepOf !== 0);
        }
        expect([queue.length, queue.first]).toEqual([expected.length, expected[0]]);
      }
    }),
  );
});

test("ids that join together stand by their times, those of the same time as they were given, those without one last", () => {
  const time = fc.oneof(fc.constantFrom(Number.NaN, 0, -0), fc.integer({ min: -3, max: 3 }), fc.double());
  fc.assert(
    fc.property(fc.array(time, { maxLength: 60 }), fc.nat(200), (times, later) => {
      const queue = new Queue();
      queue.push(2 ** 41);
      const ids = times.map((_, at) => 2 ** 40 + at);
      queue.pushInOrder(ids, (id) => times[id - 2 ** 40] as number);
      for (let i = 1; i <= later; i++) queue.push(2 ** 41 + i);
      const orderOf = (id: number): number => {
        const at = times[id - 2 ** 40] as number;
        return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
      };
      const expected = ids.toSorted((a, b) => (orderOf(a) === orderOf(b) ? a - b : orderOf(a) - orderOf(b)));
      expect(queue.shift()).toBe(2 ** 41);
      expect(Array.from(ids, () => queue.shift())).toEqual(expected);
      expect([queue.length, queue.shift()]).toEqual([later, later === 0 ? undefined : 2 ** 41 + 1]);
    }),
  );
});
