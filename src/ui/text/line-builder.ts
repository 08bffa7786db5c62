import type { Theme } from "../theme/theme.ts";
import type { Ground, Token } from "../theme/tokens.ts";
import { sanitise } from "./sanitise.ts";
import { fitWidth, takeWidth, textWidth, truncate } from "./width.ts";

const RESET = "\x1b[0m";

/**
 * One line of the screen, segment by segment: cut at `width` cells, filled to it, an escape sequence only where the style
 * changes. Everything that is added is sanitised, so no text from outside reaches the terminal raw.
 */
export class LineBuilder {
  readonly #theme: Theme;
  readonly #ground: Ground;
  readonly #width: number;
  #text = "";
  #style = "";
  #used = 0;

  constructor(theme: Theme, width: number, ground: Ground = "plain") {
    this.#theme = theme;
    this.#width = width;
    this.#ground = ground;
  }

  /** Cells left. */
  get left(): number {
    return this.#width - this.#used;
  }

  get used(): number {
    return this.#used;
  }

  add(token: Token, text: string): this {
    if (text === "" || this.left <= 0) {
      return this;
    }
    const clean = this.#clean(text);
    const cut = textWidth(clean) <= this.left ? clean : takeWidth(clean, this.left);
    this.#put(token, cut, textWidth(cut));
    return this;
  }

  /** A cell of a table: exactly `width` cells. */
  cell(token: Token, text: string, width: number, align: "left" | "right" = "left"): this {
    const room = Math.min(width, this.left);
    if (room > 0) {
      this.#put(token, fitWidth(this.#clean(text), room, align, this.#theme.glyphs.ellipsis), room);
    }
    return this;
  }

  /** Up to `width` cells, with an ellipsis where it was cut. */
  clipped(token: Token, text: string, width = this.left): this {
    const clean = truncate(this.#clean(text), Math.min(width, this.left), this.#theme.glyphs.ellipsis);
    if (clean !== "") {
      this.#put(token, clean, textWidth(clean));
    }
    return this;
  }

  /** Blanks up to a column. */
  to(column: number, token: Token = "text"): this {
    const blanks = Math.min(column, this.#width) - this.#used;
    if (blanks > 0) {
      this.#put(token, " ".repeat(blanks), blanks);
    }
    return this;
  }

  /** Text that carries its own SGR codes and no other control: a chart's line, `width` cells wide. */
  painted(text: string, width: number): this {
    if (width <= this.left) {
      this.#text += `${RESET}${text}`;
      this.#style = "";
      this.#used += width;
    }
    return this;
  }

  /** The finished line; filled with blanks where its ground or `fill` has a background. */
  build(fill: Token = "text"): string {
    if (this.#ground !== "plain" || fill !== "text") {
      this.to(this.#width, fill);
    }
    return this.#text === "" ? "" : this.#text + RESET;
  }

  #clean(text: string): string {
    const clean = sanitise(text);
    return this.#theme.ascii ? clean.replace(/[^ -~]/gu, "?") : clean;
  }

  #put(token: Token, text: string, width: number): void {
    const style = this.#theme.styles[this.#ground][token];
    if (style !== this.#style) {
      this.#text += style;
      this.#style = style;
    }
    this.#text += text;
    this.#used += width;
  }
}
