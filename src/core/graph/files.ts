import { keyedWord } from "../wire/keyed-hash.ts";
import type { StringTable } from "../wire/strings.ts";
import { MixedBlock } from "./blocks.ts";
import { FileNames } from "./file-names.ts";
import { HashIndex, keyedHash2 } from "./hash-index.ts";
import type { EdgeIndex, FileIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { HINT, isSecretPath, pathHints } from "./paths.ts";
import { Table } from "./table.ts";
import type { HeapText, Texts } from "./texts.ts";

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
  /** Perhaps the memory of a process, by its path. */
  MEMORY: 128,
  /** Programs load it as code, by its path; it is the C library. */
  LIBRARY: 1024,
  C_LIBRARY: 2048,
  /** A path led to it, once. */
  NAMED: 256,
  /** Somebody changed its mode by its path: the first inode seen there is its own. */
  AWAITED: 512,
  /** The path it was last seen at leads to it. */
  FOUND: 4096,
} as const;

/** Offsets in a row of two times and twelve fields, 64 bytes. */
const DEV = 4;
const GENERATION = 5;
const INO_LO = 6;
const INO_HI = 7;
const PATH_STRING = 13;
const PATH_EPOCH = 14;
const PATH = 15;
const WIDTH = 16;

/** A file awaited before so many others is a second row when it comes. */
const MAX_AWAITED = 1 << 16;

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
  readonly path: HeapText;
  readonly #byInode = new HashIndex();
  /** Of files somebody wrote, and of files without an inode: how a script named in argv finds its writer. */
  readonly #names: FileNames;
  /** Hashes of paths at which files are awaited, and of some at which none is any more. */
  readonly #awaited = new Set<number>();
  /** The file found last by its identity, or expected next: looked at before any other. */
  #likely: FileIndex = NONE;

  constructor(texts: Texts) {
    super();
    this.path = texts.column(this, this.#fields.field(PATH));
    this.#names = new FileNames(this.path, this);
  }

  get index(): HashIndex {
    return this.#byInode;
  }

  /** What a file is found by. */
  hashOf(row: FileIndex): number {
    return fileHash(this.#dev.get(row), this.#generation.get(row), this.#inoLo.get(row), this.#inoHi.get(row));
  }

  /** The first edge of a file's readers; NONE also of a row that was never taken. */
  firstReader(row: FileIndex): EdgeIndex {
    return row < this.limit ? this.readers.get(row) : NONE;
  }

  find(dev: number, generation: number, inoLo: number, inoHi: number): FileIndex {
    const likely = this.#likely;
    if (inoLo === 0 && inoHi === 0) return NONE;
    if (likely !== NONE && this.#is(likely, dev, generation, inoLo, inoHi)) return likely;
    const index = this.#byInode;
    for (let row = index.first(fileHash(dev, generation, inoLo, inoHi)); row >= 0; row = index.next()) {
      if (!this.#is(row, dev, generation, inoLo, inoHi)) continue;
      this.#likely = row;
      return row;
    }
    return NONE;
  }

  /** The file that will be asked for next, perhaps. */
  expect(row: FileIndex): void {
    this.#likely = row < this.limit ? row : NONE;
  }

  /** A row that is free, and one found by its path, has no inode. */
  #is(row: FileIndex, dev: number, generation: number, inoLo: number, inoHi: number): boolean {
    const { data } = this.#fields;
    const at = row * WIDTH;
    // Fields are signed, the words of an identity are not.
    if (data[at + INO_LO] !== (inoLo | 0) || data[at + INO_HI] !== (inoHi | 0)) return false;
    return data[at + DEV] === (dev | 0) && data[at + GENERATION] === (generation | 0);
  }

  /** The file a path leads to: a written one at the path it was last seen at, or linked there. */
  atPath(path: string): FileIndex {
    return this.#names.find(path);
  }

  /** A file without a path as yet, or the one that was awaited. */
  add(
    dev: number,
    generation: number,
    inoLo: number,
    inoHi: number,
    timeNs: number,
    awaited: FileIndex = NONE,
  ): FileIndex {
    const row = awaited === NONE ? this.#add(timeNs, 0) : awaited;
    this.clearFlag(row, FILE_FLAG.BY_PATH | FILE_FLAG.AWAITED);
    this.#dev.set(row, dev);
    this.#generation.set(row, generation);
    this.#inoLo.set(row, inoLo);
    this.#inoHi.set(row, inoHi);
    this.#byInode.add(fileHash(dev, generation, inoLo, inoHi), row);
    this.#likely = row;
    return row;
  }

  /** The file without an inode that the next one at the path of a wire string is. */
  awaitedAt(strings: StringTable, path: number): FileIndex {
    if (this.#awaited.size === 0 || !this.#awaited.has(strings.heap.hashOf(strings.at(path)))) return NONE;
    const row = this.atPath(strings.get(path));
    return row !== NONE && this.has(row, FILE_FLAG.AWAITED) && !this.has(row, FILE_FLAG.DELETED) ? row : NONE;
  }

  /** Of a file of which only the path is known. */
  awaitInode(row: FileIndex): void {
    if (!this.has(row, FILE_FLAG.BY_PATH)) return;
    this.setFlag(row, FILE_FLAG.AWAITED);
    if (this.#awaited.size >= MAX_AWAITED) this.#awaited.clear();
    this.#awaited.add(this.path.hashOf(row));
  }

  /** A file of which only the path is known, which leads to it. */
  addNamed(path: string, timeNs: number): FileIndex {
    const row = this.addUnseen(timeNs);
    this.path.set(row, path);
    this.#judgePath(row);
    this.indexPath(row);
    return row;
  }

  /** A file of which only the path will be known. */
  addUnseen(timeNs: number): FileIndex {
    const row = this.#add(timeNs, FILE_FLAG.BY_PATH);
    for (const field of [this.#dev, this.#generation, this.#inoLo, this.#inoHi]) field.set(row, 0);
    return row;
  }

  /** Whether its path is known to be that of a wire string, without a look at the text. */
  hasRead(row: FileIndex, strings: StringTable, id: number): boolean {
    const { data } = this.#fields;
    const at = row * WIDTH;
    return data[at + PATH_STRING] === id && data[at + PATH_EPOCH] === strings.epoch;
  }

  /** It was last seen at a path: that of a wire string. */
  readPath(row: FileIndex, strings: StringTable, id: number): void {
    if (this.hasRead(row, strings, id)) return;
    const { data } = this.#fields;
    const at = row * WIDTH;
    data[at + PATH_STRING] = id;
    data[at + PATH_EPOCH] = strings.epoch;
    if (this.path.is(row, strings, id)) return;
    const moved = this.#leavePath(row);
    this.path.read(row, strings, id);
    this.#arrive(row, moved);
  }

  rename(row: FileIndex, path: string): void {
    if (this.path.get(row) === path) return;
    this.#pathString.set(row, NONE);
    const moved = this.#leavePath(row);
    this.path.set(row, path);
    this.#arrive(row, moved);
    if (this.has(row, FILE_FLAG.AWAITED)) this.awaitInode(row);
  }

  #add(timeNs: number, flags: number): FileIndex {
    const row: FileIndex = this.take();
    this.#pathString.set(row, NONE);
    this.flags.set(row, flags);
    this.firstNs.set(row, timeNs);
    this.lastNs.set(row, timeNs);
    this.readers.set(row, NONE);
    this.writers.set(row, NONE);
    this.readerCount.set(row, 0);
    this.writerCount.set(row, 0);
    return row;
  }

  /** Returns whether its path led to it. */
  #leavePath(row: FileIndex): boolean {
    if (!this.has(row, FILE_FLAG.NAMED)) return false;
    if (!this.has(row, FILE_FLAG.FOUND))
      return !this.path.isPlain(row) && this.#names.removeOther(this.path.get(row), this.id(row));
    this.#names.remove(row);
    this.clearFlag(row, FILE_FLAG.FOUND);
    return true;
  }

  /** moved: the path before led to it. */
  #arrive(row: FileIndex, moved: boolean): void {
    this.#judgePath(row);
    if (moved || (this.has(row, FILE_FLAG.NAMED) && this.atPath(this.path.get(row)) === row)) this.indexPath(row);
  }

  #judgePath(row: FileIndex): void {
    this.clearFlag(row, FILE_FLAG.LIBRARY | FILE_FLAG.C_LIBRARY);
    const hints = this.path.map(row, pathHints);
    if (hints === 0) return;
    if ((hints & HINT.SECRET) !== 0 && isSecretPath(this.path.get(row))) this.setFlag(row, FILE_FLAG.SECRET);
    if ((hints & HINT.MEMORY) !== 0) this.setFlag(row, FILE_FLAG.MEMORY);
    if ((hints & HINT.LIBRARY) !== 0) this.setFlag(row, FILE_FLAG.LIBRARY);
    if ((hints & HINT.C_LIBRARY) !== 0) this.setFlag(row, FILE_FLAG.C_LIBRARY);
  }

  /** Its path leads to it: somebody wrote it. */
  indexPath(row: FileIndex): void {
    if (this.has(row, FILE_FLAG.FOUND)) return;
    if (!this.path.isPlain(row)) {
      this.#addOther(row, this.path.get(row));
      return;
    }
    this.#superseded(this.#names.add(row));
    this.setFlag(row, FILE_FLAG.NAMED | FILE_FLAG.FOUND);
  }

  /** A path leads to it, perhaps besides its own. */
  addName(row: FileIndex, path: string): void {
    if (this.path.get(row) === path) this.indexPath(row);
    else this.#addOther(row, path);
  }

  /** The same for that of a wire string. */
  readName(row: FileIndex, strings: StringTable, id: number): void {
    if (this.path.is(row, strings, id)) this.indexPath(row);
    else this.addName(row, strings.get(id));
  }

  #addOther(row: FileIndex, path: string): void {
    this.#superseded(this.#names.addOther(path, this.id(row)));
    this.setFlag(row, FILE_FLAG.NAMED);
  }

  #superseded(row: FileIndex): void {
    if (row !== NONE) this.clearFlag(row, FILE_FLAG.FOUND);
  }

  /** About what the names take. */
  get nameBytes(): number {
    return this.#names.bytes;
  }

  /** Paths that lead to a file though its row does not say so. */
  otherNames(): Iterable<readonly [path: string, row: FileIndex]> {
    return this.#names.others();
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
    this.#leavePath(row);
    this.#byInode.remove(this.hashOf(row), row);
    this.#inoLo.set(row, 0);
    this.#inoHi.set(row, 0);
    this.path.clear(row);
    this.give(row);
  }
}

/** Whoever mounts a file system of their own chooses inodes and generations: the key keeps them from choosing the hash. */
export function fileHash(dev: number, generation: number, inoLo: number, inoHi: number): number {
  return keyedHash2(inoLo ^ (dev << 8), inoHi === 0 ? generation : keyedWord(inoHi) ^ generation);
}
