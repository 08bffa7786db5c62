/** What the screens colour by. A screen never names a colour. */
export type Token =
  | "text"
  | "strong"
  | "dim"
  | "faint"
  | "bar"
  | "barStrong"
  | "barDim"
  | "barLive"
  | "barWarn"
  | "barBad"
  | "barCpu"
  | "barReceive"
  | "barEvents"
  | "columns"
  | "columnSorted"
  | "cursor"
  | "key"
  | "keyLabel"
  | "tab"
  | "tabActive"
  | "guide"
  | "root"
  | "container"
  | "match"
  | "outward"
  | "inward"
  | "write"
  | "execute"
  | "remove"
  | "good"
  | "warn"
  | "bad"
  | "info"
  | "low"
  | "medium"
  | "high"
  | "critical"
  | "banner"
  | "paused"
  | "border"
  | "title"
  | "cpu"
  | "receive"
  | "send"
  | "events";

/** Where a line lies: the background of all its segments. */
export type Ground = "plain" | "selected" | "marked" | "dialog";

/** A colour: 24 bits, and the nearest of the 16 (0-15) chosen by hand. */
export interface Colour {
  readonly rgb: number;
  readonly ansi: number;
}

export interface StyleSpec {
  readonly fg?: Colour;
  readonly bg?: Colour;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
  readonly underline?: boolean;
}

export interface Palette {
  readonly name: ThemeName;
  readonly tokens: Readonly<Record<Token, StyleSpec>>;
  readonly grounds: Readonly<Record<Ground, StyleSpec>>;
}

export const THEMES = ["dark", "light", "colorblind"] as const;
export type ThemeName = (typeof THEMES)[number];
export type ColourDepth = "none" | "16" | "256" | "truecolor";
