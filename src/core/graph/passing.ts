/** One end of a descriptor's way over a local socket. */
export interface Passage {
  readonly sent: boolean;
  /** Id of the process. */
  readonly processId: number;
  /** What was passed: S_IFMT bits of its inode << 48 | the low 48 bits of its number. */
  readonly lo: number;
  readonly hi: number;
  readonly timeNs: number;
}

/** Descriptors are received soon after they were sent; one that waits for longer is told by its socket alone. */
const KEPT = 256;

/** The last sends and receipts of descriptors: a receipt follows the send of the same thing, whichever is reported first. */
export class Passing {
  #kept: Passage[] = [];
  #next = 0;

  add(passage: Passage): void {
    this.#kept[this.#next] = passage;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** The other end: for a receipt the last send before it, for a send that is reported late the first receipt after it. */
  other(one: Passage): Passage | undefined {
    let best: Passage | undefined;
    for (const kept of this.#kept) {
      if (kept.sent === one.sent || kept.lo !== one.lo || kept.hi !== one.hi || kept.processId === one.processId)
        continue;
      if (one.sent ? kept.timeNs < one.timeNs : kept.timeNs > one.timeNs) continue;
      if (best === undefined || Math.abs(kept.timeNs - one.timeNs) < Math.abs(best.timeNs - one.timeNs)) best = kept;
    }
    return best;
  }
}
