import { useMemo } from "react";
import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { Body, Frame } from "../state/frame.ts";
import { filterOf } from "../state/navigation.ts";
import type { ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { anyContainer, GUTTER, TO_THE_LEFT, type TreeColumn, type TreeColumns, treeColumns } from "./tree-columns.ts";
import { type LookedAt, TreeLines } from "./tree-lines.ts";

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
function headLine({ theme }: Env, view: ViewState, columns: TreeColumns, width: number): string {
  const { glyphs } = theme;
  const line = new LineBuilder(theme, width).add("columns", " ".repeat(GUTTER));
  const title = (text: string, key: string, cells: number, align: "left" | "right"): void => {
    const sorted = key === view.sort;
    const arrow = sorted ? (view.descending ? glyphs.descending : glyphs.ascending) : "";
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

function nothing({ theme }: Env, width: number, filter: string, reading: boolean): string {
  const known = reading ? "the file is being read" : "no process is known at this moment";
  const text = filter === "" ? known : "nothing matches the filter; Esc clears it";
  return new LineBuilder(theme, width).add("dim", `  ${text}`).build();
}

interface TreeProps {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "tree" }>;
}

export function TreeScreen({ env, view, frame, body }: TreeProps) {
  const { columns: width, list, head } = frame.layout;
  const { top, index } = frame.cursor;
  const container = anyContainer(env, body.cgroups);
  const chosen = view.columns.tree;
  const activity = view.annotations === "chips";
  const columns = useMemo(
    () => treeColumns(width, { container, chosen, activity }),
    [width, container, chosen, activity],
  );
  const drawn = useMemo(() => new TreeLines(env, columns, width), [env, columns, width]);
  const visible = body.ids.slice(top, top + list).map((_, at): LookedAt | undefined => {
    const row = body.row(top + at);
    return row && { row, selected: top + at === index, tagged: view.tags.has(row.id) };
  });
  const lines = drawn.draw(visible, frame.nowNs);
  return (
    <>
      {head > 0 && <Lines lines={[headLine(env, view, columns, width)]} />}
      <Lines
        lines={lines.length === 0 ? ["", nothing(env, width, filterOf(view), frame.nowMs === 0)] : lines}
        height={list}
      />
    </>
  );
}
