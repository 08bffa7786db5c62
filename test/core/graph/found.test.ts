import { expect, test } from "vitest";
import { EDGE } from "../../../src/core/graph/edges.ts";
import { Files } from "../../../src/core/graph/files.ts";
import { Graph } from "../../../src/core/graph/graph.ts";
import { NONE } from "../../../src/core/graph/indexes.ts";
import { Texts } from "../../../src/core/graph/texts.ts";

// What was found last, and what was found ahead of its turn, is looked at before the index is asked.

test("a file that is forgotten is not found by its identity, whatever was found or expected before", () => {
  const files = new Files(new Texts());
  const file = files.add(8, 1, 5, 6, 0);
  expect(files.find(8, 1, 5, 6)).toBe(file);
  files.remove(file);
  expect(files.find(8, 1, 5, 6)).toBe(NONE);
  files.expect(file);
  expect(files.find(8, 1, 5, 6)).toBe(NONE);
  const named = files.addNamed("/srv/named", 0);
  files.expect(named);
  expect(named).toBe(file);
  expect(files.find(0, 0, 0, 0)).toBe(NONE);
  files.expect(file + 1);
  expect(files.find(8, 1, 5, 6)).toBe(NONE);
});

test("what another file or process is expected for finds its own", () => {
  const files = new Files(new Texts());
  const one = files.add(8, 0, 0xffff_fff0, 0, 0);
  const other = files.add(8, 0, 0xffff_fff1, 0, 0);
  files.expect(one);
  expect(files.find(8, 0, 0xffff_fff1, 0)).toBe(other);
  expect(files.find(8, 0, 0xffff_fff0, 0)).toBe(one);
});

test("an edge that is forgotten is not found, whatever was found or expected before", () => {
  const { edges, processes, files } = new Graph();
  const process = processes.add(10, 1, 0, 0);
  const file = files.add(8, 1, 5, 6, 0);
  const edge = edges.touch(EDGE.READ, process, file, 1, 0);
  expect(edges.find(EDGE.READ, process, file)).toBe(edge);
  expect(edges.find(EDGE.WROTE, process, file)).toBe(NONE);
  edges.remove(edge);
  expect(edges.find(EDGE.READ, process, file)).toBe(NONE);
  edges.expect(edge);
  expect(edges.find(EDGE.READ, process, file)).toBe(NONE);
  const again = edges.touch(EDGE.READ, process, file, 2, 0);
  expect([edges.added, edges.times.get(again), edges.count]).toEqual([true, 1, 1]);
});
