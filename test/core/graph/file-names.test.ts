import fc from "fast-check";
import { expect, test } from "vitest";
import { FILE_FLAG, Files } from "../../../src/core/graph/files.ts";
import { NONE } from "../../../src/core/graph/indexes.ts";
import { Texts } from "../../../src/core/graph/texts.ts";
import type { Monitor } from "../../../src/core/monitor.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { StringTable } from "../../../src/core/wire/strings.ts";
import { TextHeap } from "../../../src/core/wire/text-heap.ts";
import { decodeUtf8 } from "../../../src/core/wire/utf8.ts";
import { BASE_NS, by, emptyMonitor, feed, WALL_NS } from "../fixture.ts";

// What a path leads to: the last file that was given it, whatever it was found by.

/** Files with paths that come over the wire. */
class Disk {
  readonly files = new Files(new Texts());
  readonly #strings = new StringTable();
  #inodes = 1;

  /** A file that is only read. */
  open(path: Uint8Array): number {
    const row = this.files.add(8, 0, this.#inodes++, 0, 0);
    this.see(row, path);
    return row;
  }

  write(path: Uint8Array): number {
    const row = this.open(path);
    this.files.indexPath(row);
    return row;
  }

  see(row: number, path: Uint8Array): void {
    const framed = new Uint8Array(4 + ((path.length + 3) & ~3));
    framed[0] = path.length;
    framed.set(path, 4);
    const id = this.#strings.size;
    expect(this.#strings.load(framed, 0, framed.length, id, 1)).toBe(true);
    this.files.readPath(row, this.#strings, id);
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => decodeUtf8(bytes, 0, bytes.length);

/** The last two are read the same. */
const PATHS = [bytesOf("/a"), bytesOf("/srv/data/file-1"), bytesOf("/srv/é"), bytesOf("/srv/caf\\xe9")];
PATHS.push(Uint8Array.of(...bytesOf("/srv/caf"), 0xe9));
const TEXTS = [...new Set(PATHS.map(textOf)), "/srv/none"];

/** The same by a map of texts, with an id in place of a row. */
class Model {
  readonly names = new Map<string, number>();
  readonly paths = new Map<number, Uint8Array>();

  move(id: number, path: Uint8Array): void {
    const text = textOf(this.paths.get(id) ?? new Uint8Array());
    const led = this.names.get(text) === id;
    if (led) this.names.delete(text);
    this.paths.set(id, path);
    if (led) this.index(id);
  }

  index(id: number): void {
    this.names.set(textOf(this.paths.get(id) as Uint8Array), id);
  }

  remove(id: number): void {
    this.paths.delete(id);
    for (const [text, other] of this.names) if (other === id) this.names.delete(text);
  }
}

const step = fc.record({
  what: fc.constantFrom("open", "write", "name", "index", "see", "rename", "link", "remove"),
  path: fc.constantFrom(...PATHS),
  which: fc.nat(5),
});

test("whatever is written, renamed, linked and forgotten, a path leads to the last file that was given it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const disk = new Disk();
      const { files } = disk;
      const model = new Model();
      const made = (row: number, path: Uint8Array, found: boolean): void => {
        model.paths.set(files.id(row), path);
        if (found) model.index(files.id(row));
      };
      for (const { what, path, which } of steps) {
        const id = [...model.paths.keys()][which] ?? NONE;
        const row = files.row(id);
        const text = textOf(path);
        if (what === "open") made(disk.open(path), path, false);
        else if (what === "write") made(disk.write(path), path, true);
        else if (what === "name") made(files.addNamed(text, 0), bytesOf(text), true);
        else if (row === NONE) continue;
        else if (what === "index") {
          files.indexPath(row);
          model.index(id);
        } else if (what === "see") {
          disk.see(row, path);
          model.move(id, path);
        } else if (what === "rename") {
          files.rename(row, text);
          model.move(id, bytesOf(text));
        } else if (what === "link") {
          files.addName(row, text);
          model.names.set(text, id);
        } else {
          files.remove(row);
          model.remove(id);
        }
        for (const one of TEXTS)
          expect(files.atPath(one), `${what} ${text}: ${one}`).toBe(files.row(model.names.get(one) ?? NONE));
        expect(namesOf(files)).toEqual([...model.names].sort());
      }
      for (const id of [...model.paths.keys()]) files.remove(files.row(id));
      expect(namesOf(files)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

/** As a checkpoint takes them. */
function namesOf(files: Files): [string, number][] {
  const names = [...files.otherNames()].map(([path, row]): [string, number] => [path, files.id(row)]);
  for (let row = 0; row < files.limit; row++)
    if (files.isLive(row) && files.has(row, FILE_FLAG.FOUND)) names.push([files.path.get(row), files.id(row)]);
  return names.sort();
}

test("two paths of the same hash lead to two files", () => {
  const [one, other] = alike();
  const disk = new Disk();
  const { files } = disk;
  const [first, second] = [one, other].map((path) => disk.write(bytesOf(path)));
  const found = (): number[] => [one, other].map((path) => files.atPath(path));
  expect(found()).toEqual([first, second]);
  const newer = disk.write(bytesOf(other));
  expect(found()).toEqual([first, newer]);
  files.addName(newer, one);
  expect(found()).toEqual([newer, newer]);
  const last = disk.write(bytesOf(one));
  expect(found()).toEqual([last, newer]);
  files.addName(last, other);
  expect(found()).toEqual([last, last]);
  files.remove(newer);
  expect(found()).toEqual([last, last]);
  files.remove(last);
  expect(found()).toEqual([NONE, NONE]);
});

/** By trying: of so many texts some are alike in 32 bits. */
function alike(): [string, string] {
  const heap = new TextHeap();
  const seen = new Map<number, string>();
  for (let i = 0; i < 1_000_000; i++) {
    const text = `/srv/${i}`;
    heap.clear();
    const hash = heap.hashOf(heap.add(text));
    const before = seen.get(hash);
    if (before !== undefined) return [before, text];
    seen.set(hash, text);
  }
  throw new Error("no two texts of the same hash");
}

test("paths cannot be chosen so that their hashes are the same", () => {
  // A change that a hash of products and shifts takes back two words later, half of the time, whatever it begins with.
  const blocks = ["AAAAAAAAA!AA", "AAAaAAAaAaAA"];
  const heap = new TextHeap();
  const hashes = new Set<number>();
  for (let i = 0; i < 4096; i++) {
    const path = Array.from({ length: 12 }, (_, bit) => blocks[(i >> bit) & 1]).join("");
    hashes.add(heap.hashOf(heap.add(`/srv${path}`)));
  }
  expect(hashes.size).toBeGreaterThan(4090);
});

test("links of files that are forgotten take no room", () => {
  const disk = new Disk();
  for (let i = 0; i < 20_000; i++) {
    const row = disk.write(bytesOf("/srv/original"));
    disk.files.addName(row, `/srv/backup/${i}`);
    if (i % 100 !== 0) disk.files.remove(row);
  }
  expect(disk.files.nameBytes).toBeLessThan(200_000);
  expect(disk.files.atPath("/srv/backup/19900")).not.toBe(NONE);
});

test("links of one file without end take little room, and the latest lead to it", () => {
  const disk = new Disk();
  const row = disk.write(bytesOf("/srv/original"));
  for (let i = 0; i < 100_000; i++) disk.files.addName(row, `/srv/backup/${i}`);
  expect(disk.files.nameBytes).toBeLessThan(8 << 20);
  for (const i of [99_999, 80_000]) expect(disk.files.atPath(`/srv/backup/${i}`)).toBe(row);
  expect(disk.files.atPath("/srv/original")).toBe(row);
});

test("a checkpoint keeps every path that leads to a file, and which file it is", () => {
  const { monitor, writer } = emptyMonitor();
  const daemon = by(3, 9e6);
  const write = { ...daemon, dev: 1, open: 4 };
  feed(monitor, writer, 10e6, (w) => {
    w.open({ ...write, path: "/srv/old", ino: 10 });
    w.open({ ...write, path: "/srv/new", ino: 11 });
    w.open({ ...write, path: "/srv/é", ino: 12 });
    w.open({ ...write, path: "/srv/é", ino: 13 });
    w.path(KIND.LINK, { ...daemon, from: "/srv/new", to: "/srv/link" });
    w.path(KIND.RENAME, { ...daemon, from: "/srv/link", to: "/srv/old" });
    w.open({ ...write, path: "/srv/link", ino: 14 });
    w.open({ ...write, path: "/srv/read", ino: 15, open: 2 });
  });
  const other = emptyMonitor().monitor;
  for (const batch of monitor.checkpoint(8 << 20)) other.ingest(batch);
  const inodes = ({ graph: { files } }: Monitor): unknown =>
    ["/srv/old", "/srv/new", "/srv/link", "/srv/é", "/srv/read"].map((path) => {
      const row = files.atPath(path);
      return row === NONE ? path : [path, files.identity(row)[2]];
    });
  expect(inodes(monitor)).toEqual([["/srv/old", 11], "/srv/new", ["/srv/link", 14], ["/srv/é", 13], "/srv/read"]);
  expect(inodes(other)).toEqual(inodes(monitor));
});

test("a checkpoint keeps more paths than there are strings between two key batches, and bytes that are no UTF-8", () => {
  const { monitor, writer } = emptyMonitor();
  const daemon = by(3, 9e6);
  const last = 70_000;
  feed(monitor, writer, 10e6, (w) => {
    for (let i = 0; i <= last; i++) w.open({ ...daemon, dev: 1, open: 4, path: `/srv/${i}`, ino: 1000 + i });
  });
  writer.open({ ...daemon, dev: 1, open: 4, path: "/srv/caf?", ino: 10 });
  const batch = writer.finish(BASE_NS + 11e6, WALL_NS);
  batch[batch.lastIndexOf(0x3f)] = 0xe9;
  monitor.ingest(batch);
  const other = emptyMonitor().monitor;
  for (const part of monitor.checkpoint(64 << 20)) other.ingest(part);
  for (const { files } of [monitor.graph, other.graph]) {
    for (const i of [0, 1, 40_000, last]) expect(files.identity(files.atPath(`/srv/${i}`))[2]).toBe(1000 + i);
    const row = files.atPath("/srv/caf\\xe9");
    expect([files.identity(row)[2], files.path.lengthOf(row)]).toEqual([10, 9]);
    expect(files.count).toBe(last + 2);
  }
});
