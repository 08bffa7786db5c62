import { MixedBlock } from "./blocks.ts";
import { TextColumn } from "./columns.ts";
import { HashIndex, hash2 } from "./hash-index.ts";
import type { EdgeIndex, FileIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

export const FILE_FLAG = {
  /** No name left when last seen. */
  DELETED: 1,
  /** Lives in memory only. */
  MEMFD: 2,
  /** Holds credentials, by its path. */
  SECRET: 4,
  /** Device and inode are not known: identity is the path. */
  BY_PATH: 8,
  /** Heard of since it was last considered for being forgotten. */
  RECENT: 16,
  /** Waits in one of the graph's queues to be forgotten. */
  QUEUED: 32,
  /** A finding rests on it: pinned. */
  EVIDENCE: 64,
} as const;

/** Offsets in a row of two times and twelve fields, 64 bytes. */
const DEV = 4;
const GENERATION = 5;
const INO_LO = 6;
const INO_HI = 7;
const PATH_STRING = 13;
const PATH_EPOCH = 14;
const WIDTH = 16;

/** Files by (device, inode, generation), under the path they were last seen at. */
export class Files extends Table {
  readonly #rows = this.column(new MixedBlock(2, 12));
  readonly #fields = this.#rows.ints;
  readonly #dev = this.#fields.field(DEV);
  readonly #generation = this.#fields.field(GENERATION);
  readonly #inoLo = this.#fields.field(INO_LO);
  readonly #inoHi = this.#fields.field(INO_HI);
  readonly flags = this.#fields.field(8);
  /** Edges READ and EXECUTED, newest first. */
  readonly readers = this.#fields.field<EdgeIndex>(9);
  readonly readerCount = this.#fields.field(10);
  /** All other edges, newest first. */
  readonly writers = this.#fields.field<EdgeIndex>(11);
  readonly writerCount = this.#fields.field(12);
  /** The wire string that `path` is the text of: the same one says nothing new. */
  readonly #pathString = this.#fields.field(PATH_STRING);
  readonly firstNs = this.#rows.floats.field(0);
  readonly lastNs = this.#rows.floats.field(1);
  readonly path = this.column(new TextColumn());
  readonly #byInode = new HashIndex();
  /** Files somebody wrote, and files without an inode, by path: how a script named in argv finds its writer. */
  readonly #byPath = new Map<string, number>();
  textLength = 0;

  get index(): HashIndex {
    return this.#byInode;
  }

  /** As I32Block.touch. */
  near(rows: Int32Array, count: number): number {
    return this.#rows.ints.touch(rows, count);
  }

  /** The first edge of a file's readers; NONE also of a row that was never taken. */
  firstReader(row: FileIndex): EdgeIndex {
    return row < this.limit ? this.readers.get(row) : NONE;
  }

  find(dev: number, generation: number, inoLo: number, inoHi: number): FileIndex {
    const index = this.#byInode;
    const { data } = this.#fields;
    for (let row = index.first(fileHash(dev, generation, inoLo, inoHi)); row >= 0; row = index.next()) {
      const at = row * WIDTH;
      // Fields are signed, the words of an identity are not.
      if (data[at + INO_LO] !== (inoLo | 0) || data[at + INO_HI] !== (inoHi | 0)) continue;
      if (data[at + DEV] === (dev | 0) && data[at + GENERATION] === (generation | 0)) return row;
    }
    return NONE;
  }

  /** A written file by the path it was last seen at. */
  atPath(path: string): FileIndex {
    const id = this.#byPath.get(path);
    return id === undefined ? NONE : this.row(id);
  }

  add(dev: number, generation: number, inoLo: number, inoHi: number, path: string, timeNs: number): FileIndex {
    const row: FileIndex = this.take();
    const byPath = inoLo === 0 && inoHi === 0;
    this.#dev.set(row, dev);
    this.#generation.set(row, generation);
    this.#inoLo.set(row, inoLo);
    this.#inoHi.set(row, inoHi);
    this.path.set(row, path);
    this.#pathString.set(row, NONE);
    this.textLength += path.length;
    this.flags.set(row, byPath ? FILE_FLAG.BY_PATH : 0);
    this.firstNs.set(row, timeNs);
    this.lastNs.set(row, timeNs);
    this.readers.set(row, NONE);
    this.writers.set(row, NONE);
    this.readerCount.set(row, 0);
    this.writerCount.set(row, 0);
    if (byPath) this.#byPath.set(path, this.id(row));
    else this.#byInode.add(fileHash(dev, generation, inoLo, inoHi), row);
    return row;
  }

  /** Whether a file is already known to be called by a wire string; notes that it is from now on. */
  sameString(row: FileIndex, string: number, epoch: number): boolean {
    const { data } = this.#fields;
    const at = row * WIDTH;
    if (data[at + PATH_STRING] === string && data[at + PATH_EPOCH] === epoch) return true;
    data[at + PATH_STRING] = string;
    data[at + PATH_EPOCH] = epoch;
    return false;
  }

  rename(row: FileIndex, path: string): void {
    const before = this.path.get(row);
    if (before === path) return;
    this.#pathString.set(row, NONE);
    const indexed = this.#byPath.get(before) === this.id(row);
    if (indexed) this.#byPath.delete(before);
    this.textLength += path.length - before.length;
    this.path.set(row, path);
    if (indexed) this.#byPath.set(path, this.id(row));
  }

  /** Makes it findable by path: somebody wrote it, or it has a second name. */
  indexPath(row: FileIndex, path: string = this.path.get(row)): void {
    this.#byPath.set(path, this.id(row));
  }

  /** No file is found by that path any more. */
  dropName(path: string): void {
    this.#byPath.delete(path);
  }

  get nameCount(): number {
    return this.#byPath.size;
  }

  /** Every path that leads to a file. */
  *names(): Iterable<readonly [path: string, row: FileIndex]> {
    for (const [path, id] of this.#byPath) {
      const row = this.row(id);
      if (row !== NONE) yield [path, row];
    }
  }

  /** Device, generation and the halves of the inode. */
  identity(row: FileIndex): readonly [dev: number, generation: number, inoLo: number, inoHi: number] {
    const fields = [this.#dev, this.#generation, this.#inoLo, this.#inoHi] as const;
    return [fields[0].get(row) >>> 0, fields[1].get(row) >>> 0, fields[2].get(row) >>> 0, fields[3].get(row) >>> 0];
  }

  has(row: FileIndex, flag: number): boolean {
    return (this.flags.get(row) & flag) !== 0;
  }

  setFlag(row: FileIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) | flag);
  }

  clearFlag(row: FileIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) & ~flag);
  }

  /** Forgets a file without edges. */
  remove(row: FileIndex): void {
    const path = this.path.get(row);
    if (this.#byPath.get(path) === this.id(row)) this.#byPath.delete(path);
    this.#byInode.remove(
      fileHash(this.#dev.get(row), this.#generation.get(row), this.#inoLo.get(row), this.#inoHi.get(row)),
      row,
    );
    this.textLength -= path.length;
    this.path.set(row, "");
    this.give(row);
  }
}

export function fileHash(dev: number, generation: number, inoLo: number, inoHi: number): number {
  return hash2(inoLo ^ (dev << 8), inoHi ^ generation);
}
