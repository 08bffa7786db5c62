import { queryProblem } from "../search/mistyped.ts";
import type { InputEvent } from "../terminal/input-event.ts";
import { TOP } from "./cursor.ts";
import { choose } from "./menus.ts";
import { push, revealProcess, stay, withCursor, withFilter } from "./navigation.ts";
import { paletteHits } from "./palette.ts";
import { type Context, reduce, type Step } from "./reduce.ts";
import { LEAST_NICE, LONGEST_NICE, niceOf } from "./targets.ts";
import { completeInput, editText, pasteText } from "./text-input.ts";
import { parseMoment } from "./time.ts";
import { currentScreen, type MenuOverlay, type Overlay, type TextInput, type ViewState } from "./view-state.ts";

function close(view: ViewState): ViewState {
  const { overlay: _, ...rest } = view;
  return rest;
}

function edited(input: TextInput, event: InputEvent): TextInput | undefined {
  switch (event.kind) {
    case "key":
      return editText(input, event.key, event.text);
    case "paste":
      return pasteText(input, event.text);
    case "mouse":
    case "focus":
      return undefined;
  }
}

/** Up and down in a list of `count` choices. */
function stepIndex(index: number, count: number, key: string): number | undefined {
  switch (key) {
    case "up":
    case "ctrl-p":
    case "shift-tab":
      return Math.max(index - 1, 0);
    case "down":
    case "ctrl-n":
    case "tab":
      return Math.min(index + 1, Math.max(count - 1, 0));
    case "pageup":
      return Math.max(index - 10, 0);
    case "pagedown":
      return Math.min(index + 10, Math.max(count - 1, 0));
    default:
      return undefined;
  }
}

const MOST_SEARCHES = 50;

/** The latest first, each once. */
function remembered(searches: readonly string[], text: string): readonly string[] {
  return text.trim() === "" ? searches : [text, ...searches.filter((other) => other !== text)].slice(0, MOST_SEARCHES);
}

function searchKey(
  view: ViewState,
  overlay: Overlay & { name: "search" },
  key: string,
  event: InputEvent,
  context: Context,
): Step {
  // Only a key that is about the hits asks for them: what a burst of keys types is searched for once, at its end.
  const input = edited(overlay.input, event);
  if (input !== undefined) {
    return { view: { ...view, overlay: { ...overlay, input, index: 0 } } };
  }
  if (key !== "enter" && key !== "ctrl-o" && stepIndex(0, 1, key) === undefined) {
    return { view };
  }
  const hits = context.frame.search?.hits ?? [];
  // The list may have become shorter since the cursor was moved.
  const at = Math.max(Math.min(overlay.index, hits.length - 1), 0);
  const hit = hits[at];
  const completed = key === "tab" ? completeInput(overlay.input) : undefined;
  if (completed !== undefined) {
    return { view: { ...view, overlay: { ...overlay, input: completed, index: 0 } } };
  }
  const earlier = key === "up" && at === 0 ? view.searches[overlay.past] : undefined;
  if (earlier !== undefined) {
    const input = { text: earlier, at: earlier.length };
    return { view: { ...view, overlay: { ...overlay, input, past: overlay.past + 1 } } };
  }
  const index = stepIndex(at, hits.length, key);
  if (index !== undefined) {
    return { view: { ...view, overlay: { ...overlay, index } } };
  }
  const closed: ViewState = { ...close(view), searches: remembered(view.searches, overlay.input.text) };
  if (key === "enter") {
    if (hit === undefined) {
      return { view };
    }
    if (hit.process !== undefined) {
      return { view: revealProcess(closed, context.frame, context.queries, hit.process) };
    }
    return { view: hit.subject.kind === "finding" ? closed : push(closed, { name: "origin", target: hit.subject }) };
  }
  if (key === "ctrl-o") {
    const subject = hit?.subject.kind === "finding" ? undefined : hit?.subject;
    if (subject !== undefined) {
      return { view: push(closed, { name: "origin", target: subject }) };
    }
    return hit?.process === undefined
      ? { view }
      : { view: push(closed, { name: "origin", target: { kind: "process", id: hit.process } }) };
  }
  return { view };
}

/** The list is filtered while the filter is typed; Esc brings the old one back. */
function filterKey(view: ViewState, overlay: Overlay & { name: "filter" }, key: string, event: InputEvent): Step {
  if (key === "enter") {
    const problem = queryProblem(overlay.input.text);
    return { view: problem === undefined ? close(view) : { ...close(view), notice: { text: problem, token: "warn" } } };
  }
  const input = (key === "tab" ? completeInput(overlay.input) : undefined) ?? edited(overlay.input, event);
  if (input === undefined) {
    return { view };
  }
  const changed = { ...view, overlay: { ...overlay, input } };
  return { view: input.text === overlay.input.text ? changed : withFilter(withCursor(changed, TOP), input.text) };
}

