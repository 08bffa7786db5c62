import type { ProcessId } from "../query/model.ts";
import { F64Column, I32Column, TextColumn, U16Column, U32Column } from "./columns.ts";
import { EDGE_FAMILIES } from "./edges.ts";
import { HashIndex, hash2 } from "./hash-index.ts";
import type { EdgeIndex, ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
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
  /** Part of a finding: pinned. */
  EVIDENCE: 128,
  POLLED: 256,
  /** Objects it touched were forgotten. */
  HISTORY_FORGOTTEN: 512,
} as const;

export const NO_LOGIN = 0xffffffff;

/**
 * Processes by (tgid, start). A fork links the child under its parent for good; children are a list, newest first.
 * At most one process of a tgid is alive.
 */
export class Processes extends Table {
  readonly tgid = this.column(new U32Column());
  readonly startLo = this.column(new U32Column());
  readonly startHi = this.column(new U32Column());
  readonly startNs = this.column(new F64Column());
  readonly flags = this.column(new U32Column());
  readonly parent = this.column(new I32Column<ProcessIndex>());
  readonly firstChild = this.column(new I32Column<ProcessIndex>());
  readonly nextSibling = this.column(new I32Column<ProcessIndex>());
  readonly previousSibling = this.column(new I32Column<ProcessIndex>());
  readonly children = this.column(new U32Column());
  /** Real parent when last told (exec, snapshot); 0 = never told. */
  readonly realParentTgid = this.column(new U32Column());
  readonly image = this.column(new I32Column<ImageIndex>());
  readonly uid = this.column(new U32Column());
  readonly euid = this.column(new U32Column());
  readonly gid = this.column(new U32Column());
  readonly egid = this.column(new U32Column());
  readonly loginUid = this.column(new U32Column());
  readonly sessionId = this.column(new U32Column());
  readonly sid = this.column(new U32Column());
  readonly tty = this.column(new U32Column());
  readonly nsPid = this.column(new U32Column());
  readonly pidns = this.column(new U32Column());
  readonly netns = this.column(new U32Column());
  readonly mntns = this.column(new U32Column());
  readonly cgroup = this.column(new F64Column());
  readonly cgroupPath = this.column(new TextColumn());
  readonly comm = this.column(new TextColumn());
  readonly exitNs = this.column(new F64Column());
  readonly exitCode = this.column(new U32Column());
  /** Usage as of the last TICK or EXIT. */
  readonly cpuNs = this.column(new F64Column());
  readonly cpuPercent = this.column(new F64Column());
  readonly rssBytes = this.column(new F64Column());
  readonly readBytes = this.column(new F64Column());
  readonly writeBytes = this.column(new F64Column());
  readonly threads = this.column(new U32Column());
  /** When the last TICK was taken; NaN = never. */
  readonly sampleNs = this.column(new F64Column());
  /** Number of the refresh the last TICK belongs to. */
  readonly sampleRefresh = this.column(new U32Column());
  /** Number of the last snapshot during or after which it was heard of. */
  readonly seenSnapshot = this.column(new U32Column());
  /** Worst severity of its findings: 0 none, 1 info ... 5 critical. */
  readonly severity = this.column(new U16Column());
  readonly edges = EDGE_FAMILIES.map(() => this.column(new I32Column<EdgeIndex>()));
  readonly #byTgid = new HashIndex();

  find(tgid: number, startLo: number, startHi: number): ProcessIndex {
    const index = this.#byTgid;
    for (let row = index.first(hash2(tgid, 0)); row >= 0; row = index.next()) {
      if (this.startLo.get(row) === startLo && this.startHi.get(row) === startHi && this.tgid.get(row) === tgid)
        return row;
    }
    return NONE;
  }

  /** The living process of a pid, else NONE. */
  living(tgid: number): ProcessIndex {
    const index = this.#byTgid;
    for (let row = index.first(hash2(tgid, 0)); row >= 0; row = index.next()) {
      if (this.tgid.get(row) === tgid && !this.has(row, PROCESS_FLAG.EXITED)) return row;
    }
    return NONE;
  }

  /** The process that had a pid at a moment: started by then and, if it has exited, not before then. */
  at(tgid: number, timeNs: number): ProcessIndex {
    const index = this.#byTgid;
    for (let row = index.first(hash2(tgid, 0)); row >= 0; row = index.next()) {
      if (this.tgid.get(row) !== tgid || this.startNs.get(row) > timeNs) continue;
      if (!this.has(row, PROCESS_FLAG.EXITED) || this.exitNs.get(row) >= timeNs) return row;
    }
    return NONE;
  }

  /** Every process that has a row with this pid, living or exited. */
  withTgid(tgid: number): ProcessIndex[] {
    const found: ProcessIndex[] = [];
    const index = this.#byTgid;
    for (let row = index.first(hash2(tgid, 0)); row >= 0; row = index.next()) {
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
    this.flags.set(row, 0);
    this.parent.set(row, NONE);
    this.firstChild.set(row, NONE);
    this.nextSibling.set(row, NONE);
    this.previousSibling.set(row, NONE);
    this.image.set(row, NONE);
    for (const column of [
      this.children,
      this.realParentTgid,
      this.uid,
      this.euid,
      this.gid,
      this.egid,
      this.sid,
      this.tty,
    ])
      column.set(row, 0);
    for (const column of [this.nsPid, this.pidns, this.netns, this.mntns, this.exitCode, this.threads])
      column.set(row, 0);
    for (const column of [this.sampleRefresh, this.seenSnapshot]) column.set(row, 0);
    for (const column of [this.cgroup, this.exitNs, this.cpuNs, this.rssBytes, this.readBytes, this.writeBytes])
      column.set(row, 0);
    this.loginUid.set(row, NO_LOGIN);
    this.sessionId.set(row, NO_LOGIN);
    this.cpuPercent.set(row, Number.NaN);
    this.sampleNs.set(row, Number.NaN);
    this.severity.set(row, 0);
    this.cgroupPath.set(row, "");
    this.comm.set(row, "");
    for (const head of this.edges) head.set(row, NONE);
    this.#byTgid.add(hash2(tgid, 0), row);
    return row;
  }

  /** Forgets a process without children and edges. */
  remove(row: ProcessIndex): void {
    this.#byTgid.remove(hash2(this.tgid.get(row), 0), row);
    this.setParent(row, NONE);
    this.cgroupPath.set(row, "");
    this.comm.set(row, "");
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

  idOf(row: ProcessIndex): ProcessId {
    return this.id(row);
  }

  /** Moves a process under another parent; refuses (false) what would make a cycle. */
  setParent(row: ProcessIndex, parent: ProcessIndex): boolean {
    const before = this.parent.get(row);
    if (before === parent) return true;
    for (let above = parent; above !== NONE; above = this.parent.get(above)) if (above === row) return false;
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
    }
    return true;
  }
}
