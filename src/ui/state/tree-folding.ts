import type { ProcessId, TreeRow } from "../../core/query/model.ts";
import { moveTo } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import { cursorOf, withCursor } from "./navigation.ts";
import type { ViewState } from "./view-state.ts";

function treeRows(frame: Frame): readonly TreeRow[] {
  return frame.body.screen === "tree" ? frame.body.rows : [];
}

function withCollapsed(view: ViewState, change: (collapsed: Set<ProcessId>) => void): ViewState {
  const collapsed = new Set(view.collapsed);
  change(collapsed);
  return { ...view, collapsed };
}

/** Collapses the row; on a row that has nothing to collapse, goes to its parent. */
export function collapseRow(view: ViewState, frame: Frame): ViewState {
  const rows = treeRows(frame);
  const { index } = frame.cursor;
  const row = rows[index];
  if (row === undefined || view.layout === "flat") {
    return view;
  }
  if (row.children > 0 && !row.collapsed) {
    return withCollapsed(view, (collapsed) => collapsed.add(row.id));
  }
  const parent = rows.slice(0, index).findLast((other) => other.depth < row.depth);
  return parent === undefined
    ? view
    : withCursor(view, moveTo(cursorOf(view), frame.body.ids, frame.layout.list, parent.id));
}

export function expandRow(view: ViewState, frame: Frame): ViewState {
  const row = treeRows(frame)[frame.cursor.index];
  return row?.collapsed ? withCollapsed(view, (collapsed) => collapsed.delete(row.id)) : view;
}

/** Expands everything when anything is collapsed, otherwise collapses every row below the roots. */
export function toggleAll(view: ViewState, frame: Frame): ViewState {
  if (view.collapsed.size > 0) {
    return { ...view, collapsed: new Set() };
  }
  return withCollapsed(view, (collapsed) => {
    for (const row of treeRows(frame)) {
      if (row.depth > 0 && row.children > 0) {
        collapsed.add(row.id);
      }
    }
  });
}
