import { moveTo } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import { cursorOf, withCursor } from "./navigation.ts";
import type { ViewState } from "./view-state.ts";

/** The next (1) or previous (-1) row of the tree whose command holds every word of the last search. */
export function nextHit(view: ViewState, frame: Frame, direction: 1 | -1): ViewState {
  const words = (view.searches[0] ?? "")
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== "");
  if (frame.body.screen !== "tree" || words.length === 0) {
    return { ...view, notice: { text: "nothing was searched yet: / searches", token: "dim" } };
  }
  const { row: rowAt, ids } = frame.body;
  for (let step = 1; step <= ids.length; step++) {
    const at = (frame.cursor.index + direction * step + ids.length * step) % ids.length;
    const [row, id] = [rowAt(at), ids[at]];
    const text = `${row?.pid} ${row?.command}`.toLowerCase();
    if (id !== undefined && words.every((word) => text.includes(word))) {
      return withCursor(view, moveTo(cursorOf(view), ids, frame.layout.list, id));
    }
  }
  return { ...view, notice: { text: `no row has "${view.searches[0]}"`, token: "warn" } };
}
