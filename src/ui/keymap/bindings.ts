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
  | "show-containers"
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
  | "columns-menu"
  | "user-menu"
  | "annotations"
  | "tag"
  | "tag-subtree"
  | "untag"
  | "whole-command"
  | "palette"
  | "renice"
  | "invert-sort"
  | "sort-cpu"
  | "sort-memory"
  | "sort-age"
  | "sort-pid"
  | "follow"
  | "kernel-threads"
  | "exited"
  | "closed"
  | "pause"
  | "step-back"
  | "step-forward"
  | "minute-back"
  | "minute-forward"
  | "alert-back"
  | "alert-forward"
  | "jump"
  | "live"
  | "bookmark"
  | "speed"
  | "snapshot"
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
  /** Neighbours with the same words share one line of the help screen. */
  readonly together?: string;
  /** Short word for the footer, or one for each screen; without it the key is in the help only. */
  readonly footer?: string | Partial<Record<ScreenName, string>>;
  /** Where it works; everywhere without it. */
  readonly on?: readonly ScreenName[];
}

const TREE = ["tree"] as const;
const PROCESSES = ["tree", "connections", "files", "findings", "listen", "detail"] as const;
const FOLDS = ["tree", "connections", "findings", "detail"] as const;
const TABLES = ["tree", "connections", "files", "findings", "containers", "listen"] as const;
const LISTS = [...TABLES, "detail", "origin", "impact"] as const;

const OPEN: Readonly<Partial<Record<ScreenName, string>>> = {
  tree: "details",
  connections: "process",
  files: "process",
  listen: "process",
  findings: "in tree",
  containers: "in tree",
  detail: "open",
  origin: "in tree",
  impact: "in tree",
};

