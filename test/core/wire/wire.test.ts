import { describe, expect, test } from "vitest";
import { BatchReader } from "../../../src/core/wire/decode.ts";
import { BatchWriter } from "../../../src/core/wire/encode.ts";
import { BATCH, EXIT, FILE, FORK, HDR, IMAGE, KIND, SOCK } from "../../../src/core/wire/layout.gen.ts";
import { BASE_NS, WALL_NS } from "../fixture.ts";

const head = { timeNs: BASE_NS + 1000, pid: 42, startNs: BASE_NS - 5_000_000_000 };

function rowsOf(batch: Uint8Array, reader = new BatchReader()): number[] {
  const kinds: number[] = [];
  if (reader.open(batch)) while (reader.next()) kinds.push(reader.kind);
  return kinds;
}

describe("a batch", () => {
  test("gives back what was written", () => {
    const writer = new BatchWriter();
    writer.fork({ ...head, childPid: 43, childStartNs: 0xffff_ffff_ffff_fffen, cgroup: 77 });
    writer.image({
      ...head,
      exe: "/bin/sh",
      argv: ["sh", "-c", "é"],
      uid: 1000,
      stdio: [undefined, { mode: 0o140755, ino: 99 }],
    });
    writer.exit({ ...head, code: 256, cpuNs: 2 ** 40 });
    const reader = new BatchReader();
    expect(reader.open(writer.finish(BASE_NS + 2000, WALL_NS))).toBe(true);
    expect([reader.keyBatch, reader.batchTimeNs, reader.batchWallMs]).toEqual([true, 0, Number(WALL_NS / 1_000_000n)]);

    expect(reader.next()).toBe(true);
    expect([reader.kind, reader.u32(HDR.tgid), reader.u32(FORK.childTgid), reader.number(FORK.cgroup)]).toEqual([
      KIND.FORK,
      42,
      43,
      77,
    ]);
    expect([reader.lo(FORK.childStart), reader.hi(FORK.childStart)]).toEqual([0xffff_fffe, 0xffff_ffff]);
    expect([reader.timeNs(HDR.time), reader.timeNs(HDR.start)]).toEqual([-1000, -5_000_002_000]);

    expect(reader.next()).toBe(true);
    expect([reader.text(IMAGE.exe), reader.text(IMAGE.argv), reader.text(IMAGE.cwd)]).toEqual([
      "/bin/sh",
      "sh\0-c\0é",
      "",
    ]);
    expect([reader.u32(IMAGE.uid), reader.u32(IMAGE.loginUid)]).toEqual([1000, 0xffffffff]);
    expect([reader.lo(IMAGE.stdio + 8), reader.hi(IMAGE.stdio + 8) >>> 28]).toEqual([99, 12]);

    expect(reader.next()).toBe(true);
    expect([reader.u32(EXIT.code), reader.number(EXIT.cpuNs)]).toEqual([256, 2 ** 40]);
    expect(reader.next()).toBe(false);
    expect(reader.malformed).toBe(0);
  });

  test("keeps its strings for the batches that follow, until a key batch", () => {
    const writer = new BatchWriter();
    const reader = new BatchReader();
    const path = (batch: Uint8Array): string => {
      reader.open(batch);
      reader.next();
      return reader.text(FILE.path);
    };
    const open = (): void => writer.open({ ...head, path: "/etc/hosts", dev: 1, ino: 2, open: 2 });
    open();
    expect(path(writer.finish(BASE_NS, WALL_NS))).toBe("/etc/hosts");
    open();
    const second = writer.finish(BASE_NS, WALL_NS);
    expect(path(second)).toBe("/etc/hosts");
    writer.restart();
    open();
    expect(path(writer.finish(BASE_NS, WALL_NS))).toBe("/etc/hosts");
    expect(reader.strings.size).toBe(2);
    expect(path(new Uint8Array(second))).toBe("/etc/hosts");
  });

  test("is read from an address that is not aligned", () => {
    const writer = new BatchWriter();
    writer.sock(KIND.CONNECT, {
      ...head,
      sock: 7,
      local: "10.0.0.4",
      remote: "2001:db8::1",
      localPort: 1,
      remotePort: 443,
    });
    const batch = writer.finish(BASE_NS, WALL_NS);
    const shifted = new Uint8Array(batch.length + 1);
    shifted.set(batch, 1);
    const reader = new BatchReader();
    expect(reader.open(shifted.subarray(1))).toBe(true);
    expect(reader.next()).toBe(true);
    expect([reader.u16(SOCK.lport), reader.u16(SOCK.rport), reader.u8(SOCK.laddr + 15)]).toEqual([1, 443, 4]);
  });

  test("skips a kind it does not know, and reads a longer row by its known head", () => {
    const writer = new BatchWriter();
    for (let i = 0; i < 3; i++) writer.exit({ ...head, code: i });
    const batch = writer.finish(BASE_NS, WALL_NS);
    new DataView(batch.buffer).setUint16(BATCH.SIZE + HDR.kind, 999, true);
    const reader = new BatchReader();
    expect(rowsOf(batch, reader)).toEqual([KIND.EXIT, KIND.EXIT]);
    expect([reader.unknownKinds, reader.malformed]).toEqual([1, 0]);
    // The first row swallows the second: still an exit, read by its head.
    const longer = new DataView(batch.buffer);
    longer.setUint16(BATCH.SIZE + HDR.kind, KIND.EXIT, true);
    longer.setUint16(BATCH.SIZE + HDR.size, 2 * EXIT.SIZE, true);
    expect(rowsOf(batch)).toEqual([KIND.EXIT, KIND.EXIT]);
  });

  test("stops at a row that does not fit, and counts it", () => {
    const writer = new BatchWriter();
    for (let i = 0; i < 3; i++) writer.exit({ ...head });
    for (const size of [0, 8, EXIT.SIZE + 4, 60_000]) {
      const batch = new Uint8Array(writer.rows > 0 ? writer.finish(BASE_NS, WALL_NS) : golden);
      new DataView(batch.buffer).setUint16(BATCH.SIZE + HDR.size, size, true);
      const reader = new BatchReader();
      expect(rowsOf(batch, reader)).toEqual([]);
      expect(reader.malformed).toBe(1);
    }
  });

  test("with another magic, version or impossible lengths is refused", () => {
    for (const [offset, value] of [
      [BATCH.magic, 1],
      [BATCH.version, 9],
      [BATCH.rowBytes, 1 << 20],
      [BATCH.rowBytes, 4],
    ] as const) {
      const batch = new Uint8Array(golden);
      new DataView(batch.buffer).setUint32(offset, value, true);
      const reader = new BatchReader();
      expect(rowsOf(batch, reader)).toEqual([]);
      expect(reader.malformed).toBe(1);
    }
    expect(rowsOf(new Uint8Array(10))).toEqual([]);
  });
});

