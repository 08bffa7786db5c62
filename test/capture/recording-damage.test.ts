import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { constants, createZstdCompress, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import {
  checkedFrameHead,
  FRAME,
  FRAME_BYTES,
  FRAME_FLAG,
  INDEX_ENTRY_BYTES,
  preamble,
  TRAILER_BYTES,
  trailer,
} from "../../src/capture/recording/format.ts";
import { bytesOfFrame, frameOf } from "../../src/capture/recording/frame.ts";
import { RecordingReader } from "../../src/capture/recording/reader.ts";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { CaptureError } from "../../src/capture/source.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { BATCH, KIND } from "../../src/core/wire/layout.gen.ts";
import { activity, BOOT_NS, drained, INFO, RowReader, rowsOf, WALL_NS } from "./recording-batches.ts";
import { folder, recorded } from "./recording-folder.ts";

const stream = { batches: 60, rowsPerBatch: 8, keyEvery: 25 };
let good: Buffer;
let expected: string[];

beforeAll(async () => {
  good = readFileSync(await recorded(activity(stream), { segmentBytes: 8_000, frameMs: 500 }));
  expected = rowsOf(activity(stream));
});

interface Outcome {
  readonly rows: readonly string[];
  readonly lost: number;
  readonly damage: RecordingReader["damage"];
  readonly complete: boolean;
}

/** Replays bytes; undefined when they are refused with a reason. Anything else that goes wrong fails the test. */
function replayed(bytes: Uint8Array): Outcome | undefined {
  const path = join(base, "damaged");
  writeFileSync(path, bytes);
  try {
    const { source, recording } = openReplay(path);
    const rows = drained(source);
    const { damage, complete } = recording;
    source.close();
    const losses = rows.filter(isLoss);
    return { rows: rows.filter((row) => !isLoss(row)), lost: losses.length, damage, complete };
  } catch (error) {
    if (error instanceof CaptureError && error.hint !== "") return undefined;
    throw error;
  }
}

const isLoss = (row: string): boolean => Buffer.from(row, "base64").readUInt16LE(0) === KIND.LOSS;

let base: string;
beforeAll(() => {
  base = folder();
});

test("cut at any byte, everything before the cut is there and the rest is reported", { timeout: 60_000 }, async () => {
  const small = { batches: 6, rowsPerBatch: 2, keyEvery: 4 };
  const whole = readFileSync(await recorded(activity(small), { segmentBytes: 500, frameMs: 200 }));
  const all = rowsOf(activity(small));
  let refused = 0;
  let most = 0;
  for (let length = 0; length < whole.length; length++) {
    const outcome = replayed(whole.subarray(0, length));
    if (outcome === undefined) {
      refused++;
      continue;
    }
    const { rows, damage, complete } = outcome;
    expect(complete).toBe(false);
    expect(rows.length, "more is readable the longer the file").toBeGreaterThanOrEqual(most);
    expect(rows).toEqual(all.slice(0, rows.length));
    most = rows.length;
    // A cut between two frames leaves nothing torn.
    for (const { offset, bytes, what } of damage) {
      expect(what).toBe("the end is torn off");
      expect(offset + bytes).toBe(length);
    }
  }
  expect(most).toBe(all.length);
  // Only what ends before the first segment has begun has nothing to show.
  expect(refused).toBeLessThan(600);
});

test("a torn frame tells how many records and which time are missing", () => {
  const reader = RecordingReader.open(writeBase("good", good));
  const last = [...frames(reader)].findLast(({ head }) => head.kind === FRAME.EVENTS)!;
  reader.close();
  const torn = RecordingReader.open(writeBase("torn", good.subarray(0, last.offset + FRAME_BYTES + 10)));
  expect(torn.damage).toEqual([
    expect.objectContaining({ offset: last.offset, bytes: FRAME_BYTES + 10, events: last.head.rows, toNs: undefined }),
  ]);
  expect(torn.damage[0]?.fromNs).toBeGreaterThan(0);
  torn.close();
});

function writeBase(name: string, bytes: Uint8Array): string {
  const path = join(base, name);
  writeFileSync(path, bytes);
  return path;
}

function* frames(reader: RecordingReader) {
  let offset = 16;
  for (let frame = 0; frame < reader.end; frame++) {
    const head = reader.head(frame);
    yield { frame, offset, head };
    offset += FRAME_BYTES + head.storedBytes;
  }
}

test("a flipped bit anywhere costs at most its segment, and never goes unnoticed", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.nat(good.length * 8 - 1), (bit) => {
      const bytes = Buffer.from(good);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = replayed(bytes);
      if (outcome === undefined) {
        expect(bit >> 3, "only a damaged beginning makes a file unreadable").toBeLessThan(16);
        return;
      }
      const { rows, damage, complete, lost } = outcome;
      if (rows.length === expected.length) {
        expect(rows).toEqual(expected);
        return;
      }
      expect(damage.length).toBeGreaterThan(0);
      expect(lost + (complete ? 0 : 1)).toBeGreaterThan(0);
      expect(isSubsequence(rows, expected)).toBe(true);
      expect(rows.length).toBeGreaterThan(expected.length / 2);
    }),
    { numRuns: 500 },
  );
});

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const row of whole) if (row === part[at]) at++;
  return at === part.length;
}

