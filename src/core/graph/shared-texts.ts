import type { Cells } from "./blocks.ts";

/** Bytes of a text beside its characters: its entries here and its place in the engine's heap. */
const ENTRY_BYTES = 64;

/** Texts that many rows have, each kept once, while a row has it. Its number stands in a field of the row; 0 is the empty text. */
export class SharedTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts = [""];
  readonly #holders = [0];
  readonly #free: number[] = [];
  #length = 0;

  get bytes(): number {
    return this.#length + this.#numbers.size * ENTRY_BYTES;
  }

  column(at: Cells): SharedText {
    return new SharedText(this, at);
  }

  text(number: number): string {
    return this.#texts[number] as string;
  }

  /** The number of a text, held once more. */
  hold(text: string): number {
    if (text === "") return 0;
    const known = this.#numbers.get(text);
    if (known !== undefined) return this.share(known);
    const number = this.#free.pop() ?? this.#texts.length;
    this.#numbers.set(text, number);
    this.#texts[number] = text;
    this.#holders[number] = 1;
    this.#length += text.length;
    return number;
  }

  share(number: number): number {
    this.#holders[number] = (this.#holders[number] as number) + 1;
    return number;
  }

  release(number: number): void {
    if (number === 0) return;
    const holders = (this.#holders[number] as number) - 1;
    this.#holders[number] = holders;
    if (holders > 0) return;
    const text = this.text(number);
    this.#numbers.delete(text);
    this.#texts[number] = "";
    this.#free.push(number);
    this.#length -= text.length;
  }
}

/** Such a text a row. That of a row that is not in use is empty. */
export class SharedText {
  readonly #texts: SharedTexts;
  readonly #at: Cells;

  constructor(texts: SharedTexts, at: Cells) {
    this.#texts = texts;
    this.#at = at;
  }

  get(row: number): string {
    return this.#texts.text(this.#at.get(row));
  }

  set(row: number, text: string): void {
    const before = this.#at.get(row);
    if (this.#texts.text(before) === text) return;
    this.#at.set(row, this.#texts.hold(text));
    this.#texts.release(before);
  }

  /** Gives a row that of another. */
  copy(from: number, row: number): void {
    const before = this.#at.get(row);
    this.#at.set(row, this.#texts.share(this.#at.get(from)));
    this.#texts.release(before);
  }
}
