import type { Target } from "../../core/query/model.ts";
import type { Command } from "../keymap/bindings.ts";
import type { Names, Queries, TimeAction } from "../ports.ts";
import { invertOrder, isTable, sortBy } from "./columns.ts";
import { moveBy, pageBy, TOP } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import { nextHit } from "./hits.ts";
import {
  back,
  cursorOf,
  filterOf,
  filterTree,
  open,
  push,
  revealProcess,
  toggleWhole,
  withCursor,
  withoutZoom,
} from "./navigation.ts";
import { type Selection, selected, targetAt } from "./selection.ts";
import { reniceMenu, signalMenu, tagSubtree, toggleTag } from "./targets.ts";
import { EMPTY_INPUT } from "./text-input.ts";
import { collapseRow, expandRow, toggleAll } from "./tree-folding.ts";
import { currentScreen, type Screen, type SignalTarget, TABS, type ViewState } from "./view-state.ts";

/** What a key asks of the world outside the view. */
export type Effect =
  | { readonly kind: "quit" }
  | { readonly kind: "suspend" }
  | { readonly kind: "redraw" }
  | { readonly kind: "copy-row" }
  | { readonly kind: "time"; readonly action: TimeAction }
  | { readonly kind: "snapshot" }
  | { readonly kind: "copy-chain"; readonly of: "origin" | "impact"; readonly target: Target }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals; readonly targets: readonly SignalTarget[] }
  | { readonly kind: "renice"; readonly nice: number; readonly targets: readonly SignalTarget[] };

export interface Step {
  readonly view: ViewState;
  readonly effect?: Effect;
}

export interface Context {
  readonly frame: Frame;
  readonly queries: Queries;
  readonly names: Names;
  readonly readOnly: boolean;
  /** Nice value of a process; undefined when it is gone. */
  readonly nice: (pid: number) => number | undefined;
}

const MINUTE_NS = 60e9;

function tabAfter(view: ViewState, delta: number): ViewState {
  const root = view.screens[0]?.name;
  const index = Math.max(
    TABS.findIndex((tab) => tab.name === root),
    0,
  );
  const name = TABS[(index + delta + TABS.length) % TABS.length]?.name ?? "tree";
  return open(view, { name });
}

/** Enter: one level deeper into what the cursor is on. */
function drill(view: ViewState, { frame, queries }: Context, selection: Selection): ViewState {
  const { subject, process } = selection;
  switch (frame.body.screen) {
    case "tree": {
      const row = frame.body.row(frame.cursor.index);
      if (row !== undefined && row.count > 1 && !row.open) {
        return expandRow(view, frame);
      }
      return process === undefined ? view : push(view, { name: "detail", process });
    }
    case "connections":
    case "listen":
    case "files":
      return process === undefined ? view : push(view, { name: "detail", process });
    case "findings": {
      const row = frame.body.rows[frame.cursor.index];
      if (row !== undefined && row.count > 1 && !row.open) {
        return expandRow(view, frame);
      }
      return process === undefined ? view : revealProcess(view, frame, queries, process);
    }
    case "containers": {
      const row = frame.body.rows[frame.cursor.index];
      return row === undefined ? view : filterTree(view, row.filter);
    }
    case "origin":
    case "impact":
      return goTo(view, frame, queries, selection);
    case "detail":
      if (subject === undefined) {
        return view;
      }
      return subject.kind === "process"
        ? push(view, { name: "detail", process: subject.id })
        : push(view, { name: "origin", target: subject });
    case "help":
      return view;
  }
}

function toggleZoom(view: ViewState, { process }: Selection): ViewState {
  return view.zoom === undefined && process !== undefined ? { ...view, zoom: process } : withoutZoom(view);
}

