import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Wire string id -> text, across batches. Ids count up from a key batch, which starts again. Id 0 is the empty string. */
export class StringTable {
  #texts: string[] = [""];
  /** Of the strings whose text does not give them back. */
  #bytes = new Map<number, Uint8Array>();

  /** Grows with each reset: ids of different epochs have nothing to do with each other. */
  epoch = 0;

  get size(): number {
    return this.#texts.length;
  }

  reset(): void {
    this.epoch++;
    this.#texts = [""];
    this.#bytes.clear();
  }

  /** The text of an id; empty for an id that was never announced. */
  get(id: number): string {
    return this.#texts[id] ?? "";
  }

  /** The bytes of an id, as they were announced. */
  bytes(id: number): Uint8Array {
    return this.#bytes.get(id) ?? encodeUtf8(this.get(id));
  }

  /**
   * Reads `count` strings (u32 length, bytes, padding to 4) between start and end; the first has id `first`.
   * Returns false when they do not fit exactly: what was well-formed is kept. A gap before `first` (a batch went missing) reads as "".
   */
  load(bytes: Uint8Array, start: number, end: number, first: number, count: number): boolean {
    const texts = this.#texts;
    if (count > 0 && (first === 0 || first > texts.length + MAX_GAP)) return false;
    while (count > 0 && texts.length < first) texts.push("");
    let at = start;
    for (let i = 0; i < count; i++) {
      if (at + 4 > end) return false;
      const length =
        ((bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24)) >>>
        0;
      if (length > end - at - 4) return false;
      const text = decodeUtf8(bytes, at + 4, at + 4 + length);
      texts[first + i] = text;
      if (text.includes(ESCAPE)) this.#bytes.set(first + i, bytes.slice(at + 4, at + 4 + length));
      at += 4 + ((length + 3) & ~3);
    }
    return true;
  }
}

/** How a byte that is no UTF-8 is written. */
const ESCAPE = "\\x";
/** More missing ids than batches in flight can hold: damage, which must not make us allocate. */
const MAX_GAP = 1 << 20;
