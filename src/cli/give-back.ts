/** So many records between two looks are a flood. */
const FLOOD = 20_000;
/** Looks at less until it is over. */
const CALM = 5;

/**
 * What a flood, or a graph of the past, leaves behind the engine keeps for as long as little else is going on: then it is collected, once.
 * Takes some 30 ms, so never while a flood lasts.
 */
export class GiveBack {
  #records = 0;
  /** Looks since the flood; undefined = nothing is left behind. */
  #calm: number | undefined;

  /** Looks at how many records there have been, about once a second. */
  look(records: number): void {
    const more = records - this.#records;
    this.#records = records;
    if (more >= FLOOD) this.#calm = 0;
    else if (this.#calm !== undefined && ++this.#calm >= CALM) {
      this.#calm = undefined;
      void globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    }
  }

  /** A whole graph was dropped: it goes with the next look, unless there is a flood. */
  readonly dropped = (): void => {
    this.#calm = CALM;
  };
}
