/** So many records between two looks are a flood. */
const FLOOD = 20_000;
/** Looks at less until it is over. */
const CALM = 5;

/**
 * After a flood the engine keeps pages it no longer needs, for as long as little is going on: then they are collected, once. Takes some
 * 30 ms, so never while a flood lasts.
 */
export class GiveBack {
  #records = 0;
  #calm = CALM;

  /** Looks at how many records there have been, about once a second. */
  look(records: number): void {
    const more = records - this.#records;
    this.#records = records;
    if (more >= FLOOD) this.#calm = 0;
    else if (this.#calm < CALM && ++this.#calm === CALM)
      void globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  }
}
