const CLEAR = "\x1b[0m\x1b[H\x1b[2J";
/** Synchronised output (DEC private mode 2026): the terminal shows the frame whole. Others ignore it. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";

/**
 * What a terminal must be sent so that it shows a frame: the rows that differ from what it shows already, each at its
 * absolute place. Ink's own row diff measures every changed line grapheme by grapheme; that was half the cost of a frame.
 */
export class Painter {
  #shown: readonly string[] | undefined;
  #columns = 0;

  /** The terminal shows something else now: the next frame is sent whole. */
  forget(): void {
    this.#shown = undefined;
  }

  /** A frame of lines joined by newlines, none wider than the terminal. Returns "" when nothing changed. */
  paint(frame: string, columns: number, rows: number): string {
    const lines = frame.split("\n").slice(0, rows);
    const before = this.#columns === columns && this.#shown?.length === lines.length ? this.#shown : undefined;
    this.#shown = lines;
    this.#columns = columns;
    let output = "";
    for (const [row, line] of lines.entries()) {
      if (before?.[row] !== line) {
        // Erased first: behind a line that fills its row the cursor still stands on the last cell.
        output += `\x1b[${row + 1};1H\x1b[K${line}`;
      }
    }
    if (output === "") {
      return "";
    }
    return BEGIN + (before === undefined ? CLEAR : "") + output + END;
  }
}
