import { type LiveOptions, type LiveSource, openLive } from "../../src/capture/live/live-source.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import type { Child } from "./child.ts";
import { type KindName, type Row, type RowOf, rowOf } from "./rows.ts";

const DEADLINE_MS = 15_000;

/**
 * A live capture that keeps the rows of the processes under test: descendants of this process, those given to `watch`, and
 * what belongs to no process. The rest of the machine is decoded and forgotten.
 */
export class Capture {
  readonly rows: Row[] = [];
  readonly source: LiveSource;
  readonly #reader = new BatchReader();
  readonly #watched: Set<number>;
  #everything = false;

  private constructor(source: LiveSource, watched: readonly number[]) {
    this.source = source;
    this.#watched = new Set([process.pid, ...watched]);
  }

  /** watched: processes that run already and are not started by this one. */
  static async open(
    options: LiveOptions & { watched?: readonly number[]; everything?: boolean } = {},
  ): Promise<Capture> {
    const { watched = [], everything = false, ...live } = options;
    const capture = new Capture(await openLive(live), watched);
    capture.#everything = everything;
    return capture;
  }

  /** Reads what is waiting. */
  drain(): void {
    const keep = (batch: Uint8Array) => {
      const reader = this.#reader;
      if (!reader.open(batch)) throw new Error("a batch that cannot be read");
      while (reader.next()) {
        const row = rowOf(reader);
        if (row && this.#wants(row)) this.rows.push(row);
      }
    };
    while (this.source.drain(keep, 50));
    if (this.#reader.malformed > 0) throw new Error(`${this.#reader.malformed} malformed rows`);
  }

  /** Drains until the predicate gives something; throws with what was seen when that takes too long. */
  async until<T>(what: string, predicate: () => T | undefined | false): Promise<T> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      this.drain();
      const found = predicate();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) throw new Error(`no ${what} among:\n${this.describe()}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  of<K extends KindName>(kind: K, pid?: number): RowOf<K>[] {
    return this.rows.filter(
      (row) => row.kind === kind && (pid === undefined || row.pid === pid),
    ) as unknown as RowOf<K>[];
  }

  /** The first row of a kind that matches, waited for. */
  first<K extends KindName>(kind: K, pid: number, matches: (row: RowOf<K>) => boolean = () => true): Promise<RowOf<K>> {
    return this.until(`${kind} of ${pid}`, () => this.of(kind, pid).find(matches));
  }

  /**
   * Waits for the end of a process. Rows are merged by time, so everything it did in its own context is in `rows` then; what
   * is missing now never came.
   */
  exited(pid: number): Promise<RowOf<"EXIT">> {
    return this.first("EXIT", pid);
  }

  /** Has a scenario end well, and waits until all it did is in `rows`; its pid. */
  async ended(run: Child): Promise<number> {
    await run.done();
    await this.exited(run.pid);
    return run.pid;
  }

  describe(): string {
    const text = (row: Row) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
    return this.rows.slice(-60).map(text).join("\n");
  }

  close(): void {
    this.source.close();
  }

  #wants(row: Row): boolean {
    if (row.kind === "FORK" && this.#watched.has(row.pid)) this.#watched.add(row.childPid);
    return (
      this.#everything ||
      this.#watched.has(row.pid) ||
      row.kind === "MARK" ||
      row.kind === "LOSS" ||
      (row.kind === "THROTTLED" && !row.pid)
    );
  }
}