test("garbage in the middle, of any size, is skipped", () => {
  fc.assert(
    fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 3_000 }), fc.boolean(), (at, garbage, instead) => {
      const rest = good.subarray(instead ? Math.min(good.length, at + garbage.length) : at);
      const outcome = replayed(Buffer.concat([good.subarray(0, at), garbage, rest]));
      if (outcome !== undefined) expect(isSubsequence(outcome.rows, expected)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

/** A recording of frames with right checksums, whatever they hold. */
function hostile(
  ...contents: readonly { bytes: Uint8Array; kind?: number; flags?: number; rawBytes?: number; rows?: number }[]
): Uint8Array {
  const times = { firstTime: BOOT_NS, lastTime: BOOT_NS, wall: WALL_NS };
  const frames = contents.map(({ bytes, kind = FRAME.EVENTS, flags = 0, rawBytes = bytes.length, rows = 1 }) =>
    bytesOfFrame(frameOf({ kind, flags, rawBytes, rows, activity: 0, ...times }, bytes)),
  );
  const start = frameOf(
    { kind: FRAME.CHECKPOINT, flags: FRAME_FLAG.START | FRAME_FLAG.STATE, rawBytes: 0, rows: 0, activity: 0, ...times },
    new Uint8Array(0),
  );
  return Buffer.concat([preamble(), bytesOfFrame(start), ...frames]);
}

const batch = (): Buffer => {
  const writer = new BatchWriter();
  writer.open({ timeNs: BOOT_NS, pid: 1, startNs: 1, path: "/x", dev: 1, ino: 1, open: 1 });
  return Buffer.from(writer.finish(BOOT_NS, WALL_NS));
};

const edited = (edit: (bytes: Buffer) => void): Buffer => {
  const bytes = batch();
  edit(bytes);
  return bytes;
};

test.each([
  ["no batch", () => Buffer.alloc(200, 7)],
  ["rows beyond the frame", () => edited((bytes) => bytes.writeUInt32LE(0xfffffff8, BATCH.rowBytes))],
  ["strings beyond the frame", () => edited((bytes) => bytes.writeUInt32LE(0xffffffff, BATCH.strBytes))],
  ["more strings than bytes", () => edited((bytes) => bytes.writeUInt32LE(0xffffffff, BATCH.strs))],
  ["a string id far away", () => edited((bytes) => bytes.writeUInt32LE(1 << 20, BATCH.firstStr))],
  ["no key batch first", () => edited((bytes) => bytes.writeUInt16LE(0, BATCH.flags))],
  ["another wire version", () => edited((bytes) => bytes.writeUInt16LE(99, BATCH.version))],
])("a frame with right checksums and %s is reported as lost, the next segment plays", (_, bytes) => {
  const start = { bytes: new Uint8Array(0), kind: FRAME.CHECKPOINT, flags: FRAME_FLAG.START };
  const { rows, lost } = replayed(hostile({ bytes: bytes() }, start, { bytes: batch() }))!;
  expect(rows).toEqual(rowsOf([batch()]));
  expect(lost).toBe(1);
});

// What a first attempt took would hide what a second one takes.
test("a small frame that claims to be huge, or unpacks to more than it claims, costs no memory", {
  retry: 0,
}, async () => {
  // A window no larger than a reader allows: only the length is wrong. Packed in pieces, or what is freed of it hides what is taken.
  const packer = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 18 } });
  const piece = Buffer.alloc(1 << 20);
  const bomb = await buffer(Readable.from(Array.from({ length: 256 }, () => piece)).pipe(packer));
  const before = process.memoryUsage().rss;
  const bombs = Array.from({ length: 5 }, () => ({ bytes: bomb, rawBytes: 16 << 20 }));
  const { rows, lost } = replayed(hostile(...bombs))!;
  expect([rows, lost]).toEqual([[], 5]);
  const path = writeBase("claims", hostile({ bytes: bomb, rawBytes: 0xffffffff }));
  const reader = RecordingReader.open(path);
  expect(reader.damage).toHaveLength(1);
  reader.close();
  // What all claim to be is less, what one is in truth is more.
  expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
});

test("any bytes as rows and strings, with right lengths, reach the monitor without harm", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(), fc.nat(60), (content, rowBytes, strings) => {
      const rows = content.length === 0 ? 0 : (rowBytes % content.length) & ~7;
      const bytes = Buffer.concat([batch().subarray(0, BATCH.SIZE), content]);
      bytes.writeUInt32LE(rows, BATCH.rowBytes);
      bytes.writeUInt32LE(content.length - rows, BATCH.strBytes);
      bytes.writeUInt32LE(strings, BATCH.strs);
      const { source } = openReplay(writeBase("rows", hostile({ bytes }, { bytes })));
      const monitor = new Monitor();
      while (source.drain((one) => monitor.ingest(one), 1_000));
      source.close();
    }),
    { numRuns: 300 },
  );
});

