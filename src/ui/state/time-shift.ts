import type { ProcessId, Subject } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import type { Screen, ViewState } from "./view-state.ts";

/** What an id of one moment is at another: ids belong to a moment, keys do not. */
type Rename = <S extends Subject>(subject: S) => number | undefined;

function renamedScreen(screen: Screen, rename: Rename): Screen | undefined {
  switch (screen.name) {
    case "connections":
    case "files": {
      if (screen.process === undefined) {
        return screen;
      }
      const process = rename({ kind: "process", id: screen.process });
      return process === undefined ? undefined : { ...screen, process };
    }
    case "detail": {
      const process = rename({ kind: "process", id: screen.process });
      return process === undefined ? undefined : { ...screen, process };
    }
    case "origin":
    case "impact": {
      if (screen.target.kind === "finding") {
        return undefined;
      }
      const id = rename(screen.target);
      return id === undefined ? undefined : { ...screen, target: { ...screen.target, id } };
    }
    case "tree":
    case "findings":
    case "containers":
    case "listen":
    case "help":
      return screen;
  }
}

/** Kinds of the rows a list's cursor stands on, by screenKey. */
const ROWS: Readonly<Record<string, "process" | "connection">> = {
  tree: "process",
  "connections/": "connection",
  listen: "connection",
};

/**
 * The view at another moment: the same screens, cursors and folds, as far as what they are about is known there. Screens of what is not
 * lead back to the last one that is.
 */
export function shiftView(view: ViewState, before: Queries, after: Queries): ViewState {
  const rename: Rename = (subject) => {
    const key = before.keyOf(subject);
    return key === undefined ? undefined : after.findKey(key)?.id;
  };
  const screens: Screen[] = [];
  for (const screen of view.screens) {
    const renamed = renamedScreen(screen, rename);
    if (renamed === undefined) {
      break;
    }
    screens.push(renamed);
  }
  const cursors: Record<string, ViewState["cursors"][string]> = {};
  for (const [key, cursor] of Object.entries(view.cursors)) {
    const kind = ROWS[key];
    const id = kind === undefined || cursor.id === undefined ? undefined : rename({ kind, id: cursor.id });
    if (id !== undefined) {
      cursors[key] = { ...cursor, id };
    } else if (!key.includes("/") || kind !== undefined) {
      cursors[key] = cursor;
    }
  }
  // A fold of what did not run yet is kept for when it does again.
  const folds = new Set(view.foldedElsewhere);
  const collapsed = new Set<ProcessId>();
  for (const id of view.collapsed) {
    const key = before.keyOf({ kind: "process", id });
    if (key !== undefined) {
      folds.add(key);
    }
  }
  for (const key of folds) {
    const found = after.findKey(key);
    if (found?.kind === "process") {
      collapsed.add(found.id);
      folds.delete(key);
    }
  }
  const tags = new Set<ProcessId>();
  for (const id of view.tags) {
    const renamed = rename({ kind: "process", id });
    if (renamed !== undefined) {
      tags.add(renamed);
    }
  }
  const { zoom, overlay, ...rest } = view;
  const zoomed = zoom === undefined ? undefined : rename({ kind: "process", id: zoom });
  // A dialog about a process is about that very process: it closes.
  const kept = overlay?.name === "menu" || overlay?.name === "confirm" ? undefined : overlay;
  return {
    ...rest,
    screens: screens.length === 0 ? [{ name: "tree" }] : screens,
    history: [],
    cursors,
    collapsed,
    tags,
    foldedElsewhere: [...folds],
    ...(zoomed === undefined ? {} : { zoom: zoomed }),
    ...(kept === undefined ? {} : { overlay: kept }),
  };
}
