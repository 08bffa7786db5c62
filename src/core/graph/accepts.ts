/** What one process accepted, in the order of time once sorted. */
interface Log {
  timesNs: number[];
  connections: number[];
  sorted: boolean;
}

/** Accepts remembered of one process; the older half gives way. */
const MOST = 1 << 16;
const ENTRY_BYTES = 16;
/** Accepts that wait to be put into the logs together: one at a time each would wait for memory by itself. */
const WAITING = 4096;
/** Process, connection, time. */
const WIDTH = 3;

/**
 * Ids of connections by who accepted them and when: what a server was serving at a moment is found without a walk over all it ever
 * served. It may name connections that are forgotten (retain.ts).
 */
export class Accepts {
  readonly #logs = new Map<number, Log>();
  readonly #waiting = new Float64Array(WAITING * WIDTH);
  #waitingEnd = 0;
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
    const waiting = this.#waiting;
    const at = this.#waitingEnd;
    waiting[at] = processId;
    waiting[at + 1] = connectionId;
    waiting[at + 2] = timeNs;
    this.#waitingEnd = at + WIDTH;
    this.#entries++;
    if (this.#waitingEnd === waiting.length) this.#settle();
  }

  /** Connections accepted by a process until a moment, the last first, `most` at most. */
  *until(processId: number, timeNs: number, most: number): Generator<number, void, void> {
    this.#settle();
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
    this.#settle();
    for (const log of this.#logs.values()) {
      const { connections, timesNs } = log;
      log.timesNs = timesNs.filter((_, index) => wanted(connections[index] as number));
      log.connections = connections.filter(wanted);
      this.#entries -= connections.length - log.connections.length;
    }
  }

  forget(processId: number): void {
    this.#settle();
    const log = this.#logs.get(processId);
    if (log === undefined) return;
    this.#entries -= log.timesNs.length;
    this.#logs.delete(processId);
  }

  /** Puts what waits into the logs. */
  #settle(): void {
    const waiting = this.#waiting;
    const end = this.#waitingEnd;
    this.#waitingEnd = 0;
    for (let at = 0; at < end; at += WIDTH) {
      const processId = waiting[at] as number;
      const timeNs = waiting[at + 2] as number;
      let log = this.#logs.get(processId);
      if (log === undefined) this.#logs.set(processId, (log = { timesNs: [], connections: [], sorted: true }));
      const { timesNs, connections } = log;
      if (timesNs.length > 0 && timeNs < (timesNs[timesNs.length - 1] as number)) log.sorted = false;
      timesNs.push(timeNs);
      connections.push(waiting[at + 1] as number);
      if (timesNs.length > MOST) this.#halve(log);
    }
  }

  #halve(log: Log): void {
    sort(log);
    log.timesNs = log.timesNs.slice(MOST / 2);
    log.connections = log.connections.slice(MOST / 2);
    this.#entries -= MOST / 2;
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
