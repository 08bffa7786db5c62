import { firstWhere } from "../wire/first-where.ts";
import { drop } from "../wire/memory.ts";

/** First in, first out, for ids. */
export class Queue {
  #items = new Float64Array(64);
  #head = 0;
  #end = 0;
  /** Times of ids that are to be put in order, and where the first of them stands. */
  #times: Float64Array | undefined;
  #timesFrom = 0;

  get length(): number {
    return this.#end - this.#head;
  }

  push(id: number): void {
    if (this.#end === this.#items.length) this.#makeRoom();
    this.#items[this.#end++] = id;
  }

  /** Pushes several by a time, those of the same as they come. They are put in order when the first id is asked for: in a graph of the past never. */
  pushInOrder(ids: readonly number[], timeOf: (id: number) => number): void {
    this.#order();
    const times = new Float64Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      times[i] = timeOf(id);
      // What is forgotten already has none.
      if (Number.isNaN(times[i])) times[i] = Number.POSITIVE_INFINITY;
      this.push(id);
    }
    this.#times = times;
    this.#timesFrom = this.#end - ids.length;
  }

  /** The oldest, which stays; undefined when empty. */
  get first(): number | undefined {
    this.#order();
    return this.#head === this.#end ? undefined : this.#items[this.#head];
  }

  /** The oldest; undefined when empty. */
  shift(): number | undefined {
    this.#order();
    return this.#head === this.#end ? undefined : this.#items[this.#head++];
  }

  /** The oldest, so many at most; they stay. */
  peek(most: number): Float64Array {
    this.#order();
    return this.#items.subarray(this.#head, Math.min(this.#end, this.#head + most));
  }

  /** Drops ids that are no longer wanted. */
  keep(wanted: (id: number) => boolean): void {
    this.#order();
    const items = this.#items;
    let end = 0;
    for (let i = this.#head; i < this.#end; i++) {
      const id = items[i] as number;
      if (wanted(id)) items[end++] = id;
    }
    this.#head = 0;
    this.#end = end;
  }

  /** Without a comparison of ours the engine sorts several times as fast. */
  #order(): void {
    const times = this.#times;
    if (times === undefined) return;
    this.#times = undefined;
    const ids = this.#items.slice(this.#timesFrom, this.#timesFrom + times.length);
    const sorted = times.slice().sort();
    /** How many of the same time have come, where the first of them stands. */
    const came = new Uint32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const time = times[i] as number;
      const first = firstWhere(0, sorted.length, (at) => (sorted[at] as number) >= time);
      const before = came[first] as number;
      this.#items[this.#timesFrom + first + before] = ids[i] as number;
      came[first] = before + 1;
    }
  }

  /** Ids that were taken make room where they are half of it: each id is moved once on average. */
  #makeRoom(): void {
    const items = this.#items;
    const kept = items.subarray(this.#head, this.#end);
    if (this.#head * 2 >= items.length) {
      items.set(kept);
    } else {
      this.#items = new Float64Array(2 * items.length);
      this.#items.set(kept);
      drop(items.buffer);
    }
    this.#end -= this.#head;
    this.#timesFrom -= this.#head;
    this.#head = 0;
  }
}
