import { describe, expect, test } from "vitest";
import { fileHash } from "../../../src/core/graph/files.ts";
import { keyedHash2 } from "../../../src/core/graph/hash-index.ts";
import type { Monitor } from "../../../src/core/monitor.ts";
import { files } from "../../../src/core/query/files.ts";
import type { BatchWriter } from "../../../src/core/wire/encode.ts";
import { FLAG, KIND, OPEN_FLAG } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed } from "../fixture.ts";

const MS = 1e6;
const path = "/opt/tool";
const bash = by(10, MS, -9e9);
const other = (timeMs: number) => by(20, timeMs * MS, -8e9);

/** What was done to each file at the path, oldest first. */
function deeds(monitor: Monitor): string[] {
  const done = new Map<number, string[]>();
  for (const { id, operation } of files(monitor, { path }).rows.toReversed())
    done.set(id, [...(done.get(id) ?? []), operation]);
  return [...done.values()].map((operations) => operations.join());
}

/** Somebody changed the mode of a file by its path, and nobody has opened it since. */
function changed({ mntns = 1 } = {}): { monitor: Monitor; writer: BatchWriter } {
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, MS, (w) => {
    w.image({ ...bash, exe: "/bin/bash", argv: ["bash"], mntns: 1 });
    w.image({ ...other(1), exe: "/bin/bash", argv: ["bash"], mntns });
    w.chmod({ ...bash, path, dev: 0, ino: 0, open: 0, mode: 0o100755, flags: FLAG.UNVERIFIED });
  });
  return { monitor, writer };
}

const opened = { path, dev: 1, ino: 7, open: OPEN_FLAG.WRITE };
const executed = { exe: path, exeDev: 1, exeIno: 7, argv: [path], mntns: 1 };

describe("a file whose mode was changed by its path", () => {
  test("is the one that is opened or executed there next, and no other", () => {
    for (const then of [
      (w: BatchWriter) => w.open({ ...other(2), ...opened }),
      (w: BatchWriter) => w.image({ ...other(2), ...executed }),
    ]) {
      const { monitor, writer } = changed();
      feed(monitor, writer, 2 * MS, then);
      expect(deeds(monitor)).toEqual([expect.stringMatching(/^chmod,(write|execute)$/)]);
      feed(monitor, writer, 3 * MS, (w) => w.open({ ...other(3), ...opened, ino: 8 }));
      expect(deeds(monitor)).toHaveLength(2);
    }
  });

  test("is none that another mount namespace has there", () => {
    const { monitor, writer } = changed({ mntns: 2 });
    feed(monitor, writer, 2 * MS, (w) => w.open({ ...other(2), ...opened }));
    expect(deeds(monitor)).toEqual(["chmod", "write"]);
  });

  test("is none that is there after it was deleted", () => {
    const { monitor, writer } = changed();
    feed(monitor, writer, 2 * MS, (w) => w.path(KIND.UNLINK, { ...other(2), from: path }));
    feed(monitor, writer, 3 * MS, (w) => w.open({ ...other(3), ...opened }));
    expect(deeds(monitor)).toEqual(["chmod,delete", "write"]);
  });

  test("is it also for who began with a checkpoint", () => {
    const { monitor } = changed();
    const { monitor: later, writer } = emptyMonitor();
    for (const batch of monitor.checkpoint(8 << 20)) later.ingest(batch);
    feed(later, writer, 2 * MS, (w) => w.open({ ...other(2), ...opened }));
    expect(deeds(later)).toEqual(["chmod,write"]);
  });
});

test("inodes cannot be chosen so that many files share a hash", () => {
  const hashes = new Set<number>();
  const channels = new Set<number>();
  for (let lo = 1; lo <= 4096; lo++) {
    // The halves cancel each other in a hash of products.
    const hi = Math.imul(Math.imul(lo, 0xcc9e2d51), 0x56ed309b);
    hashes.add(fileHash(0, 0, lo, hi));
    channels.add(keyedHash2(lo, hi));
  }
  expect(hashes.size).toBeGreaterThan(4090);
  expect(channels.size).toBeGreaterThan(4090);
  // So do the high half and the generation, which a file system of one's own chooses too.
  const same = new Set<number>();
  for (let n = 1; n <= 4096; n++) same.add(fileHash(0, n, 77, n));
  expect(same.size).toBeGreaterThan(4090);
});
