import { memberId } from "../../core/query/alike.ts";
import type { ProcessId, TreeRow } from "../../core/query/model.ts";
import { moveTo } from "./cursor.ts";
import type { Foldable, Frame } from "./frame.ts";
import { cursorOf, withCursor } from "./navigation.ts";
import type { ViewState } from "./view-state.ts";

function treeRow({ body }: Frame, at: number): TreeRow | undefined {
  return body.screen === "tree" ? body.row(at) : undefined;
}

/** The row that a row hangs below. */
function parentRow(frame: Frame, at: number, depth: number): TreeRow | undefined {
  for (let above = at - 1; above >= 0; above--) {
    const row = treeRow(frame, above);
    if (row !== undefined && row.depth < depth) {
      return row;
    }
  }
  return undefined;
}

/** Opens the alike exited processes that a row stands for, or folds them again, from any of them. undefined: there is nothing to. */
function foldExited(view: ViewState, frame: Frame, open: boolean): ViewState | undefined {
  const { body, cursor, layout } = frame;
  if (body.screen !== "tree") {
    return undefined;
  }
  let at = cursor.index;
  const depth = treeRow(frame, at)?.depth;
  // What a member of it started stands between.
  while (treeRow(frame, at)?.member || (treeRow(frame, at)?.depth ?? 0) > (depth ?? 0)) {
    at--;
  }
  const row = treeRow(frame, at);
  const id = body.ids[at];
  if (row === undefined || id === undefined || row.count === 1 || row.open === open) {
    return undefined;
  }
  const unfolded = new Set(view.unfolded);
  if (open) {
    unfolded.add(id);
  } else {
    unfolded.delete(id);
    for (let below = at + 1; ; below++) {
      const inside = treeRow(frame, below);
      if (inside === undefined || (!inside.member && inside.depth <= row.depth)) {
        break;
      }
      unfolded.delete(memberId(inside.id));
    }
  }
  const shown = { ...view, unfolded };
  return withCursor(shown, moveTo(cursorOf(shown), body.ids, layout.list, id));
}

function withCollapsed(view: ViewState, change: (collapsed: Set<ProcessId>) => void): ViewState {
  const collapsed = new Set(view.collapsed);
  change(collapsed);
  return { ...view, collapsed };
}

/** Rows of lists in which alike ones are folded. */
function foldables({ body }: Frame): readonly Foldable[] | undefined {
  return body.screen === "findings" || body.screen === "connections" ? body.rows : undefined;
}

/** What was folded into one row, one by one; or folded again, from any of them. */
function foldAlike(view: ViewState, frame: Frame, rows: readonly Foldable[], open: boolean): ViewState {
  const row = rows.slice(0, frame.cursor.index + 1).findLast((one) => !one.member);
  if (row === undefined || row.count === 1 || row.open === open) {
    return view;
  }
  const unfolded = new Set(view.unfolded);
  if (open) {
    unfolded.add(row.id);
  } else {
    unfolded.delete(row.id);
    // One of its members may have been what it was opened for.
    const at = rows.indexOf(row);
    const end = rows.findIndex((other, index) => index > at && !other.member);
    for (const { id } of rows.slice(at + 1, end < 0 ? rows.length : end)) {
      unfolded.delete(id);
    }
  }
  const shown = { ...view, unfolded };
  return withCursor(shown, moveTo(cursorOf(shown), frame.body.ids, frame.layout.list, row.id));
}

/** The first row of the next or previous pane, or section, that has any. */
function toPane(view: ViewState, { body, cursor, layout }: Frame, delta: 1 | -1): ViewState {
  if (body.screen !== "detail") {
    return view;
  }
  const headings = body.rows.flatMap((row, at) => (row.kind === "heading" ? [at] : []));
  const filled = body.panes.filter(({ count }) => count > 0).map(({ start }) => start);
  const starts = headings.length > 0 ? headings : filled;
  const here = starts.findLastIndex((start) => start <= cursor.index);
  // Back leads to the beginning of this one first.
  const inside = delta < 0 && starts[here] !== cursor.index;
  const id = body.ids[starts[inside ? here : here + delta] ?? -1];
  return id === undefined ? view : withCursor(view, moveTo(cursorOf(view), body.ids, layout.list, id));
}

/** Collapses the row; on a row that has nothing to collapse, goes to its parent. */
export function collapseRow(view: ViewState, frame: Frame): ViewState {
  const alike = foldables(frame);
  if (alike !== undefined) {
    return foldAlike(view, frame, alike, false);
  }
  if (frame.body.screen === "detail") {
    return toPane(view, frame, -1);
  }
  const { index } = frame.cursor;
  const row = treeRow(frame, index);
  if (row === undefined || view.layout === "flat") {
    return view;
  }
  const folded = row.count > 1 || (row.member && (row.children === 0 || row.collapsed));
  const again = folded ? foldExited(view, frame, false) : undefined;
  if (again !== undefined) {
    return again;
  }
  if (row.children > 0 && !row.collapsed) {
    return withCollapsed(view, (collapsed) => collapsed.add(row.id));
  }
  const parent = parentRow(frame, index, row.depth);
  return parent === undefined
    ? view
    : withCursor(view, moveTo(cursorOf(view), frame.body.ids, frame.layout.list, parent.id));
}

export function expandRow(view: ViewState, frame: Frame): ViewState {
  const alike = foldables(frame);
  if (alike !== undefined) {
    return foldAlike(view, frame, alike, true);
  }
  if (frame.body.screen === "detail") {
    return toPane(view, frame, 1);
  }
  const row = treeRow(frame, frame.cursor.index);
  if ((row?.count ?? 1) > 1) {
    return foldExited(view, frame, true) ?? view;
  }
  return row?.collapsed ? withCollapsed(view, (collapsed) => collapsed.delete(row.id)) : view;
}

/** Expands everything when anything is collapsed, otherwise collapses every row below the roots. */
export function toggleAll(view: ViewState, frame: Frame): ViewState {
  if (view.collapsed.size > 0) {
    return { ...view, collapsed: new Set() };
  }
  return withCollapsed(view, (collapsed) => {
    for (const at of frame.body.ids.keys()) {
      const row = treeRow(frame, at);
      if (row !== undefined && row.depth > 0 && row.children > 0) {
        collapsed.add(row.id);
      }
    }
  });
}
