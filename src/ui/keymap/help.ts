import type { ScreenName } from "../state/view-state.ts";
import { BINDINGS, type Binding, type Command, type Group } from "./bindings.ts";

export type HelpRow =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "binding"; readonly keys: string; readonly help: string }
  | { readonly kind: "legend"; readonly sign: LegendSign; readonly help: string };

export type LegendSign =
  | "suspicious"
  | "exited"
  | "collapsed"
  | "connected"
  | "accepted"
  | "write"
  | "execute-written"
  | "delete";

const GROUPS: Readonly<Record<Group, string>> = {
  move: "Move",
  find: "Find",
  view: "Views",
  tree: "Tree",
  time: "Time",
  act: "Act",
  program: "Program",
};

const LEGEND: Readonly<Record<LegendSign, string>> = {
  suspicious: "part of a suspicious chain: the line above the keys says why",
  exited: "has exited; stays for 30 s",
  collapsed: "children are hidden",
  connected: "connection going out, or a first datagram",
  accepted: "connection coming in; a bare port is listened on",
  write: "file written or created",
  "execute-written": "ran a file that was just written",
  delete: "file deleted",
};

const NAMES: Readonly<Record<string, string>> = {
  escape: "Esc",
  enter: "Enter",
  backspace: "Bksp",
  pageup: "PgUp",
  pagedown: "PgDn",
  up: "Up",
  down: "Down",
  left: "Left",
  right: "Right",
  home: "Home",
  end: "End",
  tab: "Tab",
  space: "Space",
};

/** A key as people write it: "ctrl-d" as "^d", "f10" as "F10". */
export function keyLabel(key: string): string {
  if (key.startsWith("ctrl-")) {
    return `^${key.slice(5)}`;
  }
  if (key.startsWith("shift-")) {
    return `S-${keyLabel(key.slice(6))}`;
  }
  return NAMES[key] ?? (/^f\d+$/u.test(key) ? key.toUpperCase() : key);
}

/** Keys of one binding; the mouse wheel goes without saying. */
export function keyLabels(binding: Binding): readonly string[] {
  return binding.keys.filter((key) => !key.startsWith("wheel")).map(keyLabel);
}

/** What a key does on a screen. */
export function commandFor(key: string, screen: ScreenName): Command | undefined {
  return BINDINGS.find((binding) => binding.keys.includes(key) && (binding.on?.includes(screen) ?? true))?.command;
}

export interface FooterKey {
  readonly key: string;
  readonly label: string;
}

/** Keys worth showing below a screen, in the table's order. */
export function footerKeys(screen: ScreenName): readonly FooterKey[] {
  return BINDINGS.filter((binding) => binding.footer !== undefined && (binding.on?.includes(screen) ?? true)).map(
    (binding) => ({ key: keyLabels(binding)[0] ?? "", label: binding.footer ?? "" }),
  );
}

type BindingRow = Exclude<HelpRow, { kind: "legend" }>;

function bindingRows(): readonly BindingRow[] {
  return Object.entries(GROUPS).flatMap(([group, text]): BindingRow[] => [
    { kind: "heading", text },
    ...BINDINGS.filter((binding) => binding.group === group).map(
      (binding): BindingRow => ({ kind: "binding", keys: keyLabels(binding).join(" "), help: binding.help }),
    ),
  ]);
}

/** The help screen: every binding by group, then the signs. */
export function helpRows(): readonly HelpRow[] {
  const legend = (Object.entries(LEGEND) as [LegendSign, string][]).map(
    ([sign, help]): HelpRow => ({ kind: "legend", sign, help }),
  );
  return [...bindingRows(), { kind: "heading", text: "Signs" }, ...legend];
}

/** The keys as plain text, for the command line and the manual. */
export function helpText(): string {
  return bindingRows()
    .map((row) => (row.kind === "heading" ? `\n${row.text}` : `  ${row.keys.padEnd(18)} ${row.help}`))
    .join("\n");
}
