import { expect, test } from "vitest";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { RewindBuffer } from "../../src/capture/recording/rewind.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { BOOT_NS, WALL_NS } from "./recording-batches.ts";

const FRAMES = 24;

test("what was compressed is given back at once, not when the engine collects", async () => {
  const writer = new BatchWriter();
  for (let row = 0; row < 10_000; row++)
    writer.open({ timeNs: BOOT_NS, pid: 7, startNs: 1n, path: "/srv/1", dev: 1, ino: 1, open: OPEN_FLAG.READ });
  const batch = writer.finish(BOOT_NS, WALL_NS);
  const recorder = new Recorder();
  const rewind = new RewindBuffer(recorder);
  const beside = (): number => process.memoryUsage().arrayBuffers - rewind.bytes;
  recorder.append(batch);
  await recorder.flush();
  const before = beside();
  let most = 0;
  for (let n = 0; n < FRAMES; n++) {
    recorder.append(batch);
    await recorder.flush();
    most = Math.max(most, beside() - before);
  }
  expect(most).toBeLessThan((FRAMES * batch.length) / 3);
});
