/** So many records between two looks are a flood. */
const FLOOD = 20_000;
/** Looks at less until it is over. */
const CALM = 3;

/** Collects all that nobody holds. Takes some 30 ms. */
export function collect(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

/**
 * What a flood, or a graph of the past, leaves behind the engine keeps for as long as little else is going on: then it is collected, once,
 * and never while a flood lasts.
 */
export class GiveBack {
  readonly #thin: () => Promise<void>;
  #records = 0;
  /** Looks since the flood; undefined = nothing is left behind. */
  #calm: number | undefined;

  /** thin: makes what is kept of a flood smaller. */
  constructor(thin: () => Promise<void>) {
    this.#thin = thin;
  }

  /** Looks at how many records there have been, about once a second. */
  look(records: number): void {
    const more = records - this.#records;
    this.#records = records;
    if (more >= FLOOD) this.#calm = 0;
    else if (this.#calm !== undefined && ++this.#calm >= CALM) {
      this.#calm = undefined;
      void this.#thin().then(collect);
    }
  }

  /** A whole graph was dropped: it goes with the next look, unless there is a flood. */
  readonly dropped = (): void => {
    this.#calm = CALM;
  };
}
