import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeNotes } from "../../src/capture/recording/notes.ts";
import { RecordingReader } from "../../src/capture/recording/reader.ts";
import { Recorder } from "../../src/capture/recording/recorder.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { activity, BOOT_NS, drained, INFO, rowsOf, WALL_NS } from "./recording-batches.ts";
import { folder, recorded, State } from "./recording-folder.ts";

test("what was recorded is replayed: every row with its strings, in order, with wall clock and origin", async () => {
  const batches = [...activity({ batches: 300 })];
  const { source, recording } = openReplay(await recorded(batches));
  expect(drained(source)).toEqual(rowsOf(batches));
  expect(recording.complete).toBe(true);
  expect(recording.damage).toEqual([]);
  expect(recording.info).toEqual(INFO);
  expect(recording.zeroTime).toBe(BOOT_NS);
  expect(recording.zeroWall).toBe(WALL_NS);
  expect(recording.durationNs).toBe(299 * 100e6);
  source.close();
});

test("any stream, cut into any segments, comes back the same", async () => {
  const shape = fc.record({
    batches: fc.integer({ min: 1, max: 60 }),
    rowsPerBatch: fc.integer({ min: 0, max: 30 }),
    stepMs: fc.integer({ min: 1, max: 5_000 }),
    keyEvery: fc.integer({ min: 1, max: 40 }),
    seed: fc.nat(),
    segmentBytes: fc.integer({ min: 1, max: 100_000 }),
    frameMs: fc.integer({ min: 1, max: 5_000 }),
    checkpoints: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ segmentBytes, frameMs, checkpoints, ...stream }) => {
      const state = new State();
      const options = { segmentBytes, frameMs, ...(checkpoints ? { checkpoint: state.checkpoint } : {}) };
      const { source } = openReplay(await recorded(state.everything(activity(stream)), options));
      expect(drained(source)).toEqual(rowsOf(activity(stream)));
      source.close();
    }),
    { numRuns: 60 },
  );
});

test("strings that together are larger than a frame do not keep a batch from being recorded", async () => {
  const writer = new BatchWriter();
  const rows = 40;
  const large = (n: number): string => `/${String(n).repeat(60_000)}`;
  for (let n = 0; n < rows; n++)
    writer.open({ timeNs: BOOT_NS, pid: 1, startNs: 1, path: large(n), dev: 1, ino: n, open: 1 });
  const first = writer.finish(BOOT_NS, WALL_NS);
  // Refers to all of them from another segment, where each has to be repeated.
  for (let n = 0; n < rows; n++)
    writer.open({ timeNs: BOOT_NS, pid: 1, startNs: 1, path: large(n), dev: 1, ino: n, open: 2 });
  const second = writer.finish(BOOT_NS + 1n, WALL_NS);
  const { source } = openReplay(await recorded([first, second], { segmentBytes: 1, frameMs: 0 }));
  expect(drained(source)).toEqual(rowsOf([first, second]));
  source.close();
});

test("a recording is readable by its owner only", async () => {
  const path = await recorded(activity({ batches: 1 }));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("an existing file is never overwritten", () => {
  const path = join(folder(), "kept");
  writeFileSync(path, "precious");
  expect(() => RecordingWriter.create(path, INFO)).toThrow(/exists and is never overwritten/);
  expect(readFileSync(path, "utf8")).toBe("precious");
});

test.each(["existing", "dangling"])("a symbolic link is never followed (%s)", (state) => {
  const base = folder();
  const target = join(base, "target");
  const link = join(base, "link");
  if (state === "existing") writeFileSync(target, "precious");
  symlinkSync(target, link);
  expect(() => RecordingWriter.create(link, INFO)).toThrow(/symbolic link, which is never followed/);
  if (state === "existing") expect(readFileSync(target, "utf8")).toBe("precious");
  else expect(statSync(target, { throwIfNoEntry: false })).toBeUndefined();
});

test("a folder that does not exist is named with what to do", () => {
  expect(() => RecordingWriter.create(join(folder(), "no", "x"), INFO)).toThrow(
    expect.objectContaining({ code: "ENOENT", hint: "create the folder first" }),
  );
});

test("what is no recording is refused with the reason", async () => {
  const base = folder();
  const file = (name: string, content: Uint8Array | string): string => {
    writeFileSync(join(base, name), content);
    return join(base, name);
  };
  const good = readFileSync(await recorded(activity({ batches: 3 })));
  const newer = Buffer.from(good);
  newer.writeUInt16LE(2, 8);
  newer.writeUInt32LE(crc32(newer.subarray(0, 12)), 12);
  const flipped = Buffer.from(good);
  flipped[9] = 7;
  mkdirSync(join(base, "folder"));
  const code = (path: string): string => {
    try {
      RecordingReader.open(path).close();
      return "opened";
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message.replace(path, "FILE")}`;
    }
  };
  expect(code(file("empty", ""))).toBe("ENOTREC: cannot replay FILE: it is empty");
  expect(code(file("text", "hello, this is no recording at all\n"))).toBe(
    "ENOTREC: cannot replay FILE: it is not a recording",
  );
  expect(code(join(base, "folder"))).toBe("ENOTREC: cannot replay FILE: it is not a regular file");
  expect(code(join(base, "absent"))).toBe("ENOENT: cannot replay FILE: there is no such file");
  expect(code(file("newer", newer))).toBe("ENEWER: cannot replay FILE: it was made by a newer spydertop");
  expect(code(file("flipped", flipped))).toBe("ECORRUPT: cannot replay FILE: its beginning is damaged (byte 0 to 16)");
  expect(code(file("headless", good.subarray(0, 100)))).toMatch(
    /^ECORRUPT: cannot replay FILE: no record is readable: .* at byte 16$/,
  );
});

test("notes come back at their time, in its order", async () => {
  const path = join(folder(), "x.spyt");
  const writer = RecordingWriter.create(path, INFO);
  const recorder = new Recorder();
  recorder.add(writer);
  let n = 0;
  for (const batch of activity({ batches: 40 })) {
    recorder.append(batch);
    if (n++ === 20) recorder.note({ timeNs: 2e9, severity: "high", text: "a shell behind a web server" });
  }
  recorder.note({ timeNs: 1e9, severity: "low", text: "late" });
  await recorder.close();
  await writer.close();
  const reader = RecordingReader.open(path);
  expect(reader.notes).toEqual([
    { timeNs: 1e9, severity: "low", text: "late" },
    { timeNs: 2e9, severity: "high", text: "a shell behind a web server" },
  ]);
  reader.close();
});

test("a hostile list of notes gives those that are some", () => {
  const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const good = { time: String(BOOT_NS + 5n), severity: "info", text: "x".repeat(10_000) };
  const bad = [
    null,
    7,
    "x",
    [],
    {},
    { ...good, time: "1e9" },
    { ...good, time: -5 },
    { ...good, severity: "worst" },
    { ...good, text: {} },
  ];
  expect(decodeNotes(encode([...bad, good]), BOOT_NS)).toEqual([
    { timeNs: 5, severity: "info", text: "x".repeat(300) },
  ]);
  expect(decodeNotes(encode({ length: 1e9 }), BOOT_NS)).toEqual([]);
  expect(decodeNotes(Uint8Array.of(0x5b, 0xff), BOOT_NS)).toEqual([]);
});
