import type { Order } from "../state/columns.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { sanitise } from "../text/sanitise.ts";
import { truncateChain, truncateMiddle, truncateStart } from "../text/width.ts";
import type { Ground, Token } from "../theme/tokens.ts";
import type { Env } from "./env.ts";

/** A column of a table, declared once for its head and its cells. */
export interface Column<Row> {
  /** As state/columns.ts names it; a column without one is always shown. */
  readonly key?: string;
  readonly title: string;
  /** Cells; the columns without a width share what is left by `share`. */
  readonly width?: number;
  readonly share?: number;
  readonly align?: "left" | "right";
  /** Where a value that is too long loses most: its end, unless its end says more. */
  readonly cut?: "start" | "middle" | "chain";
  /** Left out on a terminal narrower than this. */
  readonly from?: number;
  readonly value: (row: Row) => string;
  readonly token: (row: Row) => Token;
}

/** A column with the width it has on this terminal. */
export interface PlacedColumn<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

/** `chosen`: columns that were turned on or off, whatever the width. */
export function placeColumns<Row>(
  columns: readonly Column<Row>[],
  width: number,
  chosen: Readonly<Record<string, boolean>> = {},
): readonly PlacedColumn<Row>[] {
  const shown = columns.filter((column) => chosen[column.key ?? ""] ?? width >= (column.from ?? 0));
  const fixed = shown.reduce((sum, column) => sum + (column.width ?? 0) + 1, 1);
  const shares = shown.reduce((sum, column) => sum + (column.share ?? 0), 0);
  const rest = Math.max(width - fixed, 0);
  return shown.map((column) => ({
    column,
    width: column.width ?? Math.floor((rest * (column.share ?? 0)) / Math.max(shares, 1)),
  }));
}

export function tableHead<Row>(
  env: Env,
  columns: readonly PlacedColumn<Row>[],
  width: number,
  order: Order | undefined,
): string {
  const { ascending, descending } = env.theme.glyphs;
  const line = new LineBuilder(env.theme, width).add("columns", " ");
  for (const { column, width: cells } of columns) {
    const sorted = order !== undefined && column.key === order.key;
    const arrow = sorted ? (order.descending ? descending : ascending) : "";
    line.cell(sorted ? "columnSorted" : "columns", column.title + arrow, cells, column.align).add("columns", " ");
  }
  return line.build("columns");
}

export function tableLine<Row>(
  env: Env,
  columns: readonly PlacedColumn<Row>[],
  row: Row,
  width: number,
  ground: Ground,
): string {
  const line = new LineBuilder(env.theme, width, ground).add("text", " ");
  for (const { column, width: cells } of columns) {
    line.cell(column.token(row), shorten(env, column, row, cells), cells, column.align).add("text", " ");
  }
  return line.build();
}

function shorten<Row>({ theme }: Env, column: Column<Row>, row: Row, cells: number): string {
  const value = column.value(row);
  switch (column.cut) {
    case "start":
      return truncateStart(sanitise(value), cells, theme.glyphs.ellipsis);
    case "middle":
      return truncateMiddle(sanitise(value), cells, theme.glyphs.ellipsis);
    case "chain":
      return truncateChain(sanitise(value), cells, ` ${theme.glyphs.chevron} `, theme.glyphs.ellipsis);
    case undefined:
      return value;
  }
}
