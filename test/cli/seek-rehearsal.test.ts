import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { writeSnapshot } from "../../src/capture/recording/commands.ts";
import { openStage, type Stage } from "../../src/cli/stage.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { activity, INFO } from "../capture/recording-batches.ts";
import { folder, recorded, State } from "../capture/recording-folder.ts";

const collect = vi.fn();
const { gc } = globalThis;
afterEach(() => {
  globalThis.gc = gc;
  collect.mockClear();
});

/** A recording of a minute. */
function minute(): Promise<string> {
  const state = new State();
  const batches = state.newest(activity({ batches: 600 }));
  return recorded(batches, { segmentBytes: 40_000, checkpoint: state.checkpoint });
}

/** A file, opened, its first frame drawn. */
async function opened(from: string): Promise<Stage> {
  globalThis.gc = collect as unknown as NodeJS.GCFunction;
  const stage = await openStage({ bpf: false, from }, undefined);
  expect(stage.drain(1_000)).toBe(false);
  return stage;
}

function drained(stage: Stage): number {
  let slices = 0;
  while (stage.drain(1)) slices++;
  return slices;
}

test("what is gone through before the first key changes nothing that is shown, happens once, and its memory is given back", async () => {
  const stage = await opened(await minute());
  const shown = () => [stage.queries.version, stage.queries.nowNs, stage.time?.standing, stage.totals()];
  const before = shown();
  stage.refresh();
  expect(drained(stage)).toBeGreaterThan(1);
  stage.refresh();
  expect(drained(stage)).toBe(0);
  expect(shown()).toEqual(before);
  expect(collect).toHaveBeenCalledTimes(1);
});

test("who asks for a moment meanwhile has it, and nothing goes on behind it", async () => {
  const stage = await opened(await minute());
  stage.refresh();
  expect(stage.drain(1)).toBe(true);
  stage.time?.act({ kind: "move", byNs: -20e9 });
  drained(stage);
  expect(stage.queries.nowNs).toBe((stage.time?.standing.endNs ?? 0) - 20e9);
  expect(collect).not.toHaveBeenCalled();
});

test("nothing is gone through of a snapshot: it has one moment", async () => {
  const path = join(folder(), "x.spyt");
  const monitor = new Monitor();
  for (const batch of activity({ batches: 20 })) monitor.ingest(batch);
  await writeSnapshot(path, INFO, monitor);
  const stage = await opened(path);
  stage.refresh();
  expect(drained(stage)).toBe(0);
  expect(collect).not.toHaveBeenCalled();
});
