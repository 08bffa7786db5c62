/** What one process accepted, in the order of time once sorted. */
interface Log {
  timesNs: number[];
  connections: number[];
  sorted: boolean;
}

/** Accepts remembered of one process; the older half gives way. */
const MOST = 1 << 16;
const ENTRY_BYTES = 16;

/**
 * Ids of connections by who accepted them and when: what a server was serving at a moment is found without a walk over all it ever
 * served. It may name connections that are forgotten (retain.ts).
 */
export class Accepts {
  readonly #logs = new Map<number, Log>();
  #entries = 0;

  /** Accepts remembered, of all processes. */
  get count(): number {
    return this.#entries;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#entries * ENTRY_BYTES;
  }

  add(processId: number, connectionId: number, timeNs: number): void {
    let log = this.#logs.get(processId);
    if (log === undefined) this.#logs.set(processId, (log = { timesNs: [], connections: [], sorted: true }));
    if (timeNs < (log.timesNs.at(-1) ?? timeNs)) log.sorted = false;
    log.timesNs.push(timeNs);
    log.connections.push(connectionId);
    this.#entries++;
    if (log.timesNs.length <= MOST) return;
    sort(log);
    log.timesNs = log.timesNs.slice(MOST / 2);
    log.connections = log.connections.slice(MOST / 2);
    this.#entries -= MOST / 2;
  }

  /** Connections accepted by a process until a moment, the last first, `most` at most. */
  *until(processId: number, timeNs: number, most: number): Generator<number, void, void> {
    const log = this.#logs.get(processId);
    if (log === undefined) return;
    sort(log);
    let low = 0;
    let high = log.timesNs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((log.timesNs[middle] as number) <= timeNs) low = middle + 1;
      else high = middle;
    }
    const { connections } = log;
    for (let at = low - 1; at >= Math.max(0, low - most); at--) yield connections[at] as number;
  }

  /** Drops those of connections that are no longer wanted. */
  keep(wanted: (connectionId: number) => boolean): void {
    for (const log of this.#logs.values()) {
      const { connections, timesNs } = log;
      log.timesNs = timesNs.filter((_, index) => wanted(connections[index] as number));
      log.connections = connections.filter(wanted);
      this.#entries -= connections.length - log.connections.length;
    }
  }

  forget(processId: number): void {
    const log = this.#logs.get(processId);
    if (log === undefined) return;
    this.#entries -= log.timesNs.length;
    this.#logs.delete(processId);
  }
}

function sort(log: Log): void {
  if (log.sorted) return;
  const { timesNs, connections } = log;
  const order = timesNs.map((_, index) => index).sort((a, b) => (timesNs[a] as number) - (timesNs[b] as number));
  log.timesNs = order.map((index) => timesNs[index] as number);
  log.connections = order.map((index) => connections[index] as number);
  log.sorted = true;
}
