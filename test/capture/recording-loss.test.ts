import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FrameSink } from "../../src/capture/recording/delivery.ts";
import { FRAME } from "../../src/capture/recording/format.ts";
import { type Frame, frameOf } from "../../src/capture/recording/frame.ts";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND, LOSS } from "../../src/core/wire/layout.gen.ts";
import { activity, BOOT_NS, drained, INFO, rowsOf } from "./recording-batches.ts";
import { folder } from "./recording-folder.ts";

/** Rows there are and rows that were reported as lost. */
function accounted(path: string): { readonly rows: number; readonly lost: number } {
  const { source } = openReplay(path);
  const reader = new BatchReader();
  let rows = 0;
  let lost = 0;
  const sink = (batch: Uint8Array): void => {
    reader.open(batch);
    while (reader.next()) {
      if (reader.kind === KIND.LOSS) lost += reader.number(LOSS.lost);
      else if (reader.kind !== KIND.MARK) rows++;
    }
  };
  while (source.drain(sink, 1_000));
  source.close();
  return { rows, lost };
}

const stream = { batches: 400, rowsPerBatch: 50 };
const events = stream.batches * stream.rowsPerBatch;

/** A disk that takes nothing while it is busy. */
class SlowDisk implements FrameSink {
  busy = false;
  readonly #writer: RecordingWriter;

  constructor(writer: RecordingWriter) {
    this.#writer = writer;
  }

  accepts(bytes: number): boolean {
    return !this.busy && this.#writer.accepts(bytes);
  }

  put(frame: Frame): void {
    this.#writer.put(frame);
  }
}

/** Records; between the 100th and the 200th batch the disk or the recorder cannot keep up. */
async function overrun(slow: "disk" | "compression"): Promise<RecordingWriter> {
  const writer = RecordingWriter.create(join(folder(), "x.spyt"), INFO);
  const disk = new SlowDisk(writer);
  const recorder = new Recorder({ frameMs: 500, backlogBytes: 100_000 });
  recorder.add(disk);
  let n = 0;
  for (const batch of activity(stream)) {
    recorder.append(batch);
    const busy = n++ >= 100 && n < 200;
    disk.busy = slow === "disk" && busy;
    if (slow === "disk" || !busy) await recorder.flush();
  }
  await recorder.close();
  await writer.close();
  return writer;
}

test.each(["disk", "compression"] as const)(
  "when the %s is too slow, each record is in the file or counted there",
  async (slow) => {
    const writer = await overrun(slow);
    const { rows, lost } = accounted(writer.path);
    expect(lost).toBeGreaterThan(0);
    expect(rows + lost).toBe(events);
    expect(writer.stats()).toMatchObject({ records: rows, lost });
    // It recovered as soon as it could.
    expect(lost).toBeLessThanOrEqual(110 * stream.rowsPerBatch);
  },
);

test("losses the kernel reports are not lost with the frame that reports them", async () => {
  const writer = RecordingWriter.create(join(folder(), "x.spyt"), INFO);
  const disk = new SlowDisk(writer);
  const recorder = new Recorder();
  recorder.add(disk);
  disk.busy = true;
  const batch = new BatchWriter();
  batch.loss({ timeNs: BOOT_NS, pid: 0, startNs: 0, lost: 12_345, kind: KIND.OPEN });
  recorder.append(batch.finish(BOOT_NS, 0));
  await recorder.flush();
  disk.busy = false;
  for (const next of activity({ batches: 1 })) recorder.append(next);
  await recorder.close();
  await writer.close();
  expect(accounted(writer.path).lost).toBe(12_345);
});

test("what was recorded after a loss can be understood without what was lost", async () => {
  const writer = await overrun("disk");
  const { source } = openReplay(writer.path);
  const all = new Set(rowsOf(activity(stream)));
  const strange = drained(source).filter((row) => !all.has(row));
  expect(strange.length).toBeGreaterThan(0);
  expect(strange.every((row) => Buffer.from(row, "base64").readUInt16LE(0) === KIND.LOSS)).toBe(true);
  source.close();
});

test("a writer takes no more than its memory allows", () => {
  const writer = RecordingWriter.create(join(folder(), "x.spyt"), INFO, { queueBytes: 10_000 });
  const times = { firstTime: 1n, lastTime: 1n, wall: 1n };
  const payload = new Uint8Array(6_000);
  expect(writer.accepts(payload.length)).toBe(true);
  writer.put(
    frameOf({ kind: FRAME.EVENTS, flags: 0, rawBytes: payload.length, rows: 0, activity: 0, ...times }, payload),
  );
  expect(writer.accepts(payload.length)).toBe(false);
});

const child = join(import.meta.dirname, "recording-child.ts");

/** Whether this user may mount in a namespace of their own; the reason when not. */
function noMounts(): string | undefined {
  const { status, stderr, error } = spawnSync("unshare", ["--mount", "--map-root-user", "true"], { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}

test("a full disk ends the recording, not the program", ({ skip }) => {
  const reason = noMounts();
  skip(reason !== undefined, reason);
  const base = folder();
  const disk = join(base, "disk");
  const path = join(base, "copy.spyt");
  mkdirSync(disk);
  // The mount is seen by the child and what it starts only.
  const script = 'mount -t tmpfs -o size=256k none "$1" && "$2" "$3" full "$1/x.spyt" && cp "$1/x.spyt" "$4"';
  const args = ["--mount", "--map-root-user", "sh", "-c", script, "sh", disk, process.execPath, child, path];
  const output = JSON.parse(execFileSync("unshare", args, { encoding: "utf8" })) as Record<string, unknown>;
  expect(output).toMatchObject({
    code: "ENOSPC",
    message: expect.stringContaining("no space is left"),
    hint: expect.stringContaining("can be replayed"),
    told: 1,
    appendedAfter: true,
  });
  expect(statSync(path).size).toBe(output["bytes"]);
  const { source, recording } = openReplay(path);
  expect(recording.damage).toEqual([]);
  source.close();
  expect(accounted(path)).toEqual({ rows: output["events"], lost: 0 });
});
