import type { BatchWriter } from "../../../core/wire/encode.ts";
import type { ImageFields } from "../../../core/wire/fields.ts";
import { FLAG, IMAGE_CUT, KIND } from "../../../core/wire/layout.gen.ts";
import type { AuditEvent } from "./event.ts";
import { loginField, numberField, rawField, stringField } from "./record.ts";
import type { Descriptor } from "./sockets.ts";

/** A process as far as its records tell: they name a pid and its parent's pid. */
export interface AuditProcess {
  readonly pid: number;
  readonly startNs: number;
  /** 0 = not told yet. */
  ppid: number;
  parent: AuditProcess | undefined;
  exe: string;
  argv: string;
  cwd: string;
  script: string;
  exeIno: number;
  exeDev: number;
  /** Ids as last written. */
  ids: string;
  /** Started under our eyes; others were found by what they did. */
  readonly seenStart: boolean;
  /** Sockets by descriptor. */
  readonly sockets: Map<number, Descriptor>;
}

const INIT = 1;
const PROCTITLE_BYTES = 128;
/** Forks of which nothing was heard since: their number is bounded by that of pids. */
const MAX_FORKS = 1 << 16;

/**
 * Writes the rows of processes. A log tells neither starts nor, without a rule for exit_group, ends: a process begins when it is first heard
 * of, or with the fork that made it; a pid is taken to be used again when it executes as the child of another parent.
 */
export class ProcessTable {
  readonly #writer: BatchWriter;
  readonly #living = new Map<number, AuditProcess>();
  /** Forks by the child's pid: in a pid namespace that number is not the child's, so that it must be heard of first. */
  readonly #forks = new Map<number, { readonly ppid: number; readonly timeNs: number }>();

  constructor(writer: BatchWriter) {
    this.#writer = writer;
  }

  /** The process a SYSCALL record is about, with its ids as told there. */
  obtain(text: string, timeNs: number, executes: boolean): AuditProcess | undefined {
    const pid = numberField(text, " pid=");
    const ppid = numberField(text, " ppid=") ?? 0;
    if (pid === undefined || pid <= 0) return undefined;
    let process = this.#living.get(pid);
    // A process whose parent exited goes to init.
    const reused = executes && process !== undefined && process.ppid !== 0 && process.ppid !== ppid && ppid !== INIT;
    if (process === undefined || reused) process = this.#begin(pid, ppid, timeNs, executes);
    if (process.ppid === 0) this.#learnParent(process, ppid, timeNs);
    if (!executes) this.#describe(process, text, timeNs);
    return process;
  }

  /** The process of a record that is no SYSCALL: it does not tell the parent. */
  named(pid: number, text: string, timeNs: number): AuditProcess {
    const process = this.#living.get(pid) ?? this.#add(pid, 0, timeNs, false);
    if (process.exe === "") this.#describe(process, text, timeNs);
    return process;
  }

