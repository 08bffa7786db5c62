/** A binary heap: the smallest key comes out first, of equals the one put in first. */
export class Heap<T> {
  readonly #entries: { readonly value: T; readonly key: number; readonly order: number }[] = [];
  #order = 0;

  push(value: T, key: number): void {
    const entries = this.#entries;
    const entry = { value, key, order: this.#order++ };
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#before(entry, above)) break;
      entries[at] = entries[above] as typeof entry;
      at = above;
    }
    entries[at] = entry;
  }

  pop(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.value;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const right = entries[below + 1];
      if (right !== undefined && this.#before(right, below)) below++;
      const smaller = entries[below];
      if (smaller === undefined || this.#less(last, smaller)) break;
      entries[at] = smaller;
      at = below;
    }
    entries[at] = last;
    return first.value;
  }

  #before(entry: { readonly key: number; readonly order: number }, other: number): boolean {
    const held = this.#entries[other];
    return held !== undefined && this.#less(entry, held);
  }

  #less(a: { key: number; order: number }, b: { key: number; order: number }): boolean {
    return a.key < b.key || (a.key === b.key && a.order < b.order);
  }
}
