import { IMAGE_FLAG } from "../../../core/wire/layout.gen.ts";
import type { Newest } from "./newest.ts";
import type { ProcessRecord } from "./records.ts";
import type { Timebase } from "./timebase.ts";

/** What a process ran from `atNs` on. */
export interface ProcessImage {
  readonly exe: string;
  /** Separated by NUL. */
  readonly argv: string;
  readonly argvCut: boolean;
  readonly flags: number;
  readonly cwd: string;
  readonly atNs: number;
}

/** A process with its threads folded into it. */
export interface CapturedProcess {
  readonly pid: number;
  readonly startNs: number;
  readonly record: ProcessRecord;
  /** Oldest first, at least one. */
  readonly images: readonly ProcessImage[];
  readonly endNs: number | undefined;
}

/**
 * Processes of a capture. Its records are tasks: a "thread" is one that executed nothing of its own, child of the task that made it. It is a
 * forked process when it has an exit status or a sample of usage of its own; all others fold into the process at the end of their chain of
 * parents, which takes over their children, connections and findings.
 */
export class Forest {
  readonly processes: CapturedProcess[] = [];
  readonly #records: Newest<ProcessRecord>;
  readonly #sampled: ReadonlySet<number>;
  readonly #missing: Set<string>;
  readonly #parents = new Map<CapturedProcess, CapturedProcess>();
  readonly #byRecord = new Map<ProcessRecord, CapturedProcess>();
  readonly #byPid = new Map<number, CapturedProcess[]>();

  /**
   * @param sampled pids with usage of their own
   * @param missing takes the ids that are referred to and not in the capture
   */
  constructor(records: Newest<ProcessRecord>, sampled: ReadonlySet<number>, base: Timebase, missing: Set<string>) {
    this.#records = records;
    this.#sampled = sampled;
    this.#missing = missing;
    const seen = this.#imagesSeen(base);
    for (const record of records.values()) if (this.#main(record) === record) this.#add(record, seen.get(record), base);
    this.processes.sort((a, b) => a.startNs - b.startNs || a.pid - b.pid);
    for (const process of this.processes) {
      const samePid = this.#byPid.get(process.pid);
      if (samePid === undefined) this.#byPid.set(process.pid, [process]);
      else samePid.push(process);
      const parent = this.of(process.record.parent);
      if (parent !== undefined) this.#parents.set(process, parent);
    }
  }

  /** The process a task belongs to. */
  of(id: string): CapturedProcess | undefined {
    const record = this.#records.get(id);
    if (record !== undefined) return this.#byRecord.get(this.#main(record));
    if (id !== "") this.#missing.add(id);
    return undefined;
  }

  parentOf(process: CapturedProcess): CapturedProcess | undefined {
    return this.#parents.get(process);
  }

  /** The process that had a pid at a moment. */
  at(pid: number, timeNs: number): CapturedProcess | undefined {
    return this.#byPid.get(pid)?.findLast(({ startNs }) => startNs <= timeNs);
  }

  #isThread(record: ProcessRecord): boolean {
    return record.type === "thread" && record.exit === undefined && !this.#sampled.has(record.pid);
  }

  #main(record: ProcessRecord): ProcessRecord {
    const passed = new Set<ProcessRecord>();
    let at = record;
    while (this.#isThread(at)) {
      passed.add(at);
      const up = this.#records.get(at.parent);
      if (up === undefined) return at;
      if (passed.has(up)) return record;
      at = up;
    }
    return at;
  }

  /** Executables a process was seen with before its last one: in older versions, and in threads it made then. */
  #imagesSeen(base: Timebase): Map<ProcessRecord, ProcessImage[]> {
    const seen = new Map<ProcessRecord, ProcessImage[]>();
    const add = (main: ProcessRecord, record: ProcessRecord, atNs: number): void => {
      if (pathOf(record.exe) === pathOf(main.exe) || main.type === "kernel thread") return;
      const images = seen.get(main);
      if (images === undefined) seen.set(main, [imageOf(record, atNs)]);
      else images.push(imageOf(record, atNs));
    };
    for (const record of this.#records.values()) {
      const main = this.#main(record);
      if (main !== record) add(main, record, base.ns(record.createS));
    }
    for (const record of this.#records.earlier) {
      const newest = this.#records.get(record.id);
      if (newest !== undefined && record.type === "normal") add(this.#main(newest), record, base.ns(record.timeS));
    }
    return seen;
  }

  #add(record: ProcessRecord, seen: ProcessImage[] | undefined, base: Timebase): void {
    const startNs = base.ns(record.createS);
    const images: ProcessImage[] = [];
    let lastSeenNs = startNs;
    for (const image of (seen ?? []).sort((a, b) => a.atNs - b.atNs)) {
      const before = images.at(-1);
      // The moment of an exec is not told: it is after the last thread of the image before.
      if (before?.exe !== image.exe) images.push({ ...image, atNs: before === undefined ? startNs : lastSeenNs + 1 });
      lastSeenNs = Math.max(lastSeenNs, image.atNs);
    }
    images.push(imageOf(record, images.length === 0 ? startNs : lastSeenNs + 1));
    const endNs = record.endS === undefined ? undefined : Math.max(base.ns(record.endS), images.at(-1)?.atNs ?? 0);
    const process = { pid: record.pid, startNs, record, images, endNs };
    this.processes.push(process);
    this.#byRecord.set(record, process);
  }
}

const DELETED = " (deleted)";
const MEMFD = "/memfd:";
const DISCARDED = /^\.\.\. <remaining \d+ arguments discarded>$/;

function imageOf(record: ProcessRecord, atNs: number): ProcessImage {
  if (record.type === "kernel thread") {
    return { exe: "", argv: "", argvCut: false, flags: IMAGE_FLAG.KTHREAD, cwd: "/", atNs };
  }
  const { args, cwd } = record;
  const exe = pathOf(record.exe);
  const argvCut = DISCARDED.test(args.at(-1) ?? "");
  const flags =
    (exe.length < record.exe.length && record.exe.endsWith(DELETED) ? IMAGE_FLAG.DELETED : 0) |
    (record.exe.startsWith(MEMFD) ? IMAGE_FLAG.MEMFD : 0);
  return { exe, argv: (argvCut ? args.slice(0, -1) : args).join("\0"), argvCut, flags, cwd, atNs };
}

/** As the kernel names it to us: without the remark, a file in memory without the slash. */
function pathOf(exe: string): string {
  const path = exe.endsWith(DELETED) ? exe.slice(0, -DELETED.length) : exe;
  return path.startsWith(MEMFD) ? path.slice(1) : path;
}
