import type { ProcessId } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import { type Cursor, TOP } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import { currentScreen, type Screen, screenKey, type ViewState } from "./view-state.ts";

export function cursorOf(view: ViewState): Cursor {
  return view.cursors[screenKey(currentScreen(view))] ?? TOP;
}

export function withCursor(view: ViewState, cursor: Cursor, screen: Screen = currentScreen(view)): ViewState {
  return { ...view, cursors: { ...view.cursors, [screenKey(screen)]: cursor } };
}

const LONGEST_TRAIL = 20;

/** Goes to a screen; Esc comes back. */
export function push(view: ViewState, screen: Screen): ViewState {
  if (screenKey(screen) === screenKey(currentScreen(view))) {
    return view;
  }
  return { ...view, screens: [...view.screens, screen].slice(-LONGEST_TRAIL) };
}

/** On an origin or an impact: every step of it, or the few again; undefined elsewhere. */
export function toggleWhole(view: ViewState): ViewState | undefined {
  const screen = currentScreen(view);
  if (screen.name !== "origin" && screen.name !== "impact") {
    return undefined;
  }
  return { ...view, screens: [...view.screens.slice(0, -1), { ...screen, whole: !screen.whole }] };
}

/** A tab: a new trail begins there. */
export function open(view: ViewState, screen: Screen): ViewState {
  return { ...view, screens: [screen] };
}

export function filterOf(view: ViewState): string {
  return view.filters[screenKey(currentScreen(view))] ?? "";
}

export function withFilter(view: ViewState, filter: string): ViewState {
  return { ...view, filters: { ...view.filters, [screenKey(currentScreen(view))]: filter } };
}

export function withoutZoom(view: ViewState): ViewState {
  const { zoom: _, ...rest } = view;
  return rest;
}

/** Esc: clears the filter first, then shows the whole tree, then goes back one screen, at last to the tree. */
export function back(view: ViewState): ViewState {
  if (filterOf(view) !== "") {
    return withFilter(view, "");
  }
  if (view.zoom !== undefined && currentScreen(view).name === "tree") {
    return withoutZoom(view);
  }
  if (view.screens.length > 1) {
    return { ...view, screens: view.screens.slice(0, -1) };
  }
  return open(view, { name: "tree" });
}

/** Shows a process in the tree with everything above it expanded; its details when it has left the tree. */
export function revealProcess(view: ViewState, frame: Frame, queries: Queries, id: ProcessId): ViewState {
  const row = queries.process(id);
  if (row === undefined || (row.exit !== undefined && frame.nowNs - row.exit.atNs > 25e9)) {
    return push(view, { name: "detail", process: id });
  }
  const above = new Set(queries.ancestors(id));
  const tree: Screen = { name: "tree" };
  const collapsed = new Set([...view.collapsed].filter((other) => !above.has(other)));
  const shown: ViewState = {
    ...open(withoutZoom(view), tree),
    collapsed,
    kernelThreads: view.kernelThreads || row.kernelThread,
    filters: { ...view.filters, [screenKey(tree)]: "" },
  };
  return withCursor(shown, centred(id, frame.layout.list), tree);
}

/** A cursor on a row whose place is not known yet: `settle` finds it and keeps it in the middle. */
function centred(id: number, height: number): Cursor {
  return { id, index: Math.floor(height / 2), top: 0, chosen: true, seek: true };
}
