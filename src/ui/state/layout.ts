import type { CaptureTotals } from "../ports.ts";
import { sanitise } from "../text/sanitise.ts";
import { wrapWords } from "../text/width.ts";
import type { Screen, Size } from "./view-state.ts";

/** Rows of the terminal given to each part, from top to bottom. */
export interface Layout extends Size {
  /** The terminal is too small to show anything useful. */
  readonly tooSmall: boolean;
  readonly tabs: number;
  readonly charts: number;
  /** The details of a process fit beside each other. */
  readonly panes: boolean;
  readonly banner: number;
  /** The time bar. */
  readonly time: number;
  /** Fixed lines of the screen above and below its list. */
  readonly head: number;
  readonly list: number;
  readonly foot: number;
  readonly info: number;
  readonly keys: number;
}

export const LEAST_COLUMNS = 40;
export const LEAST_ROWS = 8;
const CHART_ROWS = 5;
/** Charts appear on a terminal that has this much room beside them. */
const CHARTS_FROM: Size = { columns: 90, rows: 32 };

const PANES_FROM: Size = { columns: 110, rows: 28 };

/** Reasons are sentences: from this height on there is room to show them whole. */
const TWO_INFO_LINES_FROM = 22;

const HEAD: Readonly<Record<Screen["name"], number>> = {
  tree: 1,
  connections: 1,
  files: 1,
  findings: 1,
  containers: 1,
  listen: 1,
  detail: 5,
  origin: 3,
  impact: 3,
  help: 1,
};

/**
 * What is missed, how to get it, and why, in as many lines as it takes, `most` at most: where that is too few, of what is
 * missed only the first words, never without cause and cure.
 */
export function bannerLines(limited: CaptureTotals["limited"], columns: number, most: number): readonly string[] {
  if (limited === undefined) {
    return [];
  }
  const wrapped = (missed: string): readonly string[] =>
    wrapWords(sanitise(`LIMITED: ${missed}  ${limited.fix}  (${limited.why})`), Math.max(columns - 2, 1));
  const words = limited.missed.split(" ");
  let lines = wrapped(`${limited.missed}.`);
  for (let kept = words.length - 1; kept >= 0 && lines.length > most; kept--) {
    lines = wrapped([...words.slice(0, kept), "..."].join(" "));
  }
  return [...lines.slice(0, most - 1), lines.slice(most - 1).join(" ")].slice(0, Math.min(lines.length, most));
}

/** Whether what is shown is of a file: this machine's meters say nothing of it. */
export function isOfFile({ kind }: Pick<CaptureTotals, "kind">): boolean {
  return kind === "replay" || kind === "import";
}

export function layoutOf(size: Size, screen: Screen["name"], capture: CaptureTotals, away = false): Layout {
  const { limited } = capture;
  const tooSmall = size.columns < LEAST_COLUMNS || size.rows < LEAST_ROWS;
  const roomy = size.rows >= 14;
  const room = size.columns >= CHARTS_FROM.columns && size.rows >= CHARTS_FROM.rows;
  const charts = room && !isOfFile(capture) ? CHART_ROWS : 0;
  const fixed = {
    tabs: roomy ? 1 : 0,
    charts,
    banner: Math.min(bannerLines(limited, size.columns, roomy ? 2 : 1).length, roomy ? 2 : 1),
    time: away ? 1 : 0,
    head: roomy ? HEAD[screen] : Math.min(HEAD[screen], 1),
    foot: screen === "origin" || screen === "impact" ? 1 : 0,
    info: size.rows >= TWO_INFO_LINES_FROM ? 2 : roomy ? 1 : 0,
    keys: 1,
  };
  const used = 1 + Object.values(fixed).reduce((sum, rows) => sum + rows, 0);
  const panes = size.columns >= PANES_FROM.columns && size.rows >= PANES_FROM.rows;
  return { ...size, ...fixed, panes, tooSmall, list: Math.max(size.rows - used, 1) };
}
