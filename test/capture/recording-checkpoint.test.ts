import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { CaptureError } from "../../src/capture/source.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { BASE_NS, batchOf, Story } from "../core/fixture.ts";
import { answers } from "../core/graph/answers.ts";
import { checkInvariants } from "../core/graph/invariants.ts";
import { INFO } from "./recording-batches.ts";
import { folder } from "./recording-folder.ts";

const story = new Story(
  "sshd > bash; bash > curl | sh; curl -> 198.51.100.7:80; sh writes /tmp/.x; sh > /tmp/.x; .x -> 192.0.2.7:443",
);
for (let n = 0; n < 20; n++)
  story.tell(
    `bash > job#${n}(--n ${n}); job#${n} reads /srv/${n}; job#${n} writes /out/${n}; job#${n} -> 192.0.2.9:${n + 1}; job#${n} exits`,
  );
const { events } = story;

/** A recording of the story with a segment every few records. */
async function recordStory(): Promise<string> {
  const path = join(folder(), "story.spyt");
  const monitor = new Monitor();
  const recorder = new Recorder({ checkpoint: (limit) => monitor.checkpoint(limit), segmentBytes: 1, frameMs: 1_000 });
  const writer = RecordingWriter.create(path, INFO);
  recorder.add(writer);
  const batches = new BatchWriter();
  for (const batch of batchesOf(batches, Number.POSITIVE_INFINITY)) {
    recorder.append(batch);
    monitor.ingest(batch);
  }
  await recorder.close();
  await writer.close();
  return path;
}

/** The story up to a moment, ns since it began. */
function* batchesOf(writer: BatchWriter, untilNs: number): Generator<Uint8Array> {
  yield batchOf(writer, [], BASE_NS);
  for (const event of events) if (event.timeNs - BASE_NS <= untilNs) yield batchOf(writer, [event], event.timeNs);
}

/** What a replay makes of a moment, and how often it began anew. */
function replayed(path: string, toNs: readonly number[]): { readonly monitor: Monitor; readonly restarts: number } {
  let monitor = new Monitor();
  let restarts = 0;
  const { source } = openReplay(path, {
    onRestart: () => {
      monitor = new Monitor();
      restarts++;
    },
  });
  source.pause();
  try {
    for (const target of toNs) {
      source.seek(target);
      while (source.drain((batch) => monitor.ingest(batch), 1_000));
    }
    return { monitor, restarts };
  } finally {
    source.close();
  }
}

test("whatever moments are gone to, the last is as if everything before it had been seen", async () => {
  const path = await recordStory();
  const endNs = (events.at(-1)?.timeNs ?? 0) - BASE_NS;
  let restarts = 0;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: endNs }), { minLength: 1, maxLength: 4 }), (moments) => {
      const found = replayed(path, moments);
      restarts += found.restarts;
      const seen = new Monitor();
      for (const batch of batchesOf(new BatchWriter(), moments.at(-1) ?? 0)) seen.ingest(batch);
      checkInvariants(found.monitor.graph);
      const { nowNs: _, ...now } = answers(found.monitor) as Record<string, unknown>;
      const { nowNs: __, ...then } = answers(seen) as Record<string, unknown>;
      expect(now).toEqual(then);
    }),
    { numRuns: 12 },
  );
  expect(restarts).toBeGreaterThan(0);
});

test("a recording cut at any byte opens, and what it has left is whole", async () => {
  const bytes = readFileSync(await recordStory());
  const path = join(folder(), "cut.spyt");
  let opened = 0;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), (length) => {
      writeFileSync(path, bytes.subarray(0, length));
      try {
        const { monitor } = replayed(path, [Number.MAX_SAFE_INTEGER]);
        checkInvariants(monitor.graph);
        answers(monitor);
        opened++;
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
      }
    }),
    { numRuns: 40 },
  );
  expect(opened).toBeGreaterThan(20);
});