/** An EXEC of pid 42 as the layout has it today: a change of these bytes is a change of the wire. */
const golden = (() => {
  const writer = new BatchWriter();
  writer.image({ timeNs: 1000, pid: 42, startNs: 7, exe: "/a", argv: ["a", "b"], uid: 5 });
  return writer.finish(2000, 3000);
})();

test("the bytes of a batch are those of the format", () => {
  const hex = (from: number, to: number): string => Buffer.from(golden.subarray(from, to)).toString("hex");
  expect(hex(0, BATCH.SIZE)).toBe(
    "53505942" +
      "0200" +
      "0100" +
      "c8000000" +
      "10000000" +
      "01000000" +
      "02000000" +
      "01000000" +
      "00000000" +
      "d007000000000000" +
      "b80b000000000000",
  );
  expect(hex(BATCH.SIZE, BATCH.SIZE + 56)).toBe(
    "0200" +
      "c800" +
      "07" +
      "00" +
      "0000" +
      "e803000000000000" +
      "0700000000000000" +
      "2a000000" +
      "2a000000" +
      "01000000" +
      "00000000" +
      "02000000" +
      "00000000".repeat(3),
  );
  expect(hex(golden.length - 16, golden.length)).toBe("02000000" + "2f610000" + "03000000" + "61006200");
});
