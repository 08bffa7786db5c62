/** What one process accepted, in the order of time. */
interface Log {
  timesNs: number[];
  connections: number[];
}

/** Accepts remembered of one process; the older half gives way. */
const MOST = 1 << 16;
const ENTRY_BYTES = 16;

/**
 * Ids of connections by who accepted them and when: what a server was serving at a moment is found without a walk over all it ever
 * served. It may name connections that are forgotten.
 */
export class Accepts {
  readonly #logs = new Map<number, Log>();
  #entries = 0;

  /** Bytes in use. */
  get bytes(): number {
    return this.#entries * ENTRY_BYTES;
  }

  add(processId: number, connectionId: number, timeNs: number): void {
    let log = this.#logs.get(processId);
    if (log === undefined) this.#logs.set(processId, (log = { timesNs: [], connections: [] }));
    let at = log.timesNs.length;
    while (at > 0 && (log.timesNs[at - 1] as number) > timeNs) at--;
    log.timesNs.splice(at, 0, timeNs);
    log.connections.splice(at, 0, connectionId);
    this.#entries++;
    if (log.timesNs.length <= MOST) return;
    log.timesNs = log.timesNs.slice(MOST / 2);
    log.connections = log.connections.slice(MOST / 2);
    this.#entries -= MOST / 2;
  }

  /** Connections accepted by a process until a moment, the last first, `most` at most. */
  until(processId: number, timeNs: number, most: number): readonly number[] {
    const log = this.#logs.get(processId);
    if (log === undefined) return [];
    let low = 0;
    let high = log.timesNs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((log.timesNs[middle] as number) <= timeNs) low = middle + 1;
      else high = middle;
    }
    return log.connections.slice(Math.max(0, low - most), low).reverse();
  }

  forget(processId: number): void {
    const log = this.#logs.get(processId);
    if (log === undefined) return;
    this.#entries -= log.timesNs.length;
    this.#logs.delete(processId);
  }
}
