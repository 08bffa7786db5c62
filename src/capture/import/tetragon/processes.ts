import type { BatchWriter } from "../../../core/wire/encode.ts";
import { FLAG, KIND } from "../../../core/wire/layout.gen.ts";
import type { ExportClock } from "./clock.ts";
import { executionOf, type ProcessInfo } from "./process-info.ts";

/** A process: the export names executions, of which it may have several. */
export interface Life {
  readonly pid: number;
  readonly startNs: number;
  readonly parentPid: number;
  readonly parentStartNs: number;
  exited: boolean;
}

/** Executions of exited processes that late events may still name. */
const REMEMBERED = 1 << 16;

/** Writes the rows of processes and knows which process an execution belongs to. Events come in order of time. */
export class ProcessTable {
  readonly #writer: BatchWriter;
  readonly #clock: ExportClock;
  readonly #containers: Map<string, string>;
  readonly #byExec = new Map<string, Life>();
  readonly #living = new Map<number, Life>();
  readonly #exited: string[] = [];
  #forgotten = 0;

  /** @param containers takes the names of containers by cgroup path */
  constructor(writer: BatchWriter, clock: ExportClock, containers: Map<string, string>) {
    this.#containers = containers;
    this.#writer = writer;
    this.#clock = clock;
  }

  /** An execution, or with the flag "procFS" a process that ran before. */
  executed(info: ProcessInfo, parentInfo: ProcessInfo | undefined, timeNs: number): void {
    if (this.#byExec.has(info.execId)) return;
    const again = parentInfo?.pid === info.pid;
    const parent = parentInfo === undefined ? undefined : this.obtain(parentInfo, timeNs);
    const before = this.#living.get(info.pid);
    if (again && parent !== undefined) this.#execute(parent, info, timeNs);
    else if (before !== undefined && !info.flags.includes("clone") && !info.flags.includes("procFS"))
      this.#execute(before, info, timeNs);
    else if (info.flags.includes("procFS")) this.#find(info, parent, timeNs);
    else this.#spawn(info, parent, timeNs);
  }

  exited(info: ProcessInfo, parentInfo: ProcessInfo | undefined, timeNs: number, code: number): void {
    const life = this.obtain(info, timeNs, parentInfo);
    if (life.exited) return;
    life.exited = true;
    if (this.#living.get(life.pid) === life) this.#living.delete(life.pid);
    this.#writer.exit({ timeNs, pid: life.pid, startNs: life.startNs, code });
    this.#exited.push(info.execId);
    while (this.#exited.length - this.#forgotten > REMEMBERED)
      this.#byExec.delete(this.#exited[this.#forgotten++] as string);
    if (this.#forgotten > REMEMBERED) {
      this.#exited.splice(0, this.#forgotten);
      this.#forgotten = 0;
    }
  }

  /** The process of an event; one whose execution was not seen is found running. */
  obtain(info: ProcessInfo, timeNs: number, parentInfo?: ProcessInfo): Life {
    const known = this.#byExec.get(info.execId);
    if (known !== undefined) return known;
    const before = this.#living.get(info.pid);
    if (before !== undefined && !info.flags.includes("clone")) {
      this.#execute(before, info, timeNs);
      return before;
    }
    const parent = parentInfo === undefined ? undefined : this.obtain(parentInfo, timeNs);
    return this.#find(info, parent, timeNs);
  }

  #execute(life: Life, info: ProcessInfo, timeNs: number): void {
    this.#byExec.set(info.execId, life);
    this.#image(life, info, timeNs, KIND.EXEC);
  }

  #spawn(info: ProcessInfo, parent: Life | undefined, timeNs: number): void {
    const life = this.#add(info, parent, timeNs);
    if (parent !== undefined && info.flags.includes("clone")) {
      const { pid, startNs } = parent;
      this.#writer.fork({ timeNs: life.startNs, pid, startNs, childPid: life.pid, childStartNs: life.startNs });
    }
    this.#image(life, info, timeNs, KIND.EXEC);
  }

  #find(info: ProcessInfo, parent: Life | undefined, timeNs: number): Life {
    const life = this.#add(info, parent, timeNs);
    this.#image(life, info, timeNs, KIND.PROCESS);
    return life;
  }

  #add(info: ProcessInfo, parent: Life | undefined, timeNs: number): Life {
    const startNs = Math.min(this.#clock.ns(info.startTime) ?? timeNs, timeNs);
    const parentKey = { parentPid: parent?.pid ?? 0, parentStartNs: parent?.startNs ?? 0 };
    const life = { pid: info.pid, startNs, ...parentKey, exited: false };
    this.#byExec.set(info.execId, life);
    this.#living.set(info.pid, life);
    return life;
  }

  #image(life: Life, info: ProcessInfo, timeNs: number, kind: typeof KIND.EXEC | typeof KIND.PROCESS): void {
    const { pid, startNs, parentPid, parentStartNs } = life;
    const flags = kind === KIND.PROCESS ? FLAG.BEFORE_START : 0;
    const { fields, cgroupPath, container } = executionOf(info);
    if (container !== "") this.#containers.set(cgroupPath, container);
    this.#writer.image({ timeNs, pid, startNs, ...fields, parentPid, parentStartNs, flags }, kind);
  }
}
