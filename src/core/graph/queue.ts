/** First in, first out, for ids. */
export class Queue {
  #items: number[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(id: number): void {
    this.#items.push(id);
  }

  /** The oldest, which stays; undefined when empty. */
  get first(): number | undefined {
    return this.#items[this.#head];
  }

  /** The oldest; undefined when empty. */
  shift(): number | undefined {
    if (this.#head === this.#items.length) return undefined;
    const id = this.#items[this.#head++];
    // Taken ones are dropped in one go: each id is moved once on average.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return id;
  }

  /** Drops ids that are no longer wanted. */
  keep(wanted: (id: number) => boolean): void {
    const items: number[] = [];
    for (let i = this.#head; i < this.#items.length; i++) {
      const id = this.#items[i] as number;
      if (wanted(id)) items.push(id);
    }
    this.#items = items;
    this.#head = 0;
  }
}