/** From a step of a chain to its row in a list. */
function goTo(view: ViewState, frame: Frame, queries: Queries, { subject }: Selection): ViewState {
  switch (subject?.kind) {
    case "process":
      return revealProcess(view, frame, queries, subject.id);
    case "connection": {
      const target: Screen = { name: "connections" };
      // It may be folded into a row with others.
      const shown = { ...push(view, target), unfolded: new Set([...view.unfolded, subject.id]) };
      return withCursor(shown, { ...TOP, id: subject.id, chosen: true, seek: true }, target);
    }
    case "file":
    case "channel":
    case undefined:
      return view;
  }
}

/** The whole command line, with what runs and where, of the process under the cursor. */
function wholeCommand(view: ViewState, { queries }: Context, { process }: Selection): ViewState {
  const detail = process === undefined ? undefined : queries.detail(process);
  const image = detail?.images.at(-1);
  if (detail === undefined) {
    return view;
  }
  const { row } = detail;
  const cut = image?.truncated ? " (longer: not all of it was kept)" : "";
  const where = image === undefined ? [] : ["", `executable: ${image.path}`, `directory: ${image.cwd}`];
  const paragraphs = [`${row.command}${cut}`, ...where];
  return { ...view, overlay: { name: "command", title: `${row.pid} ${row.name}`, paragraphs, top: 0 } };
}

const ANNOTATIONS = ["chips", "rows", "off"] as const;
const ANNOTATION_WORDS = {
  chips: "activity: beside each process",
  rows: "activity: in rows below each process",
  off: "activity: not shown",
} as const;

function nextAnnotations(view: ViewState): ViewState {
  const at = ANNOTATIONS.indexOf(view.annotations);
  const annotations = ANNOTATIONS[(at + 1) % ANNOTATIONS.length] ?? "chips";
  return { ...view, annotations, notice: { text: ANNOTATION_WORDS[annotations], token: "info" } };
}

function openMenu(view: ViewState, menu: "sort" | "columns" | "user"): ViewState {
  return { ...view, overlay: { name: "menu", menu, index: 0, targets: [] } };
}

