import type { ProcessId } from "../query/model.ts";
import { keyedWord } from "../wire/keyed-hash.ts";
import { MixedBlock } from "./blocks.ts";
import { EDGE_FAMILIES } from "./edges.ts";
import { HashIndex } from "./hash-index.ts";
import type { EdgeIndex, ImageIndex, MarkIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import type { SharedText, SharedTexts } from "./shared-texts.ts";
import { Table } from "./table.ts";

/** Bits of `flags`. */
export const PROCESS_FLAG = {
  /** An exec or a snapshot described it; without it all we have is an identity. */
  DESCRIBED: 1,
  /** Ran before capture began, or was found by a later snapshot. */
  BEFORE_START: 2,
  EXITED: 4,
  /** The exit was deduced (gone from a snapshot, pid used again): a later event may prove it wrong. */
  EXIT_INFERRED: 8,
  KERNEL_THREAD: 16,
  /** `parent` is the process that forked it, from an event; otherwise its real parent when we found it. */
  PARENT_OBSERVED: 32,
  /** It descends from `parent`; those between them are forgotten. */
  DISTANT: 64,
  /** Part of a finding: pinned. */
  EVIDENCE: 128,
  POLLED: 256,
  /** Objects it touched were forgotten. */
  HISTORY_FORGOTTEN: 512,
  /** A finding is about what it did itself, not only about something below it. */
  SUSPECT: 1024,
  /** Was seen to listen on, or accept from, the network. */
  SERVES: 2048,
} as const;

/** Above the flags, so that a checkpoint keeps it with them. */
const GROUNDS_SHIFT = 16;
const GROUNDS_MASK = 7;

/** Offsets of the fields that a fork copies: ids, session, terminal, namespaces. */
const INHERITED = 29;
const INHERITED_END = 40;

/** So many that had the same pid one after the other are found by it. */
const MOST_OF_TGID = 64;

export const NO_LOGIN = 0xffffffff;

/**
 * Processes by (tgid, start). A fork links the child under its parent for good; children are a list, newest first.
 * At most one process of a tgid is alive.
 */
export class Processes extends Table {
  /** Nine times and counters, then 32-bit fields and one more time: 240 bytes. */
  readonly #rows = this.column(new MixedBlock(9, 42));
  readonly #ints = this.#rows.ints;
  readonly #floats = this.#rows.floats;
  readonly tgid = this.#ints.unsigned(18);
  readonly startLo = this.#ints.unsigned(19);
  readonly startHi = this.#ints.unsigned(20);
  readonly flags = this.#ints.unsigned(21);
  readonly parent = this.#ints.field<ProcessIndex>(22);
  readonly firstChild = this.#ints.field<ProcessIndex>(23);
  readonly nextSibling = this.#ints.field<ProcessIndex>(24);
  readonly previousSibling = this.#ints.field<ProcessIndex>(25);
  readonly children = this.#ints.unsigned(26);
  /** Real parent when last told (exec, snapshot); 0 = never told. */
  readonly realParentTgid = this.#ints.unsigned(27);
  readonly image = this.#ints.field<ImageIndex>(28);
  readonly uid = this.#ints.unsigned(29);
  readonly euid = this.#ints.unsigned(30);
  readonly gid = this.#ints.unsigned(31);
  readonly egid = this.#ints.unsigned(32);
  readonly loginUid = this.#ints.unsigned(33);
  readonly sessionId = this.#ints.unsigned(34);
  readonly sid = this.#ints.unsigned(35);
  readonly tty = this.#ints.unsigned(36);
  readonly pidns = this.#ints.unsigned(37);
  readonly netns = this.#ints.unsigned(38);
  readonly mntns = this.#ints.unsigned(39);
  readonly nsPid = this.#ints.unsigned(40);
  readonly exitCode = this.#ints.unsigned(41);
  readonly threads = this.#ints.unsigned(42);
  /** Number of the refresh the last TICK belongs to. */
  readonly sampleRefresh = this.#ints.unsigned(43);
  /** Number of the last snapshot during or after which it was heard of. */
  readonly seenSnapshot = this.#ints.unsigned(44);
  /** Worst severity of its findings: 0 none, 1 info ... 5 critical. */
  readonly severity = this.#ints.unsigned(45);
  /** First edge of each family. */
  readonly edges = EDGE_FAMILIES.map((family) => this.#ints.field<EdgeIndex>(46 + family));
  /** Edges of other processes that acted on this one, newest first. */
  readonly actors = this.#ints.field<EdgeIndex>(52);
  readonly actorCount = this.#ints.field(53);
  readonly marks = this.#ints.field<MarkIndex>(54);
  /** Of tgid and start: what edges are found by, so that it can be told from a record before its process is known. */
  readonly word = this.#ints.field(55);
  readonly startNs = this.#floats.field(0);
  readonly cgroup = this.#floats.field(1);
  readonly exitNs = this.#floats.field(2);
  /** Usage as of the last TICK or EXIT. */
  readonly cpuNs = this.#floats.field(3);
  readonly cpuPercent = this.#floats.field(4);
  readonly rssBytes = this.#floats.field(5);
  readonly readBytes = this.#floats.field(6);
  readonly writeBytes = this.#floats.field(7);
  /** When the last TICK was taken; NaN = never. */
  readonly sampleNs = this.#floats.field(8);
  /** When the newest child it ever had began; 0 = it had none. */
  readonly newestChildNs = this.#floats.field(28);
  readonly cgroupPath: SharedText;
  readonly comm: SharedText;
  readonly #links = [
    this.parent,
    this.firstChild,
    this.nextSibling,
    this.previousSibling,
    this.image,
    this.actors,
    this.marks,
    ...this.edges,
  ];
  readonly #byTgid = new HashIndex();

  constructor(shared: SharedTexts) {
    super();
    this.cgroupPath = shared.column(this.#ints.field(58));
    this.comm = shared.column(this.#ints.field(59));
  }

  get index(): HashIndex {
    return this.#byTgid;
  }

  find(tgid: number, startLo: number, startHi: number): ProcessIndex {
    const index = this.#byTgid;
    for (let row = index.first(tgidHash(tgid)); row >= 0; row = index.next()) {
      if (this.startLo.get(row) === startLo && this.startHi.get(row) === startHi && this.tgid.get(row) === tgid)
        return row;
    }
    return NONE;
  }

  /** The living process of a pid, else NONE. */
  living(tgid: number): ProcessIndex {
    const index = this.#byTgid;
    for (let row = index.first(tgidHash(tgid)); row >= 0; row = index.next()) {
      if (this.tgid.get(row) === tgid && !this.has(row, PROCESS_FLAG.EXITED)) return row;
    }
    return NONE;
  }

  /** The process that had a pid at a moment: started by then and, if it has exited, not before then. */
  at(tgid: number, timeNs: number): ProcessIndex {
    const index = this.#byTgid;
    for (let row = index.first(tgidHash(tgid)); row >= 0; row = index.next()) {
      if (this.tgid.get(row) !== tgid || this.startNs.get(row) > timeNs) continue;
      if (!this.has(row, PROCESS_FLAG.EXITED) || this.exitNs.get(row) >= timeNs) return row;
    }
    return NONE;
  }

  /** Every process that has a row with this pid, living or exited. */
  withTgid(tgid: number): ProcessIndex[] {
    const found: ProcessIndex[] = [];
    const index = this.#byTgid;
    for (let row = index.first(tgidHash(tgid)); row >= 0; row = index.next()) {
      if (this.tgid.get(row) === tgid) found.push(row);
    }
    return found;
  }

  /** A process of which nothing but the identity is known. */
  add(tgid: number, startLo: number, startHi: number, startNs: number): ProcessIndex {
    const row: ProcessIndex = this.take();
    this.tgid.set(row, tgid);
    this.startLo.set(row, startLo);
    this.startHi.set(row, startHi);
    this.startNs.set(row, startNs);
    this.word.set(row, processWord(tgid, startLo));
    for (const link of this.#links) link.set(row, NONE);
    this.loginUid.set(row, NO_LOGIN);
    this.sessionId.set(row, NO_LOGIN);
    this.cpuPercent.set(row, Number.NaN);
    this.sampleNs.set(row, Number.NaN);
    this.#byTgid.addLatest(tgidHash(tgid), row, MOST_OF_TGID, this.#isEarlier);
    return row;
  }

  /** Who lives is not. */
  readonly #isEarlier = (one: ProcessIndex, other: ProcessIndex): boolean => {
    const exited = this.has(one, PROCESS_FLAG.EXITED);
    if (exited !== this.has(other, PROCESS_FLAG.EXITED)) return exited;
    return this.startNs.get(one) < this.startNs.get(other);
  };

  /** A forked process is who and where its parent is, and is called alike. */
  inherit(row: ProcessIndex, parent: ProcessIndex): void {
    const { data, width } = this.#ints;
    const from = parent * width;
    const to = row * width;
    for (let at = INHERITED; at < INHERITED_END; at++) data[to + at] = data[from + at] as number;
    this.cgroup.set(row, this.cgroup.get(parent));
    this.cgroupPath.copy(parent, row);
    this.comm.copy(parent, row);
    if (this.has(parent, PROCESS_FLAG.KERNEL_THREAD)) this.setFlag(row, PROCESS_FLAG.KERNEL_THREAD);
  }

  /** Forgets a process without children and edges. */
  remove(row: ProcessIndex): void {
    this.#byTgid.remove(tgidHash(this.tgid.get(row)), row);
    this.setParent(row, NONE);
    this.cgroupPath.set(row, "");
    this.comm.set(row, "");
    this.#rows.clear(row);
    this.give(row);
  }

  has(row: ProcessIndex, flag: number): boolean {
    return (this.flags.get(row) & flag) !== 0;
  }

  setFlag(row: ProcessIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) | flag);
  }

  clearFlag(row: ProcessIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) & ~flag);
  }

  /** Worst severity (its number) of its findings that need no suspicious chain: what makes its chain one. */
  grounds(row: ProcessIndex): number {
    return (this.flags.get(row) >>> GROUNDS_SHIFT) & GROUNDS_MASK;
  }

  addGrounds(row: ProcessIndex, severity: number): void {
    if (severity <= this.grounds(row)) return;
    this.clearFlag(row, GROUNDS_MASK << GROUNDS_SHIFT);
    this.setFlag(row, severity << GROUNDS_SHIFT);
  }

  /** Its identity as text: the same in every run that sees this process. */
  keyOf(row: ProcessIndex): string {
    return `${this.tgid.get(row)}.${this.startHi.get(row)}.${this.startLo.get(row)}`;
  }

  idOf(row: ProcessIndex): ProcessId {
    return this.id(row);
  }

  /** Puts the children of a process in its place among those of its parent; the process is nobody's child then. */
  replaceByChildren(row: ProcessIndex): void {
    const parent = this.parent.get(row);
    for (let child = this.firstChild.get(row); child !== NONE; child = this.firstChild.get(row))
      this.#move(child, parent);
    this.#move(row, NONE);
  }

  /** Moves a process under another parent; refuses (false) what would make a cycle. */
  setParent(row: ProcessIndex, parent: ProcessIndex): boolean {
    if (this.parent.get(row) === parent) return true;
    // Who has no children is nobody's ancestor: a long way up is spared with each fork.
    if (parent === row || (this.firstChild.get(row) !== NONE && this.descendsFrom(parent, row))) return false;
    this.#move(row, parent);
    return true;
  }

  /** Whether one process descends from (or is) another. */
  descendsFrom(row: ProcessIndex, ancestor: ProcessIndex): boolean {
    for (let at = row; at !== NONE; at = this.parent.get(at)) if (at === ancestor) return true;
    return false;
  }

  #move(row: ProcessIndex, parent: ProcessIndex): void {
    const before = this.parent.get(row);
    if (before !== NONE) {
      const next = this.nextSibling.get(row);
      const previous = this.previousSibling.get(row);
      if (previous === NONE) this.firstChild.set(before, next);
      else this.nextSibling.set(previous, next);
      if (next !== NONE) this.previousSibling.set(next, previous);
      this.children.set(before, this.children.get(before) - 1);
    }
    this.parent.set(row, parent);
    this.previousSibling.set(row, NONE);
    this.nextSibling.set(row, NONE);
    if (parent !== NONE) {
      const first = this.firstChild.get(parent);
      this.nextSibling.set(row, first);
      if (first !== NONE) this.previousSibling.set(first, row);
      this.firstChild.set(parent, row);
      this.children.set(parent, this.children.get(parent) + 1);
      this.newestChildNs.set(parent, Math.max(this.newestChildNs.get(parent), this.startNs.get(row)));
    }
  }
}

export function tgidHash(tgid: number): number {
  return keyedWord(tgid);
}

/** Half of what edges of a process are found by, from the words of its identity. */
export function processWord(tgid: number, startLo: number): number {
  return keyedWord(tgid ^ startLo);
}
