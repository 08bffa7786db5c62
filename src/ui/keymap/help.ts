import type { Notice, ScreenName } from "../state/view-state.ts";
import { BINDINGS, type Binding, type Command, type Group } from "./bindings.ts";

export type HelpRow =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "binding"; readonly keys: string; readonly help: string }
  | { readonly kind: "legend"; readonly sign: LegendSign; readonly help: string };

export type LegendSign =
  | "suspicious"
  | "above"
  | "exited"
  | "collapsed"
  | "connected"
  | "accepted"
  | "bullet"
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
  suspicious: "suspicious; why: above the keys",
  above: "something below is suspicious",
  exited: "has exited; 30 s, E hides",
  collapsed: "more rows are hidden",
  connected: "goes out: connection, datagram",
  accepted: "comes in, or listens (bare port)",
  bullet: "who connected is not known",
  write: "file written or created",
  "execute-written": "ran a file just written",
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
export function keyLabels(binding: Pick<Binding, "keys">): readonly string[] {
  return binding.keys.filter((key) => !key.startsWith("wheel")).map(keyLabel);
}

/** What a key does on a screen. */
export function commandFor(key: string, screen: ScreenName): Command | undefined {
  return BINDINGS.find((binding) => binding.keys.includes(key) && (binding.on?.includes(screen) ?? true))?.command;
}

/** What to say when a key changes nothing: a key is never silent. */
export function notHere(key: string, screen: ScreenName): Notice {
  const bindings = BINDINGS.filter((binding) => binding.keys.includes(key));
  const label = keyLabel(key);
  const usable = bindings.find((binding) => binding.on?.includes(screen) ?? true);
  if (usable !== undefined) {
    return { text: `${label} (${usable.help}): nothing to do for this row`, token: "dim" };
  }
  const [other] = bindings;
  const text =
    other === undefined
      ? `${label} is no key here; ? shows the keys`
      : `${label} (${other.help}) works in: ${(other.on ?? []).map((name) => SCREEN_NAMES[name]).join(", ")}`;
  return { text, token: "dim" };
}

export const SCREEN_NAMES: Readonly<Record<ScreenName, string>> = {
  tree: "tree",
  connections: "connections",
  files: "files",
  findings: "alerts",
  containers: "containers",
  listen: "listen",
  detail: "details",
  origin: "origin",
  impact: "impact",
  help: "help",
};

export interface FooterKey {
  readonly key: string;
  readonly label: string;
  /** Shown on the narrowest terminal too. */
  readonly always: boolean;
}

const footers = new Map<ScreenName, readonly FooterKey[]>();

/** Keys worth showing below a screen, in the table's order. */
export function footerKeys(screen: ScreenName): readonly FooterKey[] {
  const keys = footers.get(screen) ?? footerOf(screen);
  footers.set(screen, keys);
  return keys;
}

function footerOf(screen: ScreenName): readonly FooterKey[] {
  return BINDINGS.filter((binding) => binding.on?.includes(screen) ?? true)
    .map(({ command, footer, keys }) => ({
      key: keyLabels({ keys })[0] ?? "",
      label: (typeof footer === "object" ? footer[screen] : footer) ?? "",
      always: command === "help" || command === "quit",
    }))
    .filter(({ label }) => label !== "");
}

type BindingRow = Exclude<HelpRow, { kind: "legend" }>;

/** One line for each binding, or for neighbours that belong together. */
function bindingRows(bindings: readonly Binding[], brief: boolean): readonly BindingRow[] {
  return Object.entries(GROUPS).flatMap(([group, text]): BindingRow[] => {
    const rows: BindingRow[] = [];
    for (const binding of bindings.filter((one) => one.group === group)) {
      const help = (brief ? binding.together : undefined) ?? binding.help;
      const keys = keyLabels(binding).join(" ");
      const last = rows.at(-1);
      if (last?.kind === "binding" && last.help === help) {
        rows[rows.length - 1] = { ...last, keys: `${last.keys} ${keys}` };
      } else {
        rows.push({ kind: "binding", keys, help });
      }
    }
    return rows.length === 0 ? [] : [{ kind: "heading", text }, ...rows];
  });
}

/** The help of one screen: the keys that work there by group, then the signs. */
export function helpRows(screen: ScreenName): readonly HelpRow[] {
  const legend = (Object.entries(LEGEND) as [LegendSign, string][]).map(
    ([sign, help]): HelpRow => ({ kind: "legend", sign, help }),
  );
  const usable = BINDINGS.filter((binding) => binding.on?.includes(screen) ?? true);
  return [...bindingRows(usable, true), { kind: "heading", text: "Signs" }, ...legend];
}

/** One page of the help: columns beside each other, read from the left one down. */
export type HelpPage = readonly (readonly HelpRow[])[];

/** Cells of one column. */
const COLUMN = 39;

/** Rows set in columns of `height` lines, as many beside each other as `width` has room for; no heading ends a column. */
export function helpPages(rows: readonly HelpRow[], width: number, height: number): readonly HelpPage[] {
  const beside = Math.max(Math.floor(width / COLUMN), 1);
  // What fits on one page is spread over its columns.
  const lines = Math.min(height, Math.ceil(rows.length / beside) + 1);
  const columns: HelpRow[][] = [[]];
  for (const row of rows) {
    const column = columns.at(-1) ?? [];
    const full = column.length >= lines || (row.kind === "heading" && column.length >= lines - 1);
    if (full) {
      columns.push([row]);
    } else {
      column.push(row);
    }
  }
  return Array.from({ length: Math.ceil(columns.length / beside) }, (_, page) =>
    columns.slice(page * beside, (page + 1) * beside),
  );
}

/** Every binding by group: for the command line and the manual. */
export function keyRows(): readonly BindingRow[] {
  return bindingRows(BINDINGS, false);
}
