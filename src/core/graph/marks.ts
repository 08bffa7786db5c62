import { type Cells, F64Block, I32Block } from "./blocks.ts";
import { TextColumn } from "./columns.ts";
import { MAX_TIMES } from "./edges.ts";
import type { MarkIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

/** What a process did that has no object in the graph. `bits` and `text` mean what is said beside each. */
export const MARK = {
  /** Made a file that lives in memory only; text = the name it gave it. */
  MEMORY_FILE: 1,
  /** Memory that is writable and executable at once. */
  WRITABLE_CODE: 2,
  /** Executable memory without a file behind it. */
  ANONYMOUS_CODE: 3,
  /** Loaded a kernel module. */
  MODULE: 4,
  /** Removed a kernel module. */
  MODULE_REMOVED: 5,
  /** Put a program into the kernel; bits = commands of bpf(2). */
  BPF: 6,
  /** Entered other namespaces; bits = CLONE_NEW*, none where the call left it to the descriptor, and FROM_CONTAINER. */
  ENTERED: 7,
  /** Made namespaces of its own; bits = CLONE_NEW*. */
  UNSHARED: 8,
  /** Used io_uring; bits = opcodes, text = the first file it named so. */
  URING: 9,
  /** Asked its parent to trace it. */
  TRACED: 10,
  /** Reached into a process that the record does not name; bits = REACH. */
  REACHED: 11,
  /** Tried to reach into another process, and was refused. */
  REFUSED: 12,
  /** Became root without an exec; bits = ROOT. */
  BECAME_ROOT: 13,
  /** Did more than its share while records were many; bits = how many of its records were left out, as a number. */
  THROTTLED: 14,
  /** Opened a block device for writing, below its file system; bits = the number of the first and SEVERAL_DEVICES, text = the first. */
  DEVICE: 15,
} as const;

/** It saw other files than the host does when it left. CLONE_NEW bits are above. */
export const FROM_CONTAINER = 1;

/** By a call that changes credentials, or noticed without one. */
export const ROOT = { BY_CALL: 1, WITHOUT_CALL: 2 } as const;

/** In the low bits the number of the first device, in the high ones whether there were others. */
export const SEVERAL_DEVICES = 1;

/** At most one row per (process, kind): the first and last time, how often it was tried and failed, and the bits of all. */
export class Marks extends Table {
  readonly #ints = this.column(new I32Block(8));
  readonly #span = this.column(new F64Block(2));
  readonly process = this.#ints.field<ProcessIndex>(0);
  readonly kind = this.#ints.field(1);
  readonly next = this.#ints.field<MarkIndex>(2);
  /** MAX_TIMES = that often or more. */
  readonly times = this.#ints.unsigned(3);
  readonly failed = this.#ints.unsigned(4);
  /** Bits 0-31 and 32-63. */
  readonly bitsLo = this.#ints.unsigned(5);
  readonly bitsHi = this.#ints.unsigned(6);
  /** EDGE_FLAG bits that say how it was learned. */
  readonly how = this.#ints.field(7);
  readonly firstNs = this.#span.field(0);
  readonly lastNs = this.#span.field(1);
  /** The first there was; empty = none. */
  readonly text = this.column(new TextColumn());
  readonly #heads: Cells;
  /** Those of kind DEVICE. */
  readonly devices = new Set<MarkIndex>();
  textLength = 0;
  /** Whether the last touch made a new mark. */
  added = false;

  constructor(heads: Cells) {
    super();
    this.#heads = heads;
  }

  find(process: ProcessIndex, kind: number): MarkIndex {
    let row: MarkIndex = this.#heads.get(process);
    while (row !== NONE && this.kind.get(row) !== kind) row = this.next.get(row);
    return row;
  }

  touch(kind: number, process: ProcessIndex, timeNs: number, how: number): MarkIndex {
    let row = this.find(process, kind);
    this.added = row === NONE;
    if (row === NONE) {
      row = this.take();
      this.#ints.clear(row);
      this.process.set(row, process);
      this.kind.set(row, kind);
      this.how.set(row, how);
      this.firstNs.set(row, timeNs);
      this.lastNs.set(row, timeNs);
      this.text.set(row, "");
      this.next.set(row, this.#heads.get(process));
      this.#heads.set(process, row);
      if (kind === MARK.DEVICE) this.devices.add(row);
    }
    const times = this.times.get(row);
    if (times < MAX_TIMES) this.times.set(row, times + 1);
    if (timeNs < this.firstNs.get(row)) this.firstNs.set(row, timeNs);
    if (timeNs > this.lastNs.get(row)) this.lastNs.set(row, timeNs);
    return row;
  }

  /** Adds a bit below 64; others are ignored. */
  addBit(row: MarkIndex, bit: number): void {
    if (bit < 32) this.addBits(row, (1 << bit) >>> 0);
    else if (bit < 64) this.bitsHi.set(row, this.bitsHi.get(row) | (1 << (bit - 32)));
  }

  addBits(row: MarkIndex, low: number): void {
    this.bitsLo.set(row, this.bitsLo.get(row) | low);
  }

  setText(row: MarkIndex, text: string): void {
    this.textLength += text.length - this.text.get(row).length;
    this.text.set(row, text);
  }

  /** Forgets all marks of a process. */
  removeOf(process: ProcessIndex): void {
    for (let row: MarkIndex = this.#heads.get(process); row !== NONE; ) {
      const next = this.next.get(row);
      this.setText(row, "");
      this.devices.delete(row);
      this.give(row);
      row = next;
    }
    this.#heads.set(process, NONE);
  }
}
