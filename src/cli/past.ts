import type { ReplayOptions, ReplaySource } from "../capture/recording/replay-source.ts";
import { Monitor, type MonitorOptions } from "../core/monitor.ts";

export type OpenReplay = (options: Pick<ReplayOptions, "onRestart">) => ReplaySource;

/** A replay and the monitor of its moment. On the way to a moment that needs a new beginning, the monitor of before stays. */
export class Past {
  readonly source: ReplaySource;
  readonly #taken: ((monitor: Monitor) => void) | undefined;
  #monitor: Monitor;
  /** Takes the place of the monitor when it has arrived. */
  #next: Monitor | undefined;
  #arrived = false;
  #reachedNs = 0;
  /** A moment was asked for that is not reached yet. */
  #wanted = true;

  /** taken: called with the monitor after each batch it took in. */
  constructor(open: OpenReplay, limits: MonitorOptions, taken?: (monitor: Monitor) => void) {
    this.#taken = taken;
    this.#monitor = new Monitor(limits);
    this.source = open({ onRestart: () => (this.#next = new Monitor(limits)) });
    this.source.pause();
  }

  /** The monitor of the moment that was asked for last and reached. */
  get monitor(): Monitor | undefined {
    return this.#arrived ? this.#monitor : undefined;
  }

  /** Whether the moment that was asked for last is not reached yet. */
  get seeking(): boolean {
    return this.#wanted || this.#next !== undefined;
  }

  /** The moment the monitor shows: on the way to another one, that of before. */
  get shownNs(): number {
    if (!this.seeking) return this.source.cursorNs;
    return this.#next === undefined ? Math.max(this.#reachedNs, this.source.positionNs) : this.#reachedNs;
  }

  seek(timeNs: number): void {
    if (!this.seeking) this.#reachedNs = this.source.cursorNs;
    this.#wanted = true;
    this.source.seek(timeNs);
  }

  /** Takes in what is due, for at most budgetMs; true when there is more. */
  pump(budgetMs: number): boolean {
    // A moment that stands still stays, also when what led to it is kept no longer.
    if (this.source.paused && !this.#wanted) return false;
    if ((this.#next ?? this.#monitor).held) return true;
    if (this.source.drain(this.#take, budgetMs)) return true;
    this.#arrive();
    return false;
  }

  /** Makes the next change due, after everything before it. Whether there was one. */
  step(): boolean {
    const stepped = this.source.step(this.#take) !== undefined;
    this.#arrive();
    return stepped;
  }

  close(): void {
    this.source.close();
  }

  readonly #take = (batch: Uint8Array): void => {
    const monitor = this.#next ?? this.#monitor;
    monitor.ingest(batch);
    this.#taken?.(monitor);
  };

  #arrive(): void {
    if (this.#next !== undefined) this.#monitor = this.#next;
    this.#next = undefined;
    this.#arrived = true;
    this.#wanted = false;
  }
}
