import { firstWhere } from "../wire/first-where.ts";

/** What one process accepted, time and connection in turns; in the order of time once sorted. */
interface Log {
  entries: Float64Array<ArrayBuffer>;
  end: number;
  sorted: boolean;
}

/** Accepts remembered of one process; the older half gives way. */
const MOST = 1 << 16;
const ENTRY_BYTES = 16;
/** Accepts that wait to be put into the logs together: one at a time each would wait for memory by itself. */
const WAITING = 4096;
/** Of a log, in numbers. */
const SMALLEST = 8;
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
    const { entries, end } = log;
    const later = firstWhere(0, end / 2, (at) => (entries[2 * at] as number) > timeNs);
    for (let at = later - 1; at >= Math.max(0, later - most); at--) yield entries[2 * at + 1] as number;
  }

  /** Drops those of connections that are no longer wanted. */
  keep(wanted: (connectionId: number) => boolean): void {
    this.#settle();
    for (const log of this.#logs.values()) {
      const { entries, end } = log;
      let kept = 0;
      for (let at = 0; at < end; at += 2) {
        if (!wanted(entries[at + 1] as number)) continue;
        entries.copyWithin(kept, at, at + 2);
        kept += 2;
      }
      log.entries = entries.slice(0, Math.max(kept, SMALLEST));
      log.end = kept;
      this.#entries -= (end - kept) / 2;
    }
  }

  forget(processId: number): void {
    this.#settle();
    const log = this.#logs.get(processId);
    if (log === undefined) return;
    this.#entries -= log.end / 2;
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
      if (log === undefined)
        this.#logs.set(processId, (log = { entries: new Float64Array(SMALLEST), end: 0, sorted: true }));
      if (log.end === log.entries.length) makeRoom(log);
      const { entries, end } = log;
      if (end > 0 && timeNs < (entries[end - 2] as number)) log.sorted = false;
      entries[end] = timeNs;
      entries[end + 1] = waiting[at + 1] as number;
      log.end = end + 2;
      if (log.end > 2 * MOST) this.#halve(log);
    }
  }

  #halve(log: Log): void {
    sort(log);
    log.entries.copyWithin(0, MOST, log.end);
    log.end -= MOST;
    this.#entries -= MOST / 2;
  }
}

function makeRoom(log: Log): void {
  const { entries } = log;
  log.entries = new Float64Array(2 * entries.length);
  log.entries.set(entries);
}

function sort(log: Log): void {
  if (log.sorted) return;
  const { entries, end } = log;
  const order = Array.from({ length: end / 2 }, (_, index) => 2 * index);
  order.sort((a, b) => (entries[a] as number) - (entries[b] as number));
  log.entries = new Float64Array(entries.length);
  for (const [index, from] of order.entries()) log.entries.set(entries.subarray(from, from + 2), 2 * index);
  log.sorted = true;
}
