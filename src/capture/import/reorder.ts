/**
 * Puts items that come almost in order of time into order: an item is held until one is seen that is `slackNs` later. Equal times stay
 * in the order they came.
 */
export class Reorder<T> {
  readonly #slackNs: number;
  #held: { readonly timeNs: number; readonly item: T }[] = [];
  #latestNs = Number.NEGATIVE_INFINITY;
  /** Taking sorts what is held: it is worth it once this many are. */
  #sortAt = 1024;

  constructor(slackNs: number) {
    this.#slackNs = slackNs;
  }

  push(timeNs: number, item: T): void {
    this.#held.push({ timeNs, item });
    if (timeNs > this.#latestNs) this.#latestNs = timeNs;
  }

  /** Whether it is worth taking what is ready. */
  get due(): boolean {
    return this.#held.length >= this.#sortAt;
  }

  /** Items that nothing can come before any more; all of them at the end of the input. */
  take(atEnd: boolean): T[] {
    this.#held.sort((a, b) => a.timeNs - b.timeNs);
    const limitNs = atEnd ? Number.POSITIVE_INFINITY : this.#latestNs - this.#slackNs;
    let ready = 0;
    while (ready < this.#held.length && (this.#held[ready]?.timeNs ?? 0) <= limitNs) ready++;
    const taken = this.#held.slice(0, ready).map(({ item }) => item);
    this.#held = this.#held.slice(ready);
    this.#sortAt = 2 * this.#held.length + 1024;
    return taken;
  }
}