/** Where to: a moment, or how far from here. */
function jumpKey(
  view: ViewState,
  overlay: Overlay & { name: "jump" },
  key: string,
  event: InputEvent,
  { frame, queries }: Context,
): Step {
  if (key !== "enter") {
    const input = edited(overlay.input, event);
    return { view: input === undefined ? view : { ...view, overlay: { name: "jump", input } } };
  }
  const endMs = frame.time === undefined ? frame.nowMs : queries.wallMs(frame.time.endNs);
  const toMs = parseMoment(overlay.input.text, frame.nowMs, endMs);
  if (toMs === undefined) {
    const problem = "a moment is -5m, +30s, 14:31:29 or 2026-11-25 14:31:29";
    return { view: { ...view, overlay: { ...overlay, problem } } };
  }
  const toNs = frame.nowNs + (toMs - frame.nowMs) * 1e6;
  return { view: close(view), effect: { kind: "time", action: { kind: "go", toNs } } };
}

/** The number typed so far, and the row it stands for as soon as it is a nice value. */
function typeNice(overlay: MenuOverlay, before: string, key: string): MenuOverlay {
  const typed = key === "backspace" ? before.slice(0, -1) : `${before}${key}`.slice(0, LONGEST_NICE);
  const nice = niceOf(typed);
  const index = nice === undefined ? overlay.index : nice - LEAST_NICE;
  return typed === "" ? overlay : { ...overlay, index, typed };
}

/** A list to choose from: as in every menu digits choose a row, Space too where rows are ticked. */
function menuKey(view: ViewState, overlay: MenuOverlay, key: string, context: Context): Step {
  const { typed: before, ...untyped } = overlay;
  if (overlay.menu === "renice" && (/^[-\d]$/u.test(key) || key === "backspace")) {
    return { view: { ...view, overlay: typeNice(untyped, before ?? "", key) } };
  }
  if (before !== undefined && key === "enter" && niceOf(before) === undefined) {
    return { view };
  }
  const count = context.frame.menu?.items.length ?? 0;
  const vim = key === "j" ? "down" : key === "k" ? "up" : key;
  const digit = /^[1-9]$/u.test(key) ? Number(key) - 1 : undefined;
  const index = stepIndex(overlay.index, count, vim) ?? (digit !== undefined && digit < count ? digit : undefined);
  if (index !== undefined) {
    return { view: { ...view, overlay: { ...untyped, index } } };
  }
  if (key === "q") {
    return { view: close(view) };
  }
  return key === "enter" || (key === "space" && overlay.menu === "columns")
    ? choose(close(view), overlay, context.queries, context.names)
    : { view };
}

/** Commands by name: Enter does the selected one, Tab completes its name. */
function paletteKey(
  view: ViewState,
  overlay: Overlay & { name: "palette" },
  key: string,
  event: InputEvent,
  context: Context,
): Step {
  const hits = paletteHits(overlay.input.text, currentScreen(view).name);
  const at = Math.max(Math.min(overlay.index, hits.length - 1), 0);
  const hit = hits[at];
  if (key === "tab" && hit !== undefined) {
    const input = { text: hit.command, at: hit.command.length };
    return { view: { ...view, overlay: { ...overlay, input, index: 0 } } };
  }
  const index = stepIndex(at, hits.length, key);
  if (index !== undefined) {
    return { view: { ...view, overlay: { ...overlay, index } } };
  }
  if (key === "enter") {
    return hit === undefined ? { view } : reduce(close(view), hit.command, context);
  }
  const input = edited(overlay.input, event);
  return { view: input === undefined ? view : { ...view, overlay: { ...overlay, input, index: 0 } } };
}

/** A text too long for its row: scrolled, or closed by any other key. */
function commandKey(view: ViewState, overlay: Overlay & { name: "command" }, key: string): Step {
  const top = stepIndex(overlay.top, Number.MAX_SAFE_INTEGER, key === "j" ? "down" : key === "k" ? "up" : key);
  return { view: top === undefined ? close(view) : { ...view, overlay: { ...overlay, top } } };
}

function confirmKey(view: ViewState, overlay: Overlay & { name: "confirm" }, key: string): Step {
  if (key === "y" || key === "Y") {
    return { view: stay(close(view)), effect: { kind: "signal", signal: overlay.signal, targets: overlay.targets } };
  }
  return key === "n" || key === "N" || key === "q" ? { view: close(view) } : { view };
}

/** One event while a dialog is open. */
export function reduceOverlay(view: ViewState, overlay: Overlay, event: InputEvent, context: Context): Step {
  const key = event.kind === "key" ? event.key : "";
  if (key === "ctrl-c") {
    return { view, effect: { kind: "quit" } };
  }
  if (key === "escape") {
    return { view: overlay.name === "filter" ? withFilter(close(view), overlay.before) : close(view) };
  }
  switch (overlay.name) {
    case "search":
      return searchKey(view, overlay, key, event, context);
    case "filter":
      return filterKey(view, overlay, key, event);
    case "jump":
      return jumpKey(view, overlay, key, event, context);
    case "palette":
      return paletteKey(view, overlay, key, event, context);
    case "menu":
      return menuKey(view, overlay, key, context);
    case "command":
      return commandKey(view, overlay, key);
    case "confirm":
      return confirmKey(view, overlay, key);
  }
}
