import type { ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import type { Theme } from "../theme/theme.ts";
import { GUTTER, TO_THE_LEFT, type TreeColumn, type TreeColumns } from "./tree-columns.ts";

const TITLE: Readonly<Record<TreeColumn, string>> = {
  ppid: "PPID",
  user: "USER",
  login: "LOGIN",
  cpu: "CPU%",
  memory: "RES",
  threads: "THR",
  age: "AGE",
  receive: "/s",
  send: "/s",
  container: "CONTAINER",
  unit: "UNIT",
};

/** The titles over the columns; an arrow at the one that rows are sorted by. */
export function treeHead(
  theme: Theme,
  columns: TreeColumns,
  width: number,
  order?: Pick<ViewState, "sort" | "descending">,
): string {
  const { glyphs } = theme;
  const line = new LineBuilder(theme, width).add("columns", " ".repeat(GUTTER));
  const title = (text: string, key: string, cells: number, align: "left" | "right"): void => {
    const sorted = key === order?.sort;
    const arrow = sorted ? (order?.descending ? glyphs.descending : glyphs.ascending) : "";
    line.cell(sorted ? "columnSorted" : "columns", text + arrow, cells, align).add("columns", " ");
  };
  title("PID", "pid", columns.pid, "right");
  for (const { name, width: cells } of columns.shown) {
    const sign = name === "receive" ? glyphs.down : name === "send" ? glyphs.up : "";
    title(sign + TITLE[name], name, cells, TO_THE_LEFT.has(name) ? "left" : "right");
  }
  title("COMMAND", "command", columns.command, "left");
  if (columns.activity > 0) {
    line.cell("columns", "ACTIVITY", columns.activity);
  }
  return line.build("columns");
}
