import type { SortKey } from "../../core/query/model.ts";
import type { InputEvent } from "../terminal/input-event.ts";
import { TOP } from "./cursor.ts";
import { push, revealProcess, withCursor, withFilter } from "./navigation.ts";
import { type Context, type Step, sortBy } from "./reduce.ts";
import { editText, pasteText } from "./text-input.ts";
import type { Overlay, TextInput, ViewState } from "./view-state.ts";

export const SORT_CHOICES: readonly { readonly key: SortKey; readonly label: string }[] = [
  { key: "pid", label: "PID" },
  { key: "cpu", label: "CPU" },
  { key: "memory", label: "memory" },
  { key: "age", label: "age" },
  { key: "user", label: "user" },
  { key: "command", label: "command" },
  { key: "receive", label: "bytes received" },
  { key: "send", label: "bytes sent" },
];

export const SIGNAL_CHOICES: readonly { readonly name: string; readonly label: string }[] = [
  { name: "SIGTERM", label: "ask it to end" },
  { name: "SIGINT", label: "interrupt, as ^C does" },
  { name: "SIGHUP", label: "hang up; many servers reload" },
  { name: "SIGKILL", label: "end at once, without clean-up" },
  { name: "SIGSTOP", label: "stop" },
  { name: "SIGCONT", label: "continue" },
  { name: "SIGQUIT", label: "quit with a core dump" },
  { name: "SIGUSR1", label: "user signal 1" },
  { name: "SIGUSR2", label: "user signal 2" },
];

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

function searchKey(
  view: ViewState,
  overlay: Overlay & { name: "search" },
  key: string,
  event: InputEvent,
  context: Context,
): Step {
  const hits = context.frame.search?.hits ?? [];
  // The list may have become shorter since the cursor was moved.
  const at = Math.max(Math.min(overlay.index, hits.length - 1), 0);
  const hit = hits[at];
  const index = stepIndex(at, hits.length, key);
  if (index !== undefined) {
    return { view: { ...view, overlay: { ...overlay, index } } };
  }
  const closed: ViewState = { ...close(view), searched: overlay.input.text };
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
  const input = edited(overlay.input, event);
  return { view: input === undefined ? view : { ...view, overlay: { ...overlay, input, index: 0 } } };
}

/** The list is filtered while the filter is typed; Esc brings the old one back. */
function filterKey(view: ViewState, overlay: Overlay & { name: "filter" }, key: string, event: InputEvent): Step {
  if (key === "enter") {
    return { view: close(view) };
  }
  const input = edited(overlay.input, event);
  if (input === undefined) {
    return { view };
  }
  const changed = { ...view, overlay: { ...overlay, input } };
  return { view: input.text === overlay.input.text ? changed : withFilter(withCursor(changed, TOP), input.text) };
}

function menuKey(view: ViewState, overlay: Overlay & { name: "sort" | "signal" }, key: string): Step {
  const count = overlay.name === "sort" ? SORT_CHOICES.length : SIGNAL_CHOICES.length;
  const vim = key === "j" ? "down" : key === "k" ? "up" : key;
  const digit = /^[1-9]$/u.test(key) ? Number(key) - 1 : undefined;
  const index = stepIndex(overlay.index, count, vim) ?? (digit !== undefined && digit < count ? digit : undefined);
  if (index !== undefined) {
    return { view: { ...view, overlay: { ...overlay, index } } };
  }
  if (key !== "enter") {
    return { view };
  }
  if (overlay.name === "sort") {
    const choice = SORT_CHOICES[overlay.index];
    return { view: choice === undefined ? close(view) : sortBy(close(view), choice.key) };
  }
  const signal = SIGNAL_CHOICES[overlay.index]?.name ?? "SIGTERM";
  return { view: { ...view, overlay: { name: "confirm", signal, target: overlay.target } } };
}

function confirmKey(view: ViewState, overlay: Overlay & { name: "confirm" }, key: string): Step {
  if (key === "y" || key === "Y") {
    const { id, pid } = overlay.target;
    return { view: close(view), effect: { kind: "signal", signal: overlay.signal, pid, id } };
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
    case "sort":
    case "signal":
      return menuKey(view, overlay, key);
    case "confirm":
      return confirmKey(view, overlay, key);
  }
}
