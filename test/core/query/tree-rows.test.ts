import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE } from "../../../src/core/graph/indexes.ts";
import type { SortKey, TreeOptions } from "../../../src/core/query/model.ts";
import { tree } from "../../../src/core/query/tree.ts";
import { graphFromText, TREE } from "../fixture.ts";

const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
const SORTS: readonly SortKey[] = ["pid", "ppid", "cpu", "memory", "age", "user", "container", "command", "send"];

/** Every process after the first was forked by one of those before it; some exit. */
const anyStory = fc
  .tuple(fc.array(fc.nat(), { minLength: names.length - 1, maxLength: names.length - 1 }), fc.subarray(names.slice(1)))
  .map(([parents, exited]) =>
    [
      ...parents.map((parent, at) => `${names[parent % (at + 1)]} > ${names[at + 1]}`),
      ...exited.map((name) => `${name} exits 1`),
    ].join("; "),
  );

const anyOptions = fc.record({
  layout: fc.constantFrom("tree" as const, "flat" as const),
  sort: fc.constantFrom(...SORTS),
  descending: fc.boolean(),
  collapsed: fc.subarray(names),
  matches: fc.option(fc.subarray(names)),
});

test("rows that are asked for one by one, in any order, are those of the whole view, each at the place of its id", () => {
  const anyOrder = fc.array(fc.nat(names.length + 2), { maxLength: 12 });
  fc.assert(
    fc.property(anyStory, anyOptions, anyOrder, (story, { collapsed, matches, ...how }, asked) => {
      const { monitor, process } = graphFromText(story);
      const options: TreeOptions = {
        ...TREE,
        ...how,
        nowNs: monitor.nowNs,
        collapsed: new Set(collapsed.map(process)),
        ...(matches === null ? {} : { matches: new Set(matches.map(process)) }),
      };
      const { rows } = tree(monitor, options);
      const view = tree(monitor, options);
      for (const at of asked) expect(view.row(at)).toEqual(rows[at]);
      expect(view.rows).toEqual(rows);
      expect(view.ids).toEqual(rows.map((row) => row.id));
      expect(view.depths).toEqual(rows.map((row) => row.depth));
      expect([...view.cgroups].sort()).toEqual([...new Set(rows.map((row) => row.cgroup))].sort());
    }),
    { numRuns: 100 },
  );
});

test("a process that was forgotten since has no row, and no other takes its place", () => {
  const told = graphFromText("a > b", { memoryLimitBytes: 1 });
  const { monitor } = told;
  const view = tree(monitor, { ...TREE, nowNs: monitor.nowNs });
  const id = told.process("b");
  const at = view.ids.indexOf(id);
  expect(at).toBeGreaterThan(0);
  told.go("b exits 0; a > c; c > d");
  expect(monitor.graph.processes.row(id)).toBe(NONE);
  expect(view.row(at)).toBeUndefined();
  expect(view.rows.map((row) => row.command)).toEqual(["[init]", "a"]);
});
