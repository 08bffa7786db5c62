import type { Recollection } from "../core/detect/recall.ts";
import type { Monitor } from "../core/monitor.ts";

/** What was found in a capture, in the order it was; from the one at an index on. */
export type Found = (from: number) => readonly Recollection[];

/**
 * Tells monitors of a capture's past what was found by their moment: such a monitor has less memory, or begins at a checkpoint, and may
 * have forgotten what led to a finding before it was there.
 */
export function recalling(found: Found): (past: Monitor) => void {
  const told = new WeakMap<Monitor, Telling>();
  return (past) => {
    const telling = told.get(past) ?? new Telling(found, past);
    told.set(past, telling);
    telling.tell();
  };
}

class Telling {
  readonly #found: Found;
  readonly #past: Monitor;
  #known: Recollection[] = [];
  #asked = 0;

  constructor(found: Found, past: Monitor) {
    this.#found = found;
    this.#past = past;
  }

  tell(): void {
    const more = this.#found(this.#asked);
    this.#asked += more.length;
    if (more.length > 0) this.#known.push(...more);
    const { nowNs } = this.#past;
    // Those of a later moment wait, and those whose process the monitor does not know yet.
    if (this.#known.some(({ atNs }) => atNs <= nowNs))
      this.#known = this.#known.filter((one) => one.atNs > nowNs || !this.#past.recall(one));
  }
}
