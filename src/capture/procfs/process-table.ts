import { readdirSync } from "node:fs";
import type { BatchWriter } from "../../core/wire/encode.ts";
import type { ImageFields } from "../../core/wire/fields.ts";
import { FLAG, KIND } from "../../core/wire/layout.gen.ts";
import { decodeUtf8 } from "../../core/wire/utf8.ts";
import type { Descriptors } from "./descriptors.ts";
import { ImageReader } from "./image.ts";
import { Known } from "./known.ts";
import type { ProcFiles, Units } from "./proc-files.ts";
import type { RowTime, Sockets } from "./sockets.ts";
import { STAT, Stat } from "./stat.ts";

/** What wait(2) would have reported is not known: no wait status has these bits. */
export const UNKNOWN_EXIT_CODE = 0xffffffff;

/** The exit code of any zombie is shown to us; other users read 0 instead. */
const PRIVILEGED = process.geteuid?.() === 0;

/** Processes looked at between two checks of the time budget. */
const STEP = 16;

/** Times an image is read at one look when an exec comes in between. */
const MOST_READS = 3;
/** Looks after which a process without arguments is told as it is: it may have been given none. */
const MOST_LOOKS = 3;

/**
 * Every process by pid, and the rows that tell how the table changed. Forks, execs and exits are deduced: a new
 * (pid, start), a new stack address or comm, a pid that is gone or a zombie.
 */
export class ProcessTable {
  readonly #files: ProcFiles;
  readonly #writer: BatchWriter;
  readonly #sockets: Sockets;
  readonly #descriptors: Descriptors;
  readonly #images: ImageReader;
  readonly #units: Units;
  readonly #stat = new Stat();
  readonly #known = new Map<number, Known>();
  #polls = 0;

  constructor(files: ProcFiles, writer: BatchWriter, sockets: Sockets, descriptors: Descriptors, units: Units) {
    this.#files = files;
    this.#writer = writer;
    this.#sockets = sockets;
    this.#descriptors = descriptors;
    this.#images = new ImageReader(files);
    this.#units = units;
  }

