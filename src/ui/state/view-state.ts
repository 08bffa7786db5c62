import type { ProcessId, SortKey, Target } from "../../core/query/model.ts";
import type { Token } from "../theme/tokens.ts";
import type { Order, TableName } from "./columns.ts";
import type { Cursor, RowId } from "./cursor.ts";

/** A screen, and what it is about. */
export type Screen =
  | { readonly name: "tree" }
  | { readonly name: "connections"; readonly process?: ProcessId }
  | { readonly name: "files"; readonly process?: ProcessId }
  | { readonly name: "findings" }
  | { readonly name: "containers" }
  | { readonly name: "listen" }
  | { readonly name: "detail"; readonly process: ProcessId }
  | { readonly name: "origin" | "impact"; readonly target: Target; readonly whole?: boolean }
  | { readonly name: "help" };

export type ScreenName = Screen["name"];

/** The views with a number of their own, in its order. */
export const TABS = [
  { name: "tree", label: "Tree" },
  { name: "connections", label: "Connections" },
  { name: "files", label: "Files" },
  { name: "findings", label: "Alerts" },
  { name: "containers", label: "Containers" },
  { name: "listen", label: "Listen" },
] as const satisfies readonly (Screen & { readonly label: string })[];

/** A dialog above the screen; it takes all keys while it is open. */
export type Overlay =
  | {
      readonly name: "search";
      readonly input: TextInput;
      readonly index: number;
      /** How many earlier searches were gone back. */
      readonly past: number;
    }
  | { readonly name: "filter"; readonly input: TextInput; readonly before: string }
  | { readonly name: "jump"; readonly input: TextInput; readonly problem?: string }
  | { readonly name: "palette"; readonly input: TextInput; readonly index: number }
  | MenuOverlay
  | { readonly name: "confirm"; readonly signal: NodeJS.Signals; readonly targets: readonly SignalTarget[] }
  | { readonly name: "command"; readonly title: string; readonly paragraphs: readonly string[]; readonly top: number };

/** A list to choose from; see menus.ts. */
export interface MenuOverlay {
  readonly name: "menu";
  readonly menu: "sort" | "columns" | "user" | "signal" | "renice";
  readonly index: number;
  /** What the choice is for. */
  readonly targets: readonly SignalTarget[];
  /** The present nice value of the one process a new one is for. */
  readonly nice?: number;
  /** A number that is being typed. */
  readonly typed?: string;
}

export interface SignalTarget {
  readonly id: ProcessId;
  readonly pid: number;
  readonly command: string;
}

export interface TextInput {
  readonly text: string;
  /** Index into text where the next character goes. */
  readonly at: number;
}

/** A sentence for the line above the footer, until the next key. */
export interface Notice {
  readonly text: string;
  readonly token: Token;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A moment of looking that Esc brings back: what was shown, filtered, folded, and where every cursor stood. */
export interface Place {
  readonly screens: readonly Screen[];
  readonly cursors: ViewState["cursors"];
  readonly filters: ViewState["filters"];
  readonly layout: ViewState["layout"];
  readonly collapsed: ViewState["collapsed"];
  readonly zoom: ProcessId | undefined;
  readonly kernelThreads: boolean;
  readonly exited: boolean;
  /** The filter that was set in going from here: Esc leaves it together with what it shows. */
  readonly filterSet?: string;
}

/** Everything a key can change. No rows, no numbers of the machine: those are in the frame. */
export interface ViewState {
  /** Breadcrumb: the last one is shown. Never empty. */
  readonly screens: readonly Screen[];
  /** Where Esc leads, the last one first. */
  readonly history: readonly Place[];
  /** By screenKey. */
  readonly cursors: Readonly<Record<string, Cursor>>;
  /** By screenKey: the filter of that list. */
  readonly filters: Readonly<Record<string, string>>;
  readonly layout: "tree" | "flat";
  /** Order of the tree. */
  readonly sort: SortKey;
  readonly descending: boolean;
  /** Order of the other lists. */
  readonly orders: Readonly<Partial<Record<TableName, Order>>>;
  /** Columns that were turned on or off, by list and key. */
  readonly columns: Readonly<Partial<Record<TableName, Readonly<Record<string, boolean>>>>>;
  /** What processes do: in a column beside them, in rows below them, or nowhere. */
  readonly annotations: "chips" | "rows" | "off";
  readonly tags: ReadonlySet<ProcessId>;
  readonly collapsed: ReadonlySet<ProcessId>;
  /** Folded alerts and connections that are shown one by one, by the id of their row. */
  readonly unfolded: ReadonlySet<RowId>;
  /** The tree shows only this process and what is below it. */
  readonly zoom?: ProcessId;
  readonly kernelThreads: boolean;
  /** The tree shows who has exited for a while. */
  readonly exited: boolean;
  readonly closedConnections: boolean;
  readonly follow: boolean;
  /** Keys of collapsed processes that do not run at the moment shown. */
  readonly foldedElsewhere: readonly string[];
  readonly overlay?: Overlay;
  readonly notice?: Notice;
  /** What was searched, the latest first. */
  readonly searches: readonly string[];
  readonly size: Size;
}

/** What of the tree is shown to begin with; without either all of it. */
export interface Beginning {
  readonly filter?: string;
  readonly zoom?: ProcessId;
}

export function initialView(size: Size, { filter, zoom }: Beginning = {}): ViewState {
  return {
    screens: [{ name: "tree" }],
    history: [],
    cursors: {},
    filters: filter === undefined ? {} : { tree: filter },
    layout: "tree",
    sort: "pid",
    descending: false,
    orders: {},
    columns: {},
    annotations: "chips",
    tags: new Set(),
    collapsed: new Set(),
    unfolded: new Set(),
    ...(zoom === undefined ? {} : { zoom }),
    kernelThreads: false,
    exited: true,
    closedConnections: false,
    follow: true,
    foldedElsewhere: [],
    searches: [],
    size,
  };
}

export function currentScreen(view: ViewState): Screen {
  return view.screens.at(-1) ?? { name: "tree" };
}

/** Cursors and filters are kept per screen and per thing it is about. */
export function screenKey(screen: Screen): string {
  switch (screen.name) {
    case "connections":
    case "files":
      return `${screen.name}/${screen.process ?? ""}`;
    case "detail":
      return `detail/${screen.process}`;
    case "origin":
    case "impact":
      return `${screen.name}/${screen.target.kind}/${screen.target.id}`;
    case "tree":
    case "findings":
    case "containers":
    case "listen":
    case "help":
      return screen.name;
  }
}
