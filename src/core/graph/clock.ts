/** Relates ns since the first batch to wall time. Both clocks are read by the source when it closes a batch. */
export class Clock {
  #latestNs = Number.NEGATIVE_INFINITY;
  #offsetMs = Number.NaN;

  /** The first batch fixes the relation; it is renewed when the wall clock was set (a difference over a second). */
  advance(timeNs: number, wallMs: number): void {
    if (timeNs > this.#latestNs) this.#latestNs = timeNs;
    const offset = wallMs - timeNs / 1e6;
    if (!(Math.abs(offset - this.#offsetMs) < 1000)) this.#offsetMs = offset;
  }

  /** Latest time heard of. */
  get nowNs(): number {
    return Math.max(this.#latestNs, 0);
  }

  /** ms since 1970. */
  wallOf(timeNs: number): number {
    return (Number.isNaN(this.#offsetMs) ? 0 : this.#offsetMs) + timeNs / 1e6;
  }
}
