import Line from "blessed-contrib/lib/widget/charts/line.js";
import Sparkline from "blessed-contrib/lib/widget/sparkline.js";
import type { Theme } from "../theme/theme.ts";
import type { Token } from "../theme/tokens.ts";
import { mount, type Painter } from "./offscreen.ts";

export interface ChartSeries {
  readonly values: readonly number[];
  readonly token: Token;
}

/** contrib's line chart keeps this much of its canvas for labels of a 0-1 scale; it is cut off, labels are ours. */
const LABEL_COLUMNS = 4;
const LABEL_ROWS = 3;
/** Lines.prototype.calcSize leaves these cells of the element unused. */
const ELEMENT_COLUMNS = 6;
const ELEMENT_ROWS = 2;

/** The widget's colours are numbers of the 256: they stand for tokens until the text is painted in the theme's. */
const AXIS = 16;
const FIRST_SERIES = 17;
const COLOUR = "\x1b[38;5;";

/** One line of a canvas: without the first `skip` cells, in the theme's colours, a code only where it changes. */
function recolour(line: string, skip: number, tokens: readonly Token[], theme: Theme): string {
  let painted = "";
  let wanted: Token = "faint";
  let current: Token | undefined;
  let column = 0;
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string;
    if (char === "\x1b") {
      const end = line.indexOf("m", i);
      const colour = line.startsWith(COLOUR, i) ? Number(line.slice(i + COLOUR.length, end)) : AXIS;
      wanted = tokens[colour - FIRST_SERIES] ?? "faint";
      i = end;
    } else if (column++ >= skip) {
      if (wanted !== current && char !== " ") {
        painted += theme.styles.plain[wanted];
        current = wanted;
      }
      painted += char;
    }
  }
  return `${painted}\x1b[0m`;
}

/**
 * A line chart of the newest values, one per column, in `rows` lines of braille; the left column is the axis. Returns a
 * function to be kept: it repaints only when a point moved by a dot.
 */
export function createLineChart(
  theme: Theme,
  columns: number,
  rows: number,
): (series: readonly ChartSeries[], max: number) => readonly string[] {
  const painter: Painter = mount(Line, columns + LABEL_COLUMNS + ELEMENT_COLUMNS, rows + LABEL_ROWS + ELEMENT_ROWS, {
    style: { line: FIRST_SERIES, text: AXIS, baseline: AXIS },
    xPadding: LABEL_COLUMNS * 2,
    xLabelPadding: LABEL_COLUMNS * 2,
    numYLabels: 2,
    // One of the blank labels is enough.
    showNthLabel: columns,
    minY: 0,
    maxY: 1,
    showLegend: false,
  });
  const points = Math.max(columns - 1, 2);
  // The widget lifts its line two of four dots a row above the baseline: 1 would be drawn above the canvas.
  const top = 1 - 2 / (4 * rows + 1);
  const dots = 4 * rows - 1;
  const labels = new Array<string>(points).fill(" ");
  let painted: { steps: readonly number[]; lines: readonly string[] } | undefined;
  return (series, max) => {
    const steps = series.flatMap(({ values }) =>
      newest(values, points).map((value) => Math.floor(dots * (1 - Math.min(value / max, 1)))),
    );
    if (painted === undefined || steps.some((step, at) => step !== painted?.steps[at])) {
      const data = series.map((_, index) => ({
        title: "",
        x: labels,
        // In the middle of its dot, so that rounding does not move it.
        y: steps.slice(index * points, (index + 1) * points).map((step) => (1 - (step + 0.5) / dots) * top),
        style: { line: FIRST_SERIES + index },
      }));
      const tokens = series.map(({ token }) => token);
      const lines = painter.paint(data).split("\n").slice(0, rows);
      painted = { steps, lines: lines.map((line) => recolour(line, LABEL_COLUMNS, tokens, theme)) };
    }
    return painted.lines;
  };
}

/** The last `count` values, zeros in front where there are fewer. */
function newest(values: readonly number[], count: number): number[] {
  const last = values.slice(-count);
  return [...new Array<number>(count - last.length).fill(0), ...last];
}

const sparkline = mount(Sparkline, Number.MAX_SAFE_INTEGER, 1, {});
const ASCII_LEVELS: Readonly<Record<string, string>> = {
  "▁": "_",
  "▂": ".",
  "▃": "-",
  "▄": "-",
  "▅": "=",
  "▆": "=",
  "▇": "#",
  "█": "#",
};

/** The last `cells` values as block characters between 0 and `max`. */
export function sparkLine(theme: Theme, values: readonly number[], cells: number, max: number): string {
  // The widget scales between the smallest and the largest value: two values in front fix it, and its integers overflow above 8 million.
  const scaled = [0, 1000, ...newest(values, cells).map((value) => Math.min(value / max, 1) * 1000)];
  const line = sparkline.paint(["-"], [scaled]).split("\r\n")[2]?.slice(2) ?? "";
  return theme.ascii ? line.replace(/[▁-█]/gu, (level) => ASCII_LEVELS[level] ?? " ") : line;
}

/** A scale that does not twitch: the next of 1, 2, 5 times a power of ten above the largest value. */
export function niceMax(values: readonly number[], least: number): number {
  const largest = values.reduce((a, b) => Math.max(a, b), least);
  const power = 10 ** Math.floor(Math.log10(largest));
  return ([1, 2, 5, 10].find((step) => step * power >= largest) ?? 10) * power;
}
