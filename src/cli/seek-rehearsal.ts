import type { MonitorOptions } from "../core/monitor.ts";
import { collect } from "./give-back.ts";
import { type OpenReplay, Past } from "./past.ts";

/** Where in the recording the moments are. On the way to the first not all is compiled. */
const SHARES = [1 / 3, 2 / 3];

/**
 * Goes to two moments of a recording while nobody asks for one, so that the engine has compiled the way when the first key asks: that
 * takes two thirds of the time then. What is made for it nobody sees, and its memory is given back.
 */
export class SeekRehearsal {
  readonly #ways: Iterator<Past, undefined>;
  #way: Past | undefined;

  constructor(open: OpenReplay, limits: MonitorOptions) {
    this.#ways = ways(open, limits);
    this.#way = this.#ways.next().value;
  }

  /** Goes on, for at most budgetMs; true when there is more. */
  pump(budgetMs: number): boolean {
    if (this.#way === undefined) return false;
    if (this.#way.pump(budgetMs)) return true;
    this.#way = this.#ways.next().value;
    if (this.#way !== undefined) return true;
    collect();
    return false;
  }

  /** Somebody goes that way now. */
  stop(): void {
    this.#way = undefined;
  }
}

function* ways(open: OpenReplay, limits: MonitorOptions): Generator<Past, undefined> {
  for (const share of SHARES) {
    const past = new Past(open, limits);
    const { startNs, durationNs } = past.source;
    // A snapshot has one moment, and may be large.
    if (durationNs === 0) return;
    past.seek(startNs + share * durationNs);
    yield past;
  }
}
