import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import { countOf } from "../state/details.ts";
import type { Body, DetailRow, Frame, Pane } from "../state/frame.ts";
import { LineBuilder } from "../text/line-builder.ts";

type DetailBody = Extract<Body, { screen: "detail" }>;
/** Draws one row of a pane, `width` cells at most. */
export type RowLine = (row: DetailRow, width: number, selected: boolean) => string;

/** The grid, row by row: two panes beside each other, or one alone. */
const GRID = [["findings"], ["connections", "files"], ["ancestors", "children"], ["timeline"]] as const;
/** Top and bottom of a frame. */
const FRAME = 2;
const LEAST_ROWS = 1;

/** Rows inside the frames of each line of the grid: what it needs where there is room, else an even share. */
function heights(wanted: readonly number[], room: number): readonly number[] {
  const given = wanted.map(() => LEAST_ROWS);
  let left = room - given.reduce((sum, rows) => sum + rows + FRAME, 0);
  while (left > 0) {
    const hungry = given.findIndex(
      (rows, at) =>
        rows < (wanted[at] ?? 0) &&
        rows === Math.min(...given.filter((_, other) => (given[other] ?? 0) < (wanted[other] ?? 0))),
    );
    // What nobody needs goes to the last one.
    const at = hungry < 0 ? given.length - 1 : hungry;
    given[at] = (given[at] ?? 0) + (hungry < 0 ? left : 1);
    left = hungry < 0 ? 0 : left - 1;
  }
  return given;
}

/** The frame of a pane and its rows; the part around the cursor, or the beginning. */
function paneLines(
  env: Env,
  { title, start, count, left }: Pane,
  body: DetailBody,
  cursor: number,
  size: { readonly width: number; readonly rows: number },
  draw: RowLine,
): readonly string[] {
  const [horizontal, vertical, topLeft, topRight, bottomRight, bottomLeft] = env.theme.glyphs.frame;
  const { width, rows } = size;
  const inner = width - 2;
  const here = cursor >= start && cursor < start + count;
  const first = here ? Math.max(Math.min(cursor - start - Math.floor(rows / 2), count - rows), 0) : 0;
  const line = (): LineBuilder => new LineBuilder(env.theme, width);
  const head = line()
    .add("border", `${topLeft}${horizontal} `)
    .add(here ? "title" : "text", title)
    .add("dim", ` ${countOf(count, left)} `);
  const hidden = count - rows;
  const more = hidden > 0 ? ` ${first + 1}-${first + rows} ` : "";
  head.add("border", horizontal.repeat(Math.max(head.left - more.length - 2, 0))).add("dim", more);
  head.add("border", horizontal.repeat(Math.max(head.left - 1, 0)) + topRight);
  const inside = Array.from({ length: rows }, (_, at) => {
    const index = start + first + at;
    const row = first + at < count ? body.rows[index] : undefined;
    const blank = new LineBuilder(env.theme, inner).add("faint", count === 0 && at === 0 ? " none" : "").to(inner);
    const text = row === undefined ? blank.build() : draw(row, inner, index === cursor);
    return line().add("border", vertical).painted(text, inner).add("border", vertical).build();
  });
  const foot = line().add("border", bottomLeft + horizontal.repeat(inner) + bottomRight);
  return [head.build(), ...inside, foot.build()];
}

interface PanesProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: DetailBody;
  readonly draw: RowLine;
}

/** Connections and files, relatives and timeline beside each other, each scrolled on its own. */
export function DetailPanes({ env, frame, body, draw }: PanesProps) {
  const { columns, list } = frame.layout;
  const paneOf = (title: string): Pane | undefined => body.panes.find((pane) => pane.title === title);
  const grid = GRID.map((titles) => titles.map(paneOf).filter((pane) => pane !== undefined)).filter((panes) =>
    panes.some(({ title, count }) => count > 0 || title !== "findings"),
  );
  const rows = heights(
    grid.map((panes) => Math.max(...panes.map(({ count }) => count))),
    list,
  );
  const lines = grid.flatMap((panes, at) => {
    const left = panes.length === 1 ? columns : Math.floor(columns / 2);
    const drawn = panes.map((pane, beside) => {
      const width = beside === 0 ? left : columns - left;
      return { width, lines: paneLines(env, pane, body, frame.cursor.index, { width, rows: rows[at] ?? 1 }, draw) };
    });
    return Array.from({ length: (rows[at] ?? 1) + FRAME }, (_, row) => {
      const line = new LineBuilder(env.theme, columns);
      for (const { width, lines: pane } of drawn) {
        line.painted(pane[row] ?? "", width);
      }
      return line.build();
    });
  });
  return <Lines lines={lines} height={list} />;
}
