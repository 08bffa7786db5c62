import { useMemo } from "react";
import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { Body, Frame } from "../state/frame.ts";
import { filterOf } from "../state/navigation.ts";
import type { ViewState } from "../state/view-state.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { anyContainer, treeColumns } from "./tree-columns.ts";
import { treeHead } from "./tree-head.ts";
import { type LookedAt, TreeLines } from "./tree-lines.ts";

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
      {head > 0 && <Lines lines={[treeHead(env.theme, columns, width, view)]} />}
      <Lines
        lines={lines.length === 0 ? ["", nothing(env, width, filterOf(view), frame.nowMs === 0)] : lines}
        height={list}
      />
    </>
  );
}