  forked(parent: AuditProcess, childPid: number, timeNs: number): void {
    if (this.#forks.size >= MAX_FORKS) this.#forks.clear();
    if (!this.#living.has(childPid)) this.#forks.set(childPid, { ppid: parent.pid, timeNs });
  }

  executed(process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const [named, interpreter] = event.paths;
    const told = event.argv;
    const argv = told || event.title;
    const words = argv.split("\0");
    const isScript = named !== undefined && words[0] !== named.name && words.slice(1).includes(named.name);
    const file = isScript ? interpreter : named;
    process.exe = stringField(event.main, " exe=") ?? "";
    process.argv = argv;
    process.cwd = event.cwd;
    process.script = isScript ? named.name : "";
    process.exeIno = file?.ino ?? 0;
    process.exeDev = file?.dev ?? 0;
    process.ids = idsOf(event.main);
    const cut = told === "" && argv.length >= PROCTITLE_BYTES - 1 ? IMAGE_CUT.ARGV : 0;
    this.#image(process, event.main, timeNs, KIND.EXEC, cut);
  }

  exited(process: AuditProcess, timeNs: number, code: number): void {
    const { pid, startNs } = process;
    this.#writer.exit({ timeNs, pid, startNs, code });
    if (this.#living.get(pid) === process) this.#living.delete(pid);
  }

  /** The machine was started anew. */
  *everyone(): Generator<AuditProcess> {
    yield* [...this.#living.values()];
  }

  #begin(pid: number, ppid: number, timeNs: number, executes: boolean): AuditProcess {
    const fork = this.#forks.get(pid);
    this.#forks.delete(pid);
    const forkedNs = fork !== undefined && fork.ppid === ppid ? fork.timeNs : undefined;
    const seenStart = executes || forkedNs !== undefined;
    const process = this.#add(pid, ppid, forkedNs ?? timeNs, seenStart);
    if (ppid > 0) process.parent = this.#living.get(ppid) ?? this.#add(ppid, 0, timeNs, false);
    const { parent, startNs } = process;
    if (seenStart && parent !== undefined) {
      const head = { timeNs: startNs, pid: parent.pid, startNs: parent.startNs };
      this.#writer.fork({ ...head, childPid: pid, childStartNs: startNs });
    }
    return process;
  }

  #learnParent(process: AuditProcess, ppid: number, timeNs: number): void {
    if (ppid <= 0 || ppid === process.pid) return;
    process.ppid = ppid;
    process.parent = this.#living.get(ppid) ?? this.#add(ppid, 0, timeNs, false);
  }

  #add(pid: number, ppid: number, startNs: number, seenStart: boolean): AuditProcess {
    const nothing = { exe: "", argv: "", cwd: "", script: "", exeIno: 0, exeDev: 0, ids: "" };
    const process = { pid, startNs, ppid, parent: undefined, ...nothing, seenStart, sockets: new Map() };
    this.#living.set(pid, process);
    return process;
  }

  /** Says what changed: an exec that was not logged, or ids. */
  #describe(process: AuditProcess, text: string, timeNs: number): void {
    const exe = stringField(text, " exe=") ?? "";
    const ids = idsOf(text);
    if ((exe === process.exe || exe === "") && ids === process.ids) return;
    if (exe !== "" && exe !== process.exe) {
      // What it inherited is what it runs until an exec is seen.
      const inherits = process.exe === "" && process.parent?.exe === exe;
      process.exe = exe;
      process.argv = inherits ? (process.parent?.argv ?? "") : "";
      process.script = "";
      process.exeIno = process.exeDev = 0;
    }
    process.ids = ids;
    this.#image(process, text, timeNs, KIND.PROCESS);
  }

  #image(
    process: AuditProcess,
    text: string,
    timeNs: number,
    kind: typeof KIND.EXEC | typeof KIND.PROCESS,
    trunc = 0,
  ): void {
    const { pid, startNs, exe, argv, cwd, script, exeIno, exeDev, parent, seenStart } = process;
    const parentFields = parent === undefined ? {} : { parentPid: parent.pid, parentStartNs: parent.startNs };
    const flags = kind === KIND.PROCESS && !seenStart ? FLAG.BEFORE_START : 0;
    const file = { exe, argv, cwd, script, exeIno, exeDev };
    this.#writer.image({ timeNs, pid, startNs, ...file, ...parentFields, ...idFields(text), flags, trunc }, kind);
  }
}

const IDS = [" auid=", " ses=", " uid=", " euid=", " gid=", " egid="] as const;

function idsOf(text: string): string {
  return IDS.map((key) => rawField(text, key) ?? "").join(" ");
}

function idFields(text: string): Partial<ImageFields> {
  const loginUid = loginField(text, " auid=");
  const sessionId = loginField(text, " ses=");
  const euid = numberField(text, " euid=");
  const egid = numberField(text, " egid=");
  return {
    comm: stringField(text, " comm=") ?? "",
    uid: numberField(text, " uid=") ?? 0,
    gid: numberField(text, " gid=") ?? 0,
    ...(euid === undefined ? {} : { euid }),
    ...(egid === undefined ? {} : { egid }),
    tty: terminal(rawField(text, " tty=") ?? ""),
    ...(loginUid === undefined ? {} : { loginUid }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

const PTS_MAJOR = 136;
const TTY_MAJOR = 4;

/** Device number of "pts3" or "tty1"; 0 = none or another. */
function terminal(name: string): number {
  const [, kind, number] = /^(pts|tty)(\d{1,3})$/.exec(name) ?? [];
  if (kind === undefined) return 0;
  return ((kind === "pts" ? PTS_MAJOR : TTY_MAJOR) << 8) | Number(number);
}