test("after a damaged frame, only rows that refer to its strings are not shown, and they are counted", async () => {
  const writer = new BatchWriter();
  const batches = ["/first", "/second", "/second", "/first"].map((path, n) => {
    writer.open({ timeNs: BOOT_NS, pid: 1, startNs: 1, path, dev: 1, ino: n, open: 1 });
    return writer.finish(BOOT_NS + BigInt(n), WALL_NS);
  });
  const path = await recorded(batches, { frameMs: 0 });
  const reader = RecordingReader.open(path);
  const second = [...frames(reader)].filter(({ head }) => head.kind === FRAME.EVENTS)[1]!;
  reader.close();
  const bytes = readFileSync(path);
  bytes[second.offset + FRAME_BYTES]! ^= 1;
  const { rows, lost } = replayed(bytes)!;
  expect(rows).toEqual(rowsOf([batches[0]!, batches[3]!]));
  expect(lost).toBe(2);
});

test("damage in one frame costs that frame and what refers to it, whichever it is, and says between which times", async () => {
  const calm = { batches: 600, rowsPerBatch: 8 };
  const whole = readFileSync(await recorded(activity(calm)));
  const all = rowsOf(activity(calm));
  const reader = RecordingReader.open(writeBase("calm", whole));
  const events = [...frames(reader)].filter(({ head }) => head.kind === FRAME.EVENTS);
  const { zeroTime } = reader;
  reader.close();
  expect(events.length).toBeGreaterThan(50);
  for (const { offset, head } of events) {
    const bytes = Buffer.from(whole);
    bytes[offset + FRAME_BYTES + (head.storedBytes >> 1)]! ^= 16;
    const { rows, damage } = replayed(bytes)!;
    expect(isSubsequence(rows, all)).toBe(true);
    expect(all.length - rows.length).toBeGreaterThanOrEqual(head.rows);
    expect(all.length - rows.length).toBeLessThan(all.length / 8);
    const seconds = [Number(head.firstTime - zeroTime) / 1e9, Number(head.lastTime - zeroTime) / 1e9] as const;
    expect(damage).toHaveLength(1);
    expect((damage[0]?.fromNs ?? 0) / 1e9).toBeGreaterThan(seconds[0] - 0.2);
    expect((damage[0]?.toNs ?? seconds[1] * 1e9) / 1e9).toBeLessThan(seconds[1] + 0.2);
  }
});

/** The recording with an INDEX of these entries, all checksums right. */
function withIndex(edit: (entries: Buffer) => void, offsetInTrailer?: number): Uint8Array {
  const at = Number(good.readBigUInt64LE(good.length - TRAILER_BYTES));
  const head = checkedFrameHead(good, at)!;
  const stored = good.subarray(at + FRAME_BYTES, at + FRAME_BYTES + head.storedBytes);
  const entries = Buffer.from(zstdDecompressSync(stored));
  edit(entries);
  return Buffer.concat([good.subarray(0, at), bytesOfFrame(frameOf(head, entries)), trailer(offsetInTrailer ?? at)]);
}

test.each([
  ["points at a frame that is no index", withIndexAt(16)],
  ["points beyond the file", withIndexAt(2 ** 40)],
  ["gives a frame another place", () => withIndex((entries) => entries.writeBigUInt64LE(17n, 0))],
  ["leaves out a frame", () => withIndex((entries) => entries.copy(entries, 0, INDEX_ENTRY_BYTES))],
  ["is damaged inside", () => withIndex((entries) => entries.writeUInt8(7, 20))],
])("an index that %s is not believed", (_, forged) => {
  const { rows, complete } = replayed(forged())!;
  expect(rows).toEqual(expected);
  expect(complete).toBe(false);
});

function withIndexAt(offset: number): () => Uint8Array {
  return () => withIndex(() => undefined, offset);
}

test("an index that is right is believed", () => {
  expect(replayed(withIndex(() => undefined))).toMatchObject({ rows: expected, complete: true, damage: [] });
});

test("names of the host a recording comes from are of bounded length and never trusted to be there", () => {
  const reader = (info: unknown): unknown => {
    const content = new TextEncoder().encode(JSON.stringify(info));
    const times = { firstTime: 0n, lastTime: 0n, wall: 0n };
    const frame = frameOf(
      { kind: FRAME.INFO, flags: 0, rawBytes: content.length, rows: 0, activity: 0, ...times },
      content,
    );
    const all = Buffer.from(hostile({ bytes: batch() }));
    const opened = RecordingReader.open(
      writeBase("info", Buffer.concat([preamble(), bytesOfFrame(frame), all.subarray(16)])),
    );
    opened.close();
    return opened.info;
  };
  const none = { program: "", host: "", kernel: "", bootId: "", source: "import" };
  expect(reader({ ...INFO, host: 7, source: "root" })).toEqual({ ...INFO, host: "", source: "import" });
  expect(reader([])).toEqual(none);
  expect(reader({ ...INFO, host: "x".repeat(1 << 17) })).toEqual(none);
});

test("the row reader of these tests notices a wrong string", () => {
  const reader = new RowReader();
  expect(() => reader.take(edited((bytes) => bytes.writeUInt32LE(5, BATCH.SIZE + 32)))).toThrow("never announced");
});
