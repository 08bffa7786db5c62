import { orderOf, type TableName } from "../state/columns.ts";
import type { Frame } from "../state/frame.ts";
import type { ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import type { Ground } from "../theme/tokens.ts";
import type { Env } from "./env.ts";
import { Lines } from "./lines.tsx";
import { type Column, placeColumns, tableHead, tableLine } from "./table.ts";

interface TableProps<Row> {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly table: TableName;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Shown in place of rows when there are none. */
  readonly empty: string;
  readonly marked: (row: Row) => boolean;
}

/** A screen that is one table: head, rows, cursor. */
export function TableScreen<Row>({ env, view, frame, table, columns, rows, empty, marked }: TableProps<Row>) {
  const { columns: width, list, head } = frame.layout;
  const { top, index } = frame.cursor;
  const placed = placeColumns(columns, width, view.columns[table]);
  const ground = (row: Row, at: number): Ground => (at === index ? "selected" : marked(row) ? "marked" : "plain");
  const lines = rows.slice(top, top + list).map((row, at) => tableLine(env, placed, row, width, ground(row, top + at)));
  const nothing = new LineBuilder(env.theme, width).add("dim", `  ${empty}`).build();
  return (
    <>
      {head > 0 && <Lines lines={[tableHead(env, placed, width, orderOf(view, table))]} />}
      <Lines lines={rows.length === 0 ? ["", nothing] : lines} height={list} />
    </>
  );
}
