import { memberId } from "../../core/query/alike.ts";
import type { ProcessId } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import { type Cursor, TOP } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import { currentScreen, type Place, type Screen, screenKey, type ViewState } from "./view-state.ts";

export function cursorOf(view: ViewState): Cursor {
  return view.cursors[screenKey(currentScreen(view))] ?? TOP;
}

export function withCursor(view: ViewState, cursor: Cursor, screen: Screen = currentScreen(view)): ViewState {
  return { ...view, cursors: { ...view.cursors, [screenKey(screen)]: cursor } };
}

const LONGEST_HISTORY = 50;

/** Esc will come back to exactly this. */
export function remember(view: ViewState, filterSet?: string): ViewState {
  const { screens, cursors, filters, layout, collapsed, zoom, kernelThreads, exited } = view;
  const place: Place = { screens, cursors, filters, layout, collapsed, zoom, kernelThreads, exited };
  const left = filterSet === undefined ? place : { ...place, filterSet };
  return { ...view, history: [...view.history, left].slice(-LONGEST_HISTORY) };
}

/** Goes to a screen; Esc comes back. */
export function push(view: ViewState, screen: Screen): ViewState {
  if (screenKey(screen) === screenKey(currentScreen(view))) {
    return view;
  }
  return { ...remember(view), screens: [...view.screens, screen].slice(-LONGEST_HISTORY) };
}

/** On an origin or an impact: every step of it, or the few again; undefined elsewhere. */
export function toggleWhole(view: ViewState): ViewState | undefined {
  const screen = currentScreen(view);
  if (screen.name !== "origin" && screen.name !== "impact") {
    return undefined;
  }
  return { ...view, screens: [...view.screens.slice(0, -1), { ...screen, whole: !screen.whole }] };
}

/** A tab: a new trail begins there. Going from tab to tab is no history of its own. */
export function open(view: ViewState, screen: Screen): ViewState {
  const { screens, history } = view;
  const wandering = history.length === 0 || (screens.length === 1 && screens[0]?.name === screen.name);
  return { ...(wandering ? view : remember(view)), screens: [screen] };
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

/** Esc: clears a filter that was typed, then shows the whole tree, then goes back to where one was, at last to the tree. */
export function back(view: ViewState): ViewState {
  const filter = filterOf(view);
  const place = view.history.at(-1);
  if (filter !== "" && filter !== place?.filterSet) {
    return withFilter(view, "");
  }
  if (view.zoom !== undefined && view.zoom !== place?.zoom && currentScreen(view).name === "tree") {
    return withoutZoom(view);
  }
  if (place === undefined) {
    return currentScreen(view).name === "tree" ? view : open(view, { name: "tree" });
  }
  const { zoom, filterSet: _, ...rest } = place;
  const restored = { ...withoutZoom(view), ...rest, history: view.history.slice(0, -1) };
  return zoom === undefined ? restored : { ...restored, zoom };
}

/** After something was done to a process: Esc leads no further back than to the list it was done from, on that row. */
export function stay(view: ViewState): ViewState {
  const deeper = view.screens.length - 1;
  return { ...view, history: deeper === 0 ? [] : view.history.slice(-deeper) };
}

const TREE: Screen = { name: "tree" };

/** Shows a process in the tree with everything above it expanded; its details when it has left the tree. */
export function revealProcess(view: ViewState, frame: Frame, queries: Queries, id: ProcessId): ViewState {
  const row = queries.process(id);
  if (row === undefined || (row.exit !== undefined && frame.nowNs - row.exit.atNs > 25e9)) {
    return push(view, { name: "detail", process: id });
  }
  const above = new Set(queries.ancestors(id));
  const shown: ViewState = {
    ...withoutZoom(remember(view)),
    screens: [TREE],
    collapsed: new Set([...view.collapsed].filter((other) => !above.has(other))),
    unfolded: row.exit === undefined ? view.unfolded : new Set([...view.unfolded, memberId(id)]),
    kernelThreads: view.kernelThreads || row.kernelThread,
    exited: view.exited || row.exit !== undefined,
    filters: { ...view.filters, [screenKey(TREE)]: "" },
  };
  return withCursor(shown, centred(id, frame.layout.list), TREE);
}

/** Shows only what a filter keeps in the tree. */
export function filterTree(view: ViewState, filter: string): ViewState {
  const shown: ViewState = {
    ...withoutZoom(remember(view, filter)),
    screens: [TREE],
    filters: { ...view.filters, [screenKey(TREE)]: filter },
  };
  return withCursor(shown, TOP, TREE);
}

/** A cursor on a row whose place is not known yet: `settle` finds it and keeps it in the middle. */
function centred(id: number, height: number): Cursor {
  return { id, index: Math.floor(height / 2), top: 0, chosen: true, seek: true };
}