/** The view after a command. Pure; what has to happen outside is returned as an effect. */
export function reduce(view: ViewState, command: Command, context: Context): Step {
  const { frame } = context;
  const { body, layout } = frame;
  const move = (delta: number): Step => ({
    view: withCursor(view, moveBy(cursorOf(view), body.ids, layout.list, delta)),
  });
  const page = (pages: number): Step =>
    body.screen === "help"
      ? move(Math.sign(pages))
      : { view: withCursor(view, pageBy(cursorOf(view), body.ids, layout.list, pages)) };
  const show = (next: ViewState): Step => ({ view: next });
  const selection = selected(frame);
  switch (command) {
    case "quit":
      return { view, effect: { kind: "quit" } };
    case "suspend":
      return { view, effect: { kind: "suspend" } };
    case "redraw":
      return { view, effect: { kind: "redraw" } };
    case "down":
      return move(1);
    case "up":
      return move(-1);
    case "page-down":
      return page(1);
    case "page-up":
      return page(-1);
    case "half-down":
      return page(0.5);
    case "half-up":
      return page(-0.5);
    case "first":
      return show(withCursor(view, TOP));
    case "last":
      return move(body.ids.length);
    case "back":
      return show(back(view));
    case "open":
      return show(drill(view, context, selection));
    case "origin":
    case "impact": {
      const target = targetAt(frame);
      return target === undefined ? { view } : show(push(view, { name: command, target }));
    }
    case "show-tree":
      return show(open(view, { name: "tree" }));
    case "show-connections":
      return show(open(view, { name: "connections" }));
    case "show-files":
      return show(open(view, { name: "files" }));
    case "show-findings":
      return show(open(view, { name: "findings" }));
    case "show-containers":
      return show(open(view, { name: "containers" }));
    case "show-listen":
      return show(open(view, { name: "listen" }));
    case "next-screen":
      return show(tabAfter(view, 1));
    case "previous-screen":
      return show(tabAfter(view, -1));
    case "help":
      return show(currentScreen(view).name === "help" ? back(view) : push(view, { name: "help" }));
    case "files-of":
      return selection.process === undefined
        ? { view }
        : show(push(view, { name: "files", process: selection.process }));
    case "connections-of":
      return selection.process === undefined
        ? { view }
        : show(push(view, { name: "connections", process: selection.process }));
    case "search":
      return show({ ...view, overlay: { name: "search", input: EMPTY_INPUT, index: 0, past: 0 } });
    case "filter": {
      const text = filterOf(view);
      return show({ ...view, overlay: { name: "filter", input: { text, at: text.length }, before: text } });
    }
    case "next-hit":
      return show(nextHit(view, frame, 1));
    case "previous-hit":
      return show(nextHit(view, frame, -1));
    case "collapse":
      return show(collapseRow(view, frame));
    case "expand":
      return show(expandRow(view, frame));
    case "toggle-collapse-all":
      return show(toggleWhole(view) ?? toggleAll(view, frame));
    case "zoom":
      return show(toggleZoom(view, selection));
    case "toggle-tree":
      return show({ ...view, layout: view.layout === "tree" ? "flat" : "tree" });
    case "sort-menu":
      return show(openMenu(view, "sort"));
    case "columns-menu":
      return show(openMenu(view, "columns"));
    case "user-menu":
      return show(openMenu(view, "user"));
    case "invert-sort":
      return show(isTable(body.screen) ? invertOrder(view, body.screen) : view);
    case "sort-cpu":
      return show(sortBy(view, "tree", "cpu"));
    case "sort-memory":
      return show(sortBy(view, "tree", "memory"));
    case "sort-age":
      return show(sortBy(view, "tree", "age"));
    case "sort-pid":
      return show(sortBy(view, "tree", "pid"));
    case "annotations":
      return show(nextAnnotations(view));
    case "tag":
      return show(toggleTag(view, context));
    case "tag-subtree":
      return show(tagSubtree(view, context));
    case "untag":
      return show(view.tags.size === 0 ? view : { ...view, tags: new Set() });
    case "whole-command":
      return show(wholeCommand(view, context, selection));
    case "palette":
      return show({ ...view, overlay: { name: "palette", input: EMPTY_INPUT, index: 0 } });
    case "renice":
      return show(reniceMenu(view, context));
    case "follow":
      return show({ ...view, follow: !view.follow });
    case "kernel-threads":
      return show({ ...view, kernelThreads: !view.kernelThreads });
    case "exited":
      return show({ ...view, exited: !view.exited });
    case "closed":
      return show({ ...view, closedConnections: !view.closedConnections });
    case "pause":
      return { view, effect: { kind: "time", action: { kind: "toggle" } } };
    case "step-back":
      return { view, effect: { kind: "time", action: { kind: "step", by: -1 } } };
    case "step-forward":
      return { view, effect: { kind: "time", action: { kind: "step", by: 1 } } };
    case "minute-back":
      return { view, effect: { kind: "time", action: { kind: "move", byNs: -MINUTE_NS } } };
    case "minute-forward":
      return { view, effect: { kind: "time", action: { kind: "move", byNs: MINUTE_NS } } };
    case "alert-back":
      return { view, effect: { kind: "time", action: { kind: "alert", by: -1 } } };
    case "alert-forward":
      return { view, effect: { kind: "time", action: { kind: "alert", by: 1 } } };
    case "jump":
      return show({ ...view, overlay: { name: "jump", input: EMPTY_INPUT } });
    case "bookmark":
    case "live":
    case "speed":
      return { view, effect: { kind: "time", action: { kind: command } } };
    case "snapshot":
      return { view, effect: { kind: "snapshot" } };
    case "copy":
      return { view, effect: { kind: "copy-row" } };
    case "copy-chain": {
      const screen = currentScreen(view);
      const of = screen.name === "impact" ? "impact" : "origin";
      // The one that is shown, whatever row of it the cursor is on.
      const target = screen.name === "origin" || screen.name === "impact" ? screen.target : targetAt(frame);
      return target === undefined ? { view } : { view, effect: { kind: "copy-chain", of, target } };
    }
    case "signal":
      return show(signalMenu(view, context));
  }
}