/** The one table of keys: the dispatcher, the footer, the help screen and the manual are made from it. */
export const BINDINGS: readonly Binding[] = [
  { command: "help", keys: ["?", "f1"], group: "program", help: "keys and legend", footer: "help" },
  { command: "open", keys: ["enter"], group: "view", help: "open the row", footer: OPEN, on: LISTS },
  {
    command: "origin",
    keys: ["o"],
    group: "view",
    help: "how did it come to be",
    footer: "origin",
    on: LISTS,
  },
  {
    command: "impact",
    keys: ["O"],
    group: "view",
    help: "what did it lead to",
    footer: "impact",
    on: LISTS,
  },
  {
    command: "search",
    keys: ["/", "f3"],
    group: "find",
    help: "search everything",
    footer: "search",
  },
  {
    command: "filter",
    keys: ["\\", "f4"],
    group: "find",
    help: "filter; Esc clears",
    footer: "filter",
    on: TABLES,
  },
  {
    command: "next-hit",
    keys: ["n"],
    group: "find",
    together: "next, previous hit",
    help: "next hit in the tree",
    on: TREE,
  },
  {
    command: "previous-hit",
    keys: ["ctrl-p", "shift-f3"],
    group: "find",
    together: "next, previous hit",
    help: "previous hit in the tree",
    on: TREE,
  },

  { command: "down", keys: ["down", "j", "wheel-down"], group: "move", together: "down, up", help: "down" },
  { command: "up", keys: ["up", "k", "wheel-up"], group: "move", together: "down, up", help: "up" },
  { command: "page-down", keys: ["pagedown"], group: "move", together: "a page", help: "page down" },
  { command: "page-up", keys: ["pageup"], group: "move", together: "a page", help: "page up" },
  { command: "half-down", keys: ["ctrl-d"], group: "move", together: "half a page", help: "half a page down" },
  { command: "half-up", keys: ["ctrl-u"], group: "move", together: "half a page", help: "half a page up" },
  { command: "first", keys: ["home", "g"], group: "move", together: "first, last row", help: "first row" },
  { command: "last", keys: ["end", "G"], group: "move", together: "first, last row", help: "last row" },

  { command: "toggle-tree", keys: ["t", "f5"], group: "tree", help: "tree or flat list", footer: "tree", on: TREE },
  {
    command: "zoom",
    keys: ["z"],
    group: "tree",
    help: "only it and below",
    on: TREE,
  },
  { command: "collapse", keys: ["left", "h", "-"], group: "tree", help: "fold; parent or pane", on: FOLDS },
  { command: "expand", keys: ["right", "l", "+", "="], group: "tree", help: "unfold; next pane", on: FOLDS },
  {
    command: "toggle-collapse-all",
    keys: ["*"],
    group: "tree",
    help: "all of it, or less",
    on: ["tree", "origin", "impact"],
  },
  { command: "sort-menu", keys: [".", ">", "f6"], group: "tree", help: "sort by ...", footer: "sort", on: TABLES },
  { command: "invert-sort", keys: ["I"], group: "tree", help: "invert the order", on: TABLES },
  { command: "columns-menu", keys: ["S", "f2"], group: "tree", help: "choose columns", on: TABLES },
  { command: "sort-cpu", keys: ["P"], group: "tree", together: "by CPU, RES, age, PID", help: "sort by CPU", on: TREE },
  {
    command: "sort-memory",
    keys: ["M"],
    group: "tree",
    together: "by CPU, RES, age, PID",
    help: "sort by memory",
    on: TREE,
  },
  { command: "sort-age", keys: ["T"], group: "tree", together: "by CPU, RES, age, PID", help: "sort by age", on: TREE },
  { command: "sort-pid", keys: ["N"], group: "tree", together: "by CPU, RES, age, PID", help: "sort by PID", on: TREE },
  { command: "kernel-threads", keys: ["K"], group: "tree", help: "kernel threads", on: TREE },
  { command: "exited", keys: ["E"], group: "tree", help: "exited processes", on: TREE },
  { command: "annotations", keys: ["a"], group: "tree", help: "activity: where shown", on: TREE },
  { command: "whole-command", keys: ["w"], group: "tree", help: "whole command line", on: PROCESSES },
  {
    command: "follow",
    keys: ["F"],
    group: "tree",
    help: "cursor follows its row",
    footer: "follow",
    on: TREE,
  },

  { command: "show-tree", keys: ["1"], group: "view", together: "the views by number", help: "process tree" },
  { command: "show-connections", keys: ["2"], group: "view", together: "the views by number", help: "connections" },
  { command: "show-files", keys: ["3"], group: "view", together: "the views by number", help: "files" },
  { command: "show-findings", keys: ["4", "A"], group: "view", together: "the views by number", help: "alerts" },
  {
    command: "show-containers",
    keys: ["5"],
    group: "view",
    together: "the views by number",
    help: "containers and units",
  },
  { command: "show-listen", keys: ["6"], group: "view", together: "the views by number", help: "listening ports" },
  { command: "next-screen", keys: ["tab"], group: "view", together: "next, previous view", help: "next view" },
  {
    command: "previous-screen",
    keys: ["shift-tab"],
    group: "view",
    together: "next, previous view",
    help: "previous view",
  },
  {
    command: "files-of",
    keys: ["f"],
    group: "view",
    help: "files of it",
    footer: "files",
    on: ["tree", "detail"],
  },
  { command: "connections-of", keys: ["C"], group: "view", help: "connections of it", on: ["tree", "detail"] },
  { command: "palette", keys: [":"], group: "find", help: "any command by name" },
  {
    command: "user-menu",
    keys: ["u"],
    group: "find",
    help: "only one user",
    footer: "user",
    on: ["tree", "connections", "files", "listen"],
  },
  {
    command: "closed",
    keys: ["X"],
    group: "view",
    help: "closed connections too",
    footer: "closed",
    on: ["connections"],
  },
  { command: "back", keys: ["escape", "backspace"], group: "view", help: "back" },

  { command: "pause", keys: ["Z"], group: "time", help: "stop the time, go on", footer: "pause" },
  { command: "step-back", keys: ["["], group: "time", together: "one change back, on", help: "one change back" },
  {
    command: "step-forward",
    keys: ["]"],
    group: "time",
    together: "one change back, on",
    help: "one change forward",
  },
  { command: "minute-back", keys: ["{"], group: "time", together: "a minute back, on", help: "a minute back" },
  {
    command: "minute-forward",
    keys: ["}"],
    group: "time",
    together: "a minute back, on",
    help: "a minute forward",
  },
  { command: "alert-back", keys: ["("], group: "time", together: "alert before, after", help: "alert before" },
  { command: "alert-forward", keys: [")"], group: "time", together: "alert before, after", help: "alert after" },
  { command: "jump", keys: ["b"], group: "time", help: "go to a time" },
  { command: "live", keys: ["L"], group: "time", help: "back to the present" },
  { command: "bookmark", keys: ["m"], group: "time", help: "bookmark the moment" },
  { command: "speed", keys: ["V"], group: "time", help: "speed of the replay" },
  { command: "snapshot", keys: ["ctrl-s"], group: "act", help: "save the moment" },
  { command: "copy", keys: ["y"], group: "act", help: "copy the row", on: LISTS },
  { command: "copy-chain", keys: ["Y"], group: "act", help: "copy origin or impact", on: LISTS },
  { command: "tag", keys: ["space"], group: "act", together: "tag, all below, none", help: "tag the row", on: TREE },
  {
    command: "tag-subtree",
    keys: ["c"],
    group: "act",
    together: "tag, all below, none",
    help: "tag it and all below",
    on: TREE,
  },
  { command: "untag", keys: ["U"], group: "act", together: "tag, all below, none", help: "untag all", on: TREE },
  { command: "renice", keys: ["r", "f7", "f8"], group: "act", help: "change nice value", on: ["tree", "detail"] },
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
