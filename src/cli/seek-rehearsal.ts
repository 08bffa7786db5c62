import type { MonitorOptions } from "../core/monitor.ts";
import { type OpenReplay, Past } from "./past.ts";

/**
 * Goes to the middle of a recording while nobody asks for a moment, so that the engine has compiled the way when the first key asks for
 * one: that takes a third less time then. What is made for it nobody sees, and its memory is given back.
 */
export class SeekRehearsal {
  #past: Past | undefined;

  constructor(open: OpenReplay, limits: MonitorOptions) {
    const past = new Past(open, limits);
    const { startNs, durationNs } = past.source;
    // A snapshot has one moment, and may be large.
    if (durationNs === 0) return;
    past.seek(startNs + durationNs / 2);
    this.#past = past;
  }

  /** Goes on, for at most budgetMs; true when there is more. */
  pump(budgetMs: number): boolean {
    if (this.#past === undefined) return false;
    if (this.#past.pump(budgetMs)) return true;
    this.stop();
    // Takes some 30 ms, once.
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    return false;
  }

  /** Somebody goes that way now. */
  stop(): void {
    this.#past = undefined;
  }
}
