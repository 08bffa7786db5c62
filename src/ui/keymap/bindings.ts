import type { ScreenName } from "../state/view-state.ts";

export type Command =
  | "quit"
  | "back"
  | "open"
  | "down"
  | "up"
  | "page-down"
  | "page-up"
  | "half-down"
  | "half-up"
  | "first"
  | "last"
  | "collapse"
  | "expand"
  | "toggle-collapse-all"
  | "show-tree"
  | "show-connections"
  | "show-files"
  | "show-findings"
  | "show-listen"
  | "next-screen"
  | "previous-screen"
  | "search"
  | "next-hit"
  | "previous-hit"
  | "filter"
  | "toggle-tree"
  | "zoom"
  | "sort-menu"
  | "invert-sort"
  | "sort-cpu"
  | "sort-memory"
  | "sort-age"
  | "sort-pid"
  | "follow"
  | "kernel-threads"
  | "closed"
  | "pause"
  | "origin"
  | "impact"
  | "files-of"
  | "connections-of"
  | "copy"
  | "copy-chain"
  | "signal"
  | "suspend"
  | "redraw"
  | "help";

export type Group = "move" | "find" | "view" | "tree" | "act" | "time" | "program";

export interface Binding {
  readonly command: Command;
  /** As InputEvent names them. */
  readonly keys: readonly string[];
  readonly group: Group;
  readonly help: string;
  /** Short word for the footer of these screens; without it the key is in the help only. */
  readonly footer?: string;
  /** Where it works; everywhere without it. */
  readonly on?: readonly ScreenName[];
}

const TREE = ["tree"] as const;
const LISTS = ["tree", "connections", "files", "findings", "listen", "detail", "origin", "impact"] as const;

/** The one table of keys: the dispatcher, the footer, the help screen and the manual are made from it. */
export const BINDINGS: readonly Binding[] = [
  { command: "help", keys: ["?", "f1"], group: "program", help: "keys and legend", footer: "help" },
  { command: "open", keys: ["enter"], group: "view", help: "details of the row", footer: "details", on: LISTS },
  {
    command: "origin",
    keys: ["o"],
    group: "view",
    help: "origin: how did this row come to be",
    footer: "origin",
    on: LISTS,
  },
  {
    command: "impact",
    keys: ["O"],
    group: "view",
    help: "impact: what did this row lead to",
    footer: "impact",
    on: LISTS,
  },
  {
    command: "search",
    keys: ["/", "f3"],
    group: "find",
    help: "search processes, connections, files, findings",
    footer: "search",
  },
  {
    command: "filter",
    keys: ["\\", "f4"],
    group: "find",
    help: "filter this list; Esc clears",
    footer: "filter",
    on: ["tree", "connections", "files", "findings", "listen"],
  },
  { command: "next-hit", keys: ["n"], group: "find", help: "next row the last search finds", on: TREE },
  {
    command: "previous-hit",
    keys: ["ctrl-p", "shift-f3"],
    group: "find",
    help: "previous row the last search finds",
    on: TREE,
  },

  { command: "down", keys: ["down", "j", "wheel-down"], group: "move", help: "down" },
  { command: "up", keys: ["up", "k", "wheel-up"], group: "move", help: "up" },
  { command: "page-down", keys: ["pagedown"], group: "move", help: "page down" },
  { command: "page-up", keys: ["pageup"], group: "move", help: "page up" },
  { command: "half-down", keys: ["ctrl-d"], group: "move", help: "half a page down" },
  { command: "half-up", keys: ["ctrl-u"], group: "move", help: "half a page up" },
  { command: "first", keys: ["home", "g"], group: "move", help: "first row" },
  { command: "last", keys: ["end", "G"], group: "move", help: "last row" },

  { command: "toggle-tree", keys: ["t", "f5"], group: "tree", help: "tree or flat list", footer: "tree", on: TREE },
  {
    command: "zoom",
    keys: ["z"],
    group: "tree",
    help: "show only this process and what is below it; Esc ends",
    on: TREE,
  },
  { command: "collapse", keys: ["left", "h", "-"], group: "tree", help: "collapse, or go to the parent", on: TREE },
  { command: "expand", keys: ["right", "l", "+", "="], group: "tree", help: "expand", on: TREE },
  {
    command: "toggle-collapse-all",
    keys: ["*"],
    group: "tree",
    help: "collapse or expand everything; every step of an origin or impact",
    on: ["tree", "origin", "impact"],
  },
  { command: "sort-menu", keys: [".", ">", "f6"], group: "tree", help: "sort by ...", footer: "sort", on: TREE },
  { command: "invert-sort", keys: ["I"], group: "tree", help: "invert the order", on: TREE },
  { command: "sort-cpu", keys: ["P"], group: "tree", help: "sort by CPU", on: TREE },
  { command: "sort-memory", keys: ["M"], group: "tree", help: "sort by memory", on: TREE },
  { command: "sort-age", keys: ["T"], group: "tree", help: "sort by age", on: TREE },
  { command: "sort-pid", keys: ["N"], group: "tree", help: "sort by PID", on: TREE },
  { command: "kernel-threads", keys: ["K"], group: "tree", help: "show or hide kernel threads", on: TREE },
  {
    command: "follow",
    keys: ["F"],
    group: "tree",
    help: "cursor follows its row, or keeps its place",
    footer: "follow",
    on: TREE,
  },

  { command: "show-tree", keys: ["1"], group: "view", help: "process tree" },
  { command: "show-connections", keys: ["2"], group: "view", help: "connections" },
  { command: "show-files", keys: ["3"], group: "view", help: "files" },
  { command: "show-findings", keys: ["4", "A"], group: "view", help: "alerts" },
  { command: "show-listen", keys: ["6"], group: "view", help: "listening ports" },
  { command: "next-screen", keys: ["tab"], group: "view", help: "next view" },
  { command: "previous-screen", keys: ["shift-tab"], group: "view", help: "previous view" },
  {
    command: "files-of",
    keys: ["f"],
    group: "view",
    help: "files of the process",
    footer: "files",
    on: ["tree", "detail"],
  },
  { command: "connections-of", keys: ["c"], group: "view", help: "connections of the process", on: ["tree", "detail"] },
  {
    command: "closed",
    keys: ["X"],
    group: "view",
    help: "show or hide closed connections",
    footer: "closed",
    on: ["connections"],
  },
  { command: "back", keys: ["escape", "backspace"], group: "view", help: "back; clears a filter" },

  { command: "pause", keys: ["Z"], group: "time", help: "freeze the screen; capture goes on", footer: "pause" },
  { command: "copy", keys: ["y"], group: "act", help: "copy the row to the clipboard", on: LISTS },
  { command: "copy-chain", keys: ["Y"], group: "act", help: "copy its origin, or its impact there", on: LISTS },
  {
    command: "signal",
    keys: ["f9", "ctrl-k"],
    group: "act",
    help: "send a signal",
    footer: "kill",
    on: ["tree", "detail"],
  },

  { command: "redraw", keys: ["ctrl-l"], group: "program", help: "draw the screen afresh" },
  { command: "suspend", keys: ["ctrl-z"], group: "program", help: "suspend to the shell" },
  { command: "quit", keys: ["q", "f10", "ctrl-c"], group: "program", help: "quit", footer: "quit" },
];
