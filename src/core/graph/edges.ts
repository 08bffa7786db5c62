import { type Cells, MixedBlock } from "./blocks.ts";
import { HashIndex, hash2 } from "./hash-index.ts";
import type { EdgeIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

/** What a process did to an object. The object's table follows from the kind. */
export const EDGE = {
  /** file: opened for reading */
  READ: 0,
  /** file: executed (exec names it as executable) */
  EXECUTED: 1,
  /** file: opened for writing; flag CREATED when the open made it */
  WROTE: 2,
  /** file: mode changed */
  CHMOD: 3,
  /** file: given another name */
  RENAMED: 4,
  /** file: a name of it removed */
  DELETED: 5,
  /** connection: holds the end of side 0 / side 1 */
  SIDE_0: 6,
  SIDE_1: 7,
  /** channel: holds the reading / writing end */
  PIPE_READ: 8,
  PIPE_WRITE: 9,
  /** process: written to, attached to, or a descriptor taken from it; detail = REACH bits */
  INJECTED: 10,
  /** process: sent a signal; detail = bit (number - 1) of each, the real-time ones share bit 31 */
  SIGNALLED: 11,
  /** process: given a descriptor over a local socket; detail = PASSED bits */
  PASSED: 12,
} as const;

/** How one process reached into another. */
export const REACH = { ATTACHED: 1, WROTE: 2, REGISTERS: 4, DESCRIPTOR: 8 } as const;

/** What was passed. */
export const PASSED = { SOCKET: 1, PIPE: 2, FILE: 4, OTHER: 8 } as const;

export const EDGE_FLAG = {
  BEFORE_START: 1,
  INFERRED: 2,
  POLLED: 4,
  UNVERIFIED: 8,
  /** file: the open created it; channel: made the pipe */
  CREATED: 16,
  /** connection: made the connect, accept or listen call itself */
  OPENER: 32,
  STDIN: 64,
  STDOUT: 128,
  STDERR: 256,
  /** file: chmod that made it executable */
  MADE_EXECUTABLE: 512,
  /** connection, channel: the descriptor was passed to the process by another (EDGE.PASSED) */
  RECEIVED: 1024,
  /** file, WROTE: it made or emptied the file, or bytes were seen written; without it only an open for writing is known */
  WRITTEN: 2048,
  /** file, WROTE: it made or emptied the file: what others wrote before is gone */
  EMPTIED: 4096,
  /** file, READ by root: another user owns it, or everybody may write to it */
  FOREIGN: 8192,
  /** connection: its process is gone, and it stands behind those of processes that live */
  PAST: 16384,
} as const;

/** The flag of a standard descriptor; 0 for any other. */
export function stdioFlag(fd: number): number {
  return fd >= 0 && fd <= 2 ? EDGE_FLAG.STDIN << fd : 0;
}

/** Lists of a process, each with its own head. Writes and sockets are kept with the last touched first. */
export const FAMILY = { READS: 0, WRITES: 1, SOCKETS: 2, CLOSED: 3, CHANNELS: 4, OTHERS: 5 } as const;
export const EDGE_FAMILIES = [0, 1, 2, 3, 4, 5] as const;

const FAMILY_OF_KIND = [0, 0, 1, 1, 1, 1, 2, 2, 4, 4, 5, 5, 5] as const;

export function isFileKind(kind: number): boolean {
  return kind <= EDGE.DELETED;
}

export function isChannelKind(kind: number): boolean {
  return kind === EDGE.PIPE_READ || kind === EDGE.PIPE_WRITE;
}

/** The object is a process: the one acted on. */
export function isProcessKind(kind: number): boolean {
  return kind >= EDGE.INJECTED;
}

/** Bit of a signal in the detail of a SIGNALLED edge. */
export function signalBit(signal: number): number {
  return 1 << (Math.min(Math.max(signal, 1), 32) - 1);
}

/** The first edge of each list of one kind. */
type Head = Cells;

interface Heads {
  /** By process: half of what its edges are found by. */
  readonly word: Cells;
  /** By process: one head column a family. */
  readonly ofProcess: readonly Head[];
  /** By kind: the head column of the object's list and the object's edge counter. */
  readonly ofObject: readonly Head[];
  readonly degree: readonly Cells[];
  /** By connection: the first edge of its list that is PAST. */
  readonly past: Head;
}

/** More than four gigabytes are told as that. */
export const MAX_BYTES = 0xffff_ffff;

/** What happened more often is told as that. */
export const MAX_TIMES = 0xffff_ffff;

/** Offsets in a row of two times and twelve fields, 64 bytes: the hot paths read and write rows whole. */
const KIND = 4;
const PROCESS = 5;
const OBJECT = 6;
const FLAGS = 7;
const TIMES = 8;
const NEXT_OF_PROCESS = 9;
const NEXT_OF_OBJECT = 10;
const PREVIOUS_OF_PROCESS = 11;
const PREVIOUS_OF_OBJECT = 12;
const IN_FAMILY = 13;
const DETAIL = 14;
const WIDTH = 16;

/**
 * Edges between a process and a file, connection, channel or other process: one per (process, object, kind), however often it happened.
 * Each is in one list of its process and one of its object.
 */
export class Edges extends Table {
  readonly #rows = this.column(new MixedBlock(2, 12));
  readonly #fields = this.#rows.ints;
  readonly #span = this.#rows.floats;
  readonly kind = this.#fields.field(KIND);
  readonly process = this.#fields.field<ProcessIndex>(PROCESS);
  readonly object = this.#fields.field(OBJECT);
  readonly flags = this.#fields.field(FLAGS);
  /** MAX_TIMES = that often or more. */
  readonly times = this.#fields.unsigned(TIMES);
  readonly nextOfProcess = this.#fields.field<EdgeIndex>(NEXT_OF_PROCESS);
  readonly nextOfObject = this.#fields.field<EdgeIndex>(NEXT_OF_OBJECT);
  readonly #previousOfProcess = this.#fields.field<EdgeIndex>(PREVIOUS_OF_PROCESS);
  readonly #previousOfObject = this.#fields.field<EdgeIndex>(PREVIOUS_OF_OBJECT);
  /** All that lead from an edge to others. */
  readonly links = [this.nextOfProcess, this.nextOfObject, this.#previousOfProcess, this.#previousOfObject];
  readonly #family = this.#fields.field(IN_FAMILY);
  /** READ, WROTE: bytes moved by system calls, as far as told; unsigned, MAX_BYTES = that or more. Between processes: bits, accumulated. */
  readonly detail = this.#fields.field(DETAIL);
  readonly firstNs = this.#span.field(0);
  readonly lastNs = this.#span.field(1);
  readonly #index = new HashIndex();
  readonly #word: Cells;
  readonly #ofProcess: readonly Head[];
  readonly #ofObject: readonly Head[];
  readonly #degree: readonly Cells[];
  readonly #past: Head;
  /** The edge found last, or expected next: looked at before any other. */
  #likely: EdgeIndex = NONE;
  /** Whether the last touch made a new edge. */
  added = false;

  constructor(heads: Heads) {
    super();
    this.#word = heads.word;
    this.#ofProcess = heads.ofProcess;
    this.#ofObject = heads.ofObject;
    this.#degree = heads.degree;
    this.#past = heads.past;
  }

  find(kind: number, process: ProcessIndex, object: number): EdgeIndex {
    const likely = this.#likely;
    if (likely !== NONE && this.#is(likely, kind, process, object)) return likely;
    return this.#find(edgeHash(kind, this.#word.get(process), object), kind, process, object);
  }

  /** The edge that will be asked for next, perhaps: any that was taken before, or NONE. */
  expect(row: EdgeIndex): void {
    this.#likely = row;
  }

  get index(): HashIndex {
    return this.#index;
  }

  /** What an edge is found by. */
  hashOf(row: EdgeIndex): number {
    return edgeHash(this.kind.get(row), this.#word.get(this.process.get(row)), this.object.get(row));
  }

  /** A row that is free has no kind. */
  #is(row: EdgeIndex, kind: number, process: ProcessIndex, object: number): boolean {
    const { data } = this.#fields;
    const at = row * WIDTH;
    return data[at + PROCESS] === process && data[at + OBJECT] === object && data[at + KIND] === kind;
  }

  #find(hash: number, kind: number, process: ProcessIndex, object: number): EdgeIndex {
    const index = this.#index;
    for (let row = index.first(hash); row >= 0; row = index.next()) {
      if (!this.#is(row, kind, process, object)) continue;
      this.#likely = row;
      return row;
    }
    return NONE;
  }

  /** A total of bytes: totals only grow. */
  setBytes(row: EdgeIndex, bytes: number): void {
    if (bytes > this.bytes(row)) this.detail.set(row, Math.min(bytes, MAX_BYTES));
  }

  /** When it last happened before a moment, as far as its first and last time tell. */
  lastBefore(row: EdgeIndex, timeNs: number): number {
    const lastNs = this.lastNs.get(row);
    return lastNs <= timeNs ? lastNs : this.firstNs.get(row);
  }

  /** Bytes moved along a READ or WROTE edge. */
  bytes(row: EdgeIndex): number {
    return this.detail.get(row) >>> 0;
  }

  /** Notes that it happened (again) at timeNs. */
  touch(kind: number, process: ProcessIndex, object: number, timeNs: number, flags: number): EdgeIndex {
    const row = this.find(kind, process, object);
    this.added = row === NONE;
    if (row === NONE) return this.#add(kind, process, object, timeNs, flags);
    const { data } = this.#fields;
    const at = row * WIDTH;
    // As a signed field MAX_TIMES is -1.
    if (data[at + TIMES] !== (MAX_TIMES | 0)) data[at + TIMES] = (data[at + TIMES] as number) + 1;
    this.#widen(row, timeNs);
    const merged = this.#mergedFlags(data[at + FLAGS] as number, flags);
    data[at + FLAGS] = merged;
    if (data[at + IN_FAMILY] === FAMILY.WRITES) this.moveTo(row, FAMILY.WRITES);
    if ((merged & EDGE_FLAG.WRITTEN) !== 0) this.#lead(row);
    return row;
  }

  #add(kind: number, process: ProcessIndex, object: number, timeNs: number, flags: number): EdgeIndex {
    const row: EdgeIndex = this.take();
    const family = FAMILY_OF_KIND[kind as 0];
    const ofProcess = this.#ofProcess[family] as Head;
    const ofObject = this.#ofObject[kind] as Head;
    const nextOfProcess = ofProcess.get(process);
    const first: EdgeIndex = ofObject.get(object);
    const second = first !== NONE && this.#staysFirst(first, flags, timeNs);
    const nextOfObject = second ? this.nextOfObject.get(first) : first;
    const { data } = this.#fields;
    const at = row * WIDTH;
    data[at + KIND] = kind;
    data[at + PROCESS] = process;
    data[at + OBJECT] = object;
    data[at + FLAGS] = flags;
    data[at + TIMES] = 1;
    data[at + NEXT_OF_PROCESS] = nextOfProcess;
    data[at + NEXT_OF_OBJECT] = nextOfObject;
    data[at + PREVIOUS_OF_PROCESS] = NONE;
    data[at + PREVIOUS_OF_OBJECT] = second ? first : NONE;
    data[at + IN_FAMILY] = family;
    data[at + DETAIL] = 0;
    if (nextOfProcess !== NONE) data[nextOfProcess * WIDTH + PREVIOUS_OF_PROCESS] = row;
    if (nextOfObject !== NONE) data[nextOfObject * WIDTH + PREVIOUS_OF_OBJECT] = row;
    this.#span.data[at >> 1] = timeNs;
    this.#span.data[(at >> 1) + 1] = timeNs;
    ofProcess.set(process, row);
    if (second) data[first * WIDTH + NEXT_OF_OBJECT] = row;
    else ofObject.set(object, row);
    const degree = this.#degree[kind] as Cells;
    degree.set(object, degree.get(object) + 1);
    this.#index.add(edgeHash(kind, this.#word.get(process), object), row);
    this.#likely = row;
    return row;
  }

  /** What a checkpoint tells of an edge that was just added. */
  tell(row: EdgeIndex, firstNs: number, times: number, detail: number): void {
    const { data } = this.#fields;
    const at = row * WIDTH;
    data[at + TIMES] = times;
    data[at + DETAIL] = detail;
    this.#span.data[at >> 1] = firstNs;
  }

  /** Makes sure it is known; a thing already counted (an open) does not count again (its first read). */
  note(kind: number, process: ProcessIndex, object: number, timeNs: number, flags: number): EdgeIndex {
    const row = this.find(kind, process, object);
    if (row === NONE) return this.touch(kind, process, object, timeNs, flags);
    this.added = false;
    this.#widen(row, timeNs);
    return row;
  }

  #widen(row: EdgeIndex, timeNs: number): void {
    const { data } = this.#span;
    const at = (row * WIDTH) >> 1;
    if (timeNs < (data[at] as number)) data[at] = timeNs;
    if (timeNs > (data[at + 1] as number)) data[at + 1] = timeNs;
  }

  setFlag(row: EdgeIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) | flag);
  }

  /** Notes that bytes were written along a WROTE edge. */
  setWritten(row: EdgeIndex): void {
    this.setFlag(row, EDGE_FLAG.WRITTEN);
    this.#lead(row);
  }

  /** The process at a connection's end is gone: its edge goes behind those of processes that live, before those that went earlier. */
  retire(row: EdgeIndex): void {
    if (this.has(row, EDGE_FLAG.PAST)) return;
    const past = this.#past;
    const connection = this.object.get(row);
    this.#unlinkObject(row);
    this.setFlag(row, EDGE_FLAG.PAST);
    const next: EdgeIndex = past.get(connection);
    past.set(connection, row);
    this.#linkObject(row, next === NONE ? this.#lastOf(row) : this.#previousOfObject.get(next), next);
  }

  /** Takes that back. */
  reinstate(row: EdgeIndex): void {
    if (!this.has(row, EDGE_FLAG.PAST)) return;
    this.#unlinkObject(row);
    this.flags.set(row, this.flags.get(row) & ~EDGE_FLAG.PAST);
    this.#linkObject(row, NONE, this.#listOf(row).get(this.object.get(row)));
  }

  remove(row: EdgeIndex): void {
    const kind = this.kind.get(row);
    const object = this.object.get(row);
    this.#index.remove(this.hashOf(row), row);
    this.#unlinkProcess(row);
    this.#unlinkObject(row);
    const degree = this.#degree[kind] as Cells;
    degree.set(object, degree.get(object) - 1);
    this.kind.set(row, NONE);
    this.give(row);
  }

  /** Moves an edge to the front of another (or the same) list of its process. */
  moveTo(row: EdgeIndex, family: number): void {
    const inFront = this.#previousOfProcess.get(row) === NONE && this.#family.get(row) === family;
    if (inFront) return;
    this.#unlinkProcess(row);
    this.#linkProcess(row, family);
  }

  /** Which list of its process an edge is in. */
  family(row: EdgeIndex): number {
    return this.#family.get(row);
  }

  has(row: EdgeIndex, flag: number): boolean {
    return (this.flags.get(row) & flag) !== 0;
  }

  /** How we know stays as good as it ever was; what happened accumulates. */
  #mergedFlags(before: number, now: number): number {
    const how = EDGE_FLAG.BEFORE_START | EDGE_FLAG.INFERRED | EDGE_FLAG.POLLED | EDGE_FLAG.UNVERIFIED;
    return (before & now & how) | ((before | now) & ~how);
  }

  /**
   * Of a long list only the beginning is looked at: who wrote a file last stands first in it, before all who only opened it since.
   * Whether the first of a list stays so beside a new edge.
   */
  #staysFirst(first: EdgeIndex, flags: number, timeNs: number): boolean {
    if (!this.has(first, EDGE_FLAG.WRITTEN)) return false;
    return (flags & EDGE_FLAG.WRITTEN) === 0 || this.lastNs.get(first) > timeNs;
  }

  /** Puts who wrote first in the list of its file, unless another wrote later. */
  #lead(row: EdgeIndex): void {
    const list = this.#listOf(row);
    const object = this.object.get(row);
    const first: EdgeIndex = list.get(object);
    if (first === row || this.#staysFirst(first, EDGE_FLAG.WRITTEN, this.lastNs.get(row))) return;
    this.#unlinkObject(row);
    this.#linkObject(row, NONE, first);
  }

  /** Where the list of an edge's object begins. */
  #listOf(edge: EdgeIndex): Head {
    return this.#ofObject[this.kind.get(edge)] as Head;
  }

  /** The last in the list of an edge's object. */
  #lastOf(edge: EdgeIndex): EdgeIndex {
    let last: EdgeIndex = NONE;
    let row: EdgeIndex = this.#listOf(edge).get(this.object.get(edge));
    for (; row !== NONE; row = this.nextOfObject.get(row)) last = row;
    return last;
  }

  /** Puts an edge between two of its object's list. */
  #linkObject(row: EdgeIndex, previous: EdgeIndex, next: EdgeIndex): void {
    this.#previousOfObject.set(row, previous);
    this.nextOfObject.set(row, next);
    if (next !== NONE) this.#previousOfObject.set(next, row);
    if (previous === NONE) this.#listOf(row).set(this.object.get(row), row);
    else this.nextOfObject.set(previous, row);
  }

  #unlinkObject(row: EdgeIndex): void {
    const next = this.nextOfObject.get(row);
    const previous = this.#previousOfObject.get(row);
    if (this.has(row, EDGE_FLAG.PAST) && this.#past.get(this.object.get(row)) === row)
      this.#past.set(this.object.get(row), next);
    if (previous === NONE) this.#listOf(row).set(this.object.get(row), next);
    else this.nextOfObject.set(previous, next);
    if (next !== NONE) this.#previousOfObject.set(next, previous);
  }

  #linkProcess(row: EdgeIndex, family: number): void {
    const list = this.#ofProcess[family] as Head;
    const process = this.process.get(row);
    const first = list.get(process);
    this.#family.set(row, family);
    this.#previousOfProcess.set(row, NONE);
    this.nextOfProcess.set(row, first);
    if (first !== NONE) this.#previousOfProcess.set(first, row);
    list.set(process, row);
  }

  #unlinkProcess(row: EdgeIndex): void {
    const next = this.nextOfProcess.get(row);
    const previous = this.#previousOfProcess.get(row);
    if (previous === NONE) (this.#ofProcess[this.#family.get(row)] as Head).set(this.process.get(row), next);
    else this.nextOfProcess.set(previous, next);
    if (next !== NONE) this.#previousOfProcess.set(next, previous);
  }
}

/** word: `Processes.word` of the edge's process. */
export function edgeHash(kind: number, word: number, object: number): number {
  return hash2(word ^ (kind << 28), object);
}
