import type { Cell } from "./tui.ts";

const CELL_WIDTH = 8.4;
const CELL_HEIGHT = 18;
const BASELINE = 13.5;
const PADDING = 14;

export interface SvgOptions {
  readonly foreground?: string;
  readonly background?: string;
  readonly title?: string;
}

const hex = (rgb: number): string => `#${rgb.toString(16).padStart(6, "0")}`;
const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

interface Look {
  readonly fg: string;
  readonly bg: string | undefined;
  readonly bold: boolean;
  readonly underline: boolean;
}

function lookOf(cell: Cell, foreground: string, background: string): Look {
  const fg = cell.fg === undefined ? foreground : hex(cell.fg);
  const bg = cell.bg === undefined ? undefined : hex(cell.bg);
  const plain = { bold: cell.bold, underline: cell.underline };
  return cell.inverse ? { fg: bg ?? background, bg: fg, ...plain } : { fg, bg, ...plain };
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/gu;
const cellsOf = (text: string): number => text.length + (text.match(WIDE)?.length ?? 0);

/** Cells of one row that look alike, as [first column, columns, text]. */
function runs(
  row: readonly Cell[],
  look: (cell: Cell) => Look,
): { at: number; cells: number; text: string; look: Look }[] {
  const found: { at: number; cells: number; text: string; look: Look }[] = [];
  for (const [at, cell] of row.entries()) {
    const style = look(cell);
    const last = found.at(-1);
    // A wide character's second cell is empty: the run goes on.
    const char = cell.char === "" && at > 0 ? "" : cell.char || " ";
    if (last !== undefined && JSON.stringify(last.look) === JSON.stringify(style)) {
      last.cells += 1;
      last.text += char;
    } else {
      found.push({ at, cells: 1, text: char, look: style });
    }
  }
  return found;
}

/** Dots of a braille cell as [column, row], in the order of the bits of its code point. */
const DOTS = [
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 1],
  [1, 2],
  [0, 3],
  [1, 3],
] as const;

/** Braille and block characters as shapes: fonts disagree about their width. */
function charShape(char: string, x: number, y: number, fill: string): string | undefined {
  const code = char.codePointAt(0) ?? 0;
  if (code > 0x2800 && code <= 0x28ff) {
    const dots = DOTS.filter((_, bit) => (code >> bit) & 1).map(([column, row]) => {
      const cx = x + CELL_WIDTH * (0.27 + 0.46 * column);
      const cy = y + CELL_HEIGHT * (0.14 + 0.24 * row);
      return `M${(cx - 0.9).toFixed(1)} ${(cy - 0.9).toFixed(1)}h1.8v1.8h-1.8z`;
    });
    return `<path d="${dots.join("")}" fill="${fill}"/>`;
  }
  if (code >= 0x2581 && code <= 0x2588) {
    const height = (CELL_HEIGHT * (code - 0x2580)) / 8;
    return `<rect x="${x.toFixed(1)}" y="${(y + CELL_HEIGHT - height).toFixed(1)}" width="${CELL_WIDTH}" height="${height.toFixed(1)}" fill="${fill}"/>`;
  }
  return undefined;
}

/** A picture of a terminal's screen: every cell where it stands, in the terminal's own colours. */
export function frameToSvg(cells: readonly (readonly Cell[])[], options: SvgOptions = {}): string {
  const { foreground = "#d1d7de", background = "#0d1117", title = "spydertop" } = options;
  const columns = cells[0]?.length ?? 0;
  const width = columns * CELL_WIDTH + 2 * PADDING;
  const height = cells.length * CELL_HEIGHT + 2 * PADDING;
  const shapes: string[] = [];
  const texts: string[] = [];
  for (const [y, row] of cells.entries()) {
    for (const run of runs(row, (cell) => lookOf(cell, foreground, background))) {
      const x = PADDING + run.at * CELL_WIDTH;
      const top = PADDING + y * CELL_HEIGHT;
      const w = run.cells * CELL_WIDTH;
      if (run.look.bg !== undefined) {
        shapes.push(
          `<rect x="${x.toFixed(1)}" y="${top}" width="${w.toFixed(1)}" height="${CELL_HEIGHT}" fill="${run.look.bg}" shape-rendering="crispEdges"/>`,
        );
      }
      const drawn = [...run.text].map((char, index) => charShape(char, x + index * CELL_WIDTH, top, run.look.fg));
      if (drawn.some((shape) => shape !== undefined)) {
        texts.push(...drawn.filter((shape) => shape !== undefined));
        run.text = [...run.text].map((char, index) => (drawn[index] === undefined ? char : " ")).join("");
      }
      for (const word of run.text.matchAll(/\S+(?: \S+)*/gu)) {
        const wordX = x + cellsOf(run.text.slice(0, word.index)) * CELL_WIDTH;
        const wordWidth = cellsOf(word[0]) * CELL_WIDTH;
        const style = `${run.look.bold ? ' font-weight="bold"' : ""}${run.look.underline ? ' text-decoration="underline"' : ""}`;
        texts.push(
          `<text x="${wordX.toFixed(1)}" y="${top + BASELINE}" textLength="${wordWidth.toFixed(1)}" lengthAdjust="spacingAndGlyphs" fill="${run.look.fg}"${style}>${escapeXml(word[0])}</text>`,
        );
      }
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(1)} ${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    ...shapes,
    `<g font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
