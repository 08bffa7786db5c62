import { BatchWriter } from "../../core/wire/encode.ts";
import { BATCH, FLAG, HDR, MARK_WHAT } from "../../core/wire/layout.gen.ts";
import { type HostProbe, probeHost } from "../probe.ts";
import type { CaptureError, EventSource, SourceStatus } from "../source.ts";
import { BootClock } from "./boot-clock.ts";
import { Descriptors } from "./descriptors.ts";
import { featuresOf, limitsOf } from "./features.ts";
import { ForkWatch } from "./fork-watch.ts";
import { machineUnits, ProcFiles } from "./proc-files.ts";
import { ProcessTable } from "./process-table.ts";
import { type RowTime, Sockets } from "./sockets.ts";

export interface ProcfsOptions {
  /** Why the kernel's events were not to be had; the machine is probed when it is left out. */
  readonly because?: CaptureError;
  /** Time between two looks at every process, when nobody asks sooner. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;
/** A look at everything takes at most one part in this many of the time, however large the machine. */
const SHARE = 10;
/** Everyone's descriptors are read again within this many polls. */
const ROUNDS = 16;

/** Opens /proc as a source: works for every user, sees less. `start` takes the first snapshot. */
export function openProcfs(options: ProcfsOptions = {}): EventSource {
  return new ProcfsSource(options);
}

class ProcfsSource implements EventSource {
  readonly kind = "procfs";
  readonly #intervalMs: number;
  readonly #because: CaptureError | undefined;
  readonly #files = new ProcFiles();
  readonly #writer = new BatchWriter();
  readonly #clock = new BootClock(this.#files);
  readonly #sockets = new Sockets(this.#files, this.#writer);
  readonly #descriptors = new Descriptors(this.#files, this.#writer, this.#sockets);
  readonly #table = new ProcessTable(this.#files, this.#writer, this.#sockets, this.#descriptors, machineUnits());
  readonly #forks = new ForkWatch(this.#files);
  readonly #delivered = new Map<number, number>();
  #probe: HostProbe | undefined;
  /** The look in progress; it goes on with the next drain when the budget is spent. */
  #work: Iterator<void> | undefined;
  /** Time the look in progress took so far. */
  #workedMs = 0;
  #polls = 0;
  #pollAtMs = 0;
  #searchAtMs = 0;

  constructor(options: ProcfsOptions) {
    this.#because = options.because;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
  }

  start(): void {
    this.#probe = probeHost();
    this.#work = this.#poll();
  }

  drain(sink: (batch: Uint8Array) => void, budgetMs: number): boolean {
    const beganMs = performance.now();
    this.#work ??= this.#next(beganMs);
    let nowMs = beganMs;
    while (this.#work !== undefined && nowMs - beganMs < budgetMs) {
      if (this.#work.next().done) this.#work = undefined;
      this.#workedMs += performance.now() - nowMs;
      nowMs = performance.now();
    }
    if (this.#writer.rows > 0) {
      const batch = this.#writer.finish(this.#clock.nowNs(), BigInt(Date.now()) * 1_000_000n);
      this.#count(batch);
      sink(batch);
    }
    return this.#work !== undefined;
  }

  refresh(): void {
    // A look that is due soon anyway comes now; one that was just made is fresh enough.
    if (performance.now() >= this.#pollAtMs - this.#intervalMs / 2) this.#pollAtMs = 0;
  }

  status(): SourceStatus {
    const view = {
      probe: this.#probe ?? probeHost(),
      because: this.#because,
      intervalMs: this.#intervalMs,
      table: this.#table,
    };
    return { delivered: this.#delivered, lost: NOTHING_LOST, features: featuresOf(view), limited: limitsOf(view) };
  }

  close(): void {
    this.#work = undefined;
    this.#pollAtMs = Number.POSITIVE_INFINITY;
  }

  #next(nowMs: number): Iterator<void> | undefined {
    if (nowMs >= this.#pollAtMs) return this.#poll();
    if (this.#pollAtMs !== Number.POSITIVE_INFINITY && this.#forks.happened(nowMs))
      return this.#table.discover(this.#time());
    return undefined;
  }

  *#poll(): Generator<void> {
    const first = this.#polls++ === 0;
    const beganMs = performance.now();
    this.#workedMs = 0;
    this.#clock.adjust();
    const time = this.#time(first ? FLAG.BEFORE_START : 0);
    if (first) this.#mark(MARK_WHAT.SNAPSHOT_BEGIN, time);
    yield* this.#table.poll(time);
    this.#mark(MARK_WHAT.TICK, time);
    yield* this.#sockets.readTables(this.#table.namespaces(), time);
    if (first) this.#sockets.giveUp(time);
    else yield* this.#findHolders(time);
    this.#mark(MARK_WHAT.SOCKETS, time);
    if (first) this.#mark(MARK_WHAT.SNAPSHOT_END, time);
    // The first look reads everything, those that follow only what changed.
    const restMs = first ? 0 : this.#workedMs * SHARE;
    this.#pollAtMs = Math.max(beganMs + this.#intervalMs, performance.now() + restMs);
  }

  /** Reads everyone's descriptors when a socket has no known holder, else those of a few, in turn. */
  *#findHolders(time: RowTime): Generator<void> {
    const beganMs = performance.now();
    const searching = this.#sockets.unowned > 0 && beganMs >= this.#searchAtMs;
    const workedMs = this.#workedMs;
    for (const known of this.#table.readable()) {
      if (!searching && known.pid % ROUNDS !== this.#polls % ROUNDS) continue;
      this.#descriptors.read(known, time);
      yield;
    }
    if (!searching) return;
    this.#sockets.giveUp(time);
    this.#searchAtMs = performance.now() + (this.#workedMs - workedMs) * SHARE;
  }

  #time(flags = 0): RowTime {
    return { timeNs: this.#clock.nowNs(), flags: FLAG.POLLED | flags };
  }

  #mark(what: number, time: RowTime): void {
    const self = this.#table.self();
    this.#writer.mark({ timeNs: time.timeNs, flags: FLAG.POLLED, pid: self.pid, startNs: self.startNs, what });
  }

  #count(batch: Uint8Array): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    const end = BATCH.SIZE + view.getUint32(BATCH.rowBytes, true);
    for (let at = BATCH.SIZE; at < end; at += view.getUint16(at + HDR.size, true)) {
      const kind = view.getUint16(at + HDR.kind, true);
      this.#delivered.set(kind, (this.#delivered.get(kind) ?? 0) + 1);
    }
  }
}

const NOTHING_LOST: ReadonlyMap<number, number> = new Map();