  /** Identity of the monitor itself. */
  self(): { readonly pid: number; readonly startNs: number } {
    const known = this.#known.get(process.pid);
    if (known !== undefined) return known;
    this.#readStat("/proc/self/stat");
    return { pid: process.pid, startNs: this.#startNs() };
  }

  /** Processes whose descriptors we may read, newest first: a new socket is most likely theirs. */
  readable(): readonly Known[] {
    const found: Known[] = [];
    for (const known of this.#known.values())
      if (known.readable && !known.kernelThread && !known.exited) found.push(known);
    return found.sort((a, b) => b.startNs - a.startNs);
  }

  /** User processes alive, and how many of them do not let us look at their executable and descriptors. */
  census(): { readonly processes: number; readonly unreadable: number } {
    let processes = 0;
    let unreadable = 0;
    for (const known of this.#known.values()) {
      if (known.kernelThread || known.exited) continue;
      processes++;
      if (!known.readable) unreadable++;
    }
    return { processes, unreadable };
  }

  /** A folder with the socket tables of each network namespace: of a member, or our own. */
  namespaces(): ReadonlyMap<number, string> {
    const folders = new Map<number, string>();
    for (const known of this.#known.values()) {
      if (known.netns !== 0 && !known.exited && !folders.has(known.netns))
        folders.set(known.netns, `${known.folder}/net`);
    }
    const own = this.#known.get(process.pid)?.netns;
    if (own !== undefined) folders.set(own, "/proc/self/net");
    return folders;
  }

  /** Looks at every process: usage, execs, exits, newcomers. */
  *poll(time: RowTime): Generator<void> {
    this.#polls++;
    const newcomers: Known[] = [];
    const changed: Known[] = [];
    let step = 0;
    for (const pid of pids()) {
      if (++step % STEP === 0) yield;
      const known = this.#known.get(pid);
      if (!this.#readStat(known?.statPath ?? `/proc/${pid}/stat`)) continue;
      const current = this.#identify(pid, known, time);
      current.seen = this.#polls;
      if (current !== known || !current.told) newcomers.push(current);
      else if (!current.exited && this.#isNewImage(current)) changed.push(current);
      else this.#usage(current, time);
    }
    for (const known of this.#known.values()) {
      if (known.seen === this.#polls) continue;
      this.#exit(known, UNKNOWN_EXIT_CODE, time);
      this.#known.delete(known.pid);
    }
    yield* this.#introduce(newcomers, KIND.PROCESS, time);
    yield* this.#introduce(changed, KIND.EXEC, happening(time));
  }

  /** Looks for pids not told yet, and at nothing else: cheap enough for several times a second. */
  *discover(time: RowTime): Generator<void> {
    const newcomers: Known[] = [];
    for (const pid of pids()) {
      const known = this.#known.get(pid);
      if (known?.told || !this.#readStat(`/proc/${pid}/stat`)) continue;
      const current = this.#identify(pid, known, time);
      current.seen = this.#polls;
      newcomers.push(current);
    }
    yield* this.#introduce(newcomers, KIND.PROCESS, time);
  }

  /** The process as just read into the stat: the one known, or a new one in place of a pid's former owner. */
  #identify(pid: number, known: Known | undefined, time: RowTime): Known {
    const startNs = this.#startNs();
    if (known?.startNs === startNs) return known;
    if (known !== undefined) this.#exit(known, UNKNOWN_EXIT_CODE, time);
    const current = new Known(pid, startNs);
    current.ppid = this.#stat.get(STAT.ppid);
    this.#known.set(pid, current);
    return current;
  }

  #startNs(): number {
    return this.#stat.get(STAT.startTicks) * this.#units.nsPerTick;
  }

  #readStat(path: string): boolean {
    const length = this.#files.read(path);
    return length > 0 && this.#stat.parse(this.#files.bytes, length);
  }

  #isNewImage(known: Known): boolean {
    if (known.kernelThread) return false;
    const stack = this.#stat.get(STAT.startStack);
    if (stack !== 0) return stack !== known.startStack;
    // The stack is not ours to see, or the process is on its way out.
    return decodeUtf8(this.#files.bytes, this.#stat.commStart, this.#stat.commEnd) !== known.comm;
  }

  /** Rows of processes with a new image: parents first, so that a child's parent is known. */
  *#introduce(processes: Known[], kind: typeof KIND.PROCESS | typeof KIND.EXEC, time: RowTime): Generator<void> {
    processes.sort((a, b) => a.startNs - b.startNs || a.pid - b.pid);
    for (const known of processes) {
      yield;
      // Read again: the poll may have been interrupted for long.
      if (!this.#readStat(known.statPath)) continue;
      if (this.#startNs() !== known.startNs) continue;
      this.#image(known, kind, time);
    }
  }

  #image(known: Known, kind: typeof KIND.PROCESS | typeof KIND.EXEC, time: RowTime): void {
    const stat = this.#stat;
    const head = { ...time, pid: known.pid, startNs: known.startNs };
    let image: ImageFields | undefined;
    let reads = 0;
    do {
      known.comm = decodeUtf8(this.#files.bytes, stat.commStart, stat.commEnd);
      known.startStack = stat.get(STAT.startStack);
      known.ppid = stat.get(STAT.ppid);
      known.kernelThread = stat.kernelThread;
      image = this.#images.read(known, stat, this.#known.get(known.ppid)?.startNs, head);
      if (image === undefined) return;
    } while (this.#inExec(known) && ++reads < MOST_READS);
    if (known.unfinished && ++known.unfinishedLooks < MOST_LOOKS) {
      // Whatever its stack is then, the next look takes it for a new image.
      known.startStack = 0;
      return;
    }
    known.unfinishedLooks = 0;
    known.told = true;
    this.#writer.image(image, kind);
    this.#usage(known, time);
    if (!known.kernelThread && !known.exited) this.#descriptors.read(known, time);
  }

  /** Whether the image just read may be half that of before an exec: its stack moved meanwhile. Leaves stat that of after. */
  #inExec(known: Known): boolean {
    if (!this.#readStat(known.statPath)) return false;
    const stack = this.#stat.get(STAT.startStack);
    return known.unfinished || (stack !== 0 && stack !== known.startStack);
  }

  #usage(known: Known, time: RowTime): void {
    const stat = this.#stat;
    if (known.exited) return;
    const dead = stat.dead;
    const exitCode = stat.get(STAT.exitCode);
    const cpuNs = (stat.get(STAT.utime) + stat.get(STAT.stime)) * this.#units.nsPerTick;
    const rssBytes = stat.get(STAT.rssPages) * this.#units.pageBytes;
    const threads = stat.get(STAT.threads);
    const same = known.cpuNs === cpuNs && known.rssBytes === rssBytes && known.threads === threads;
    if (!same || known.state !== stat.state) {
      known.rssBytes = rssBytes;
      known.vsizeBytes = stat.get(STAT.vsizeBytes);
      known.threads = threads;
      known.state = stat.state;
      // Storage I/O that cost no measurable CPU arrives with the next tick that did.
      if (known.cpuNs !== cpuNs) this.#io(known);
      known.cpuNs = cpuNs;
      this.#tick(known, time);
    }
    if (dead) this.#exit(known, known.readable || PRIVILEGED ? exitCode : UNKNOWN_EXIT_CODE, time);
  }

  #tick(known: Known, time: RowTime): void {
    this.#writer.tick({
      ...happening(time),
      pid: known.pid,
      startNs: known.startNs,
      cpuNs: known.cpuNs,
      rssBytes: known.rssBytes,
      vszBytes: known.vsizeBytes,
      readBytes: known.readBytes,
      writeBytes: known.writeBytes,
      threads: known.threads,
      state: String.fromCharCode(known.state),
    });
  }

  #io(known: Known): void {
    if (!known.readable || known.kernelThread) return;
    const io = this.#files.text(`${known.folder}/io`);
    if (io === undefined) return;
    known.readBytes = Number(/\nread_bytes: (\d+)/.exec(io)?.[1] ?? 0);
    known.writeBytes = Number(/\nwrite_bytes: (\d+)/.exec(io)?.[1] ?? 0);
  }

  #exit(known: Known, code: number, time: RowTime): void {
    if (known.exited) return;
    known.exited = true;
    this.#sockets.release(known);
    if (!known.told) return;
    this.#writer.exit({
      ...happening(time),
      pid: known.pid,
      startNs: known.startNs,
      cpuNs: Math.max(known.cpuNs, 0),
      readBytes: known.readBytes,
      writeBytes: known.writeBytes,
      maxRssBytes: known.rssBytes,
      code,
    });
  }
}

/** Rows that are no snapshot even during the first poll. */
function happening(time: RowTime): RowTime {
  return { timeNs: time.timeNs, flags: time.flags & ~FLAG.BEFORE_START };
}

function pids(): number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (pid > 0) found.push(pid);
  }
  return found;
}
