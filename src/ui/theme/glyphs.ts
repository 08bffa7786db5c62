import type { Activity } from "../../core/query/model.ts";

/** Signs the screens draw; each is one cell unless it says otherwise. */
export interface Glyphs {
  readonly suspicious: string;
  /** A chain that began below it is suspicious. */
  readonly above: string;
  readonly exited: string;
  readonly collapsed: string;
  readonly unfolded: string;
  readonly tagged: string;
  readonly ellipsis: string;
  readonly chevron: string;
  readonly bullet: string;
  readonly live: string;
  readonly paused: string;
  readonly down: string;
  readonly up: string;
  readonly ascending: string;
  readonly descending: string;
  readonly none: string;
  readonly times: string;
  readonly to: string;
  /** Tree guides, three cells each. */
  readonly branch: string;
  readonly lastBranch: string;
  readonly through: string;
  readonly activity: Readonly<Record<Activity["kind"], string>>;
  /** Frame: horizontal, vertical, four corners clockwise from top left. */
  readonly frame: readonly [string, string, string, string, string, string];
}

const UNICODE: Glyphs = {
  suspicious: "▲",
  above: "△",
  exited: "†",
  collapsed: "▸",
  unfolded: "▾",
  tagged: "•",
  ellipsis: "…",
  chevron: "›",
  bullet: "·",
  live: "●",
  paused: "‖",
  down: "↓",
  up: "↑",
  ascending: "▴",
  descending: "▾",
  none: "—",
  times: "×",
  to: "→",
  branch: "├─ ",
  lastBranch: "└─ ",
  through: "│  ",
  activity: {
    listen: "⇐",
    accepted: "⇐",
    connected: "⇒",
    datagram: "⇒",
    write: "✎",
    "execute-written": "⚙",
    delete: "⌫",
  },
  frame: ["─", "│", "┌", "┐", "┘", "└"],
};

const ASCII: Glyphs = {
  suspicious: "!",
  above: ":",
  exited: "x",
  collapsed: ">",
  unfolded: "v",
  tagged: "*",
  ellipsis: "~",
  chevron: ">",
  bullet: ".",
  live: "*",
  paused: "=",
  down: "v",
  up: "^",
  ascending: "^",
  descending: "v",
  none: "-",
  times: "x",
  to: "->",
  branch: "|- ",
  lastBranch: "`- ",
  through: "|  ",
  activity: {
    listen: "<=",
    accepted: "<=",
    connected: "=>",
    datagram: "=>",
    write: "w",
    "execute-written": "*",
    delete: "d",
  },
  frame: ["-", "|", "+", "+", "+", "+"],
};

export function glyphsOf(ascii: boolean): Glyphs {
  return ascii ? ASCII : UNICODE;
}
