import type { Colour, Ground, Palette, StyleSpec, ThemeName, Token } from "./tokens.ts";

const c = (rgb: number, ansi: number): Colour => ({ rgb, ansi });

interface Hues {
  readonly dim: Colour;
  readonly faint: Colour;
  readonly bar: Colour;
  readonly barText: Colour;
  readonly barDim: Colour;
  readonly accent: Colour;
  readonly blue: Colour;
  readonly cyan: Colour;
  readonly green: Colour;
  readonly yellow: Colour;
  readonly orange: Colour;
  readonly red: Colour;
  readonly magenta: Colour;
  readonly onAlarm: Colour;
  readonly selected: Colour;
  readonly marked: Colour;
  readonly dialog: Colour;
}

function tokensOf(hue: Hues): Record<Token, StyleSpec> {
  return {
    text: {},
    strong: { bold: true },
    dim: { fg: hue.dim },
    faint: { fg: hue.faint },
    bar: { fg: hue.barText, bg: hue.bar },
    barStrong: { fg: hue.barText, bg: hue.bar, bold: true },
    barDim: { fg: hue.barDim, bg: hue.bar },
    barLive: { fg: hue.green, bg: hue.bar, bold: true },
    barWarn: { fg: hue.yellow, bg: hue.bar, bold: true },
    barBad: { fg: hue.red, bg: hue.bar, bold: true },
    barCpu: { fg: hue.green, bg: hue.bar },
    barReceive: { fg: hue.cyan, bg: hue.bar },
    barEvents: { fg: hue.yellow, bg: hue.bar },
    columns: { fg: hue.accent, bg: hue.bar },
    columnSorted: { fg: hue.barText, bg: hue.bar, bold: true },
    cursor: { inverse: true },
    key: { fg: hue.accent, bold: true },
    keyLabel: { fg: hue.dim },
    tab: { fg: hue.dim },
    tabActive: { fg: hue.accent, bold: true, underline: true },
    guide: { fg: hue.faint },
    root: { fg: hue.dim },
    container: { fg: hue.cyan },
    match: { fg: hue.yellow, bold: true },
    outward: { fg: hue.blue },
    inward: { fg: hue.green },
    write: { fg: hue.yellow },
    execute: { fg: hue.orange },
    remove: { fg: hue.magenta },
    good: { fg: hue.green },
    warn: { fg: hue.yellow },
    bad: { fg: hue.red, bold: true },
    info: { fg: hue.cyan },
    low: { fg: hue.blue },
    medium: { fg: hue.yellow },
    high: { fg: hue.orange, bold: true },
    critical: { fg: hue.red, bold: true },
    banner: { fg: hue.onAlarm, bg: hue.yellow, bold: true },
    paused: { fg: hue.onAlarm, bg: hue.orange, bold: true },
    border: { fg: hue.faint },
    title: { fg: hue.accent, bold: true },
    cpu: { fg: hue.green },
    receive: { fg: hue.cyan },
    send: { fg: hue.magenta },
    events: { fg: hue.yellow },
  };
}

function groundsOf(hue: Hues): Record<Ground, StyleSpec> {
  return { plain: {}, selected: { bg: hue.selected }, marked: { bg: hue.marked }, dialog: { bg: hue.dialog } };
}

const DARK: Hues = {
  dim: c(0x9aa4ae, 7),
  faint: c(0x59626d, 8),
  bar: c(0x21262d, 0),
  barText: c(0xe6edf3, 15),
  barDim: c(0x8b949e, 7),
  accent: c(0x58d1eb, 14),
  blue: c(0x6cb6ff, 12),
  cyan: c(0x56d4dd, 6),
  green: c(0x7ee787, 10),
  yellow: c(0xe3b341, 11),
  orange: c(0xffa657, 3),
  red: c(0xff7b72, 9),
  magenta: c(0xd2a8ff, 13),
  onAlarm: c(0x161b22, 0),
  selected: c(0x264f78, 4),
  marked: c(0x3a3420, 0),
  dialog: c(0x1c2128, 0),
};

const LIGHT: Hues = {
  dim: c(0x57606a, 8),
  faint: c(0x9aa4ae, 7),
  bar: c(0xdce3ea, 7),
  barText: c(0x1f2328, 0),
  barDim: c(0x57606a, 8),
  accent: c(0x0a6c86, 6),
  blue: c(0x0550ae, 4),
  cyan: c(0x1b7c83, 6),
  green: c(0x116329, 2),
  yellow: c(0x845306, 3),
  orange: c(0xbc4c00, 1),
  red: c(0xcf222e, 1),
  magenta: c(0x8250df, 5),
  onAlarm: c(0xffffff, 15),
  selected: c(0xb6dcfe, 14),
  marked: c(0xfff1c2, 15),
  dialog: c(0xf3f5f8, 15),
};

/**
 * The colours of Okabe and Ito (jfly.uni-koeln.de/color), lightened for a dark ground: no pair of them is told apart by red and green
 * alone. What is good is blue, what is bad orange to vermilion; what matters has a sign or a word beside its colour in every theme.
 */
const COLOR_BLIND: Hues = {
  ...DARK,
  accent: c(0x8cd3ff, 14),
  blue: c(0x56b4e9, 12),
  cyan: c(0x8cd3ff, 14),
  green: c(0x56b4e9, 12),
  yellow: c(0xf0e442, 11),
  orange: c(0xe69f00, 3),
  red: c(0xff8c42, 13),
  magenta: c(0xffd6ec, 5),
};

export const PALETTES: Readonly<Record<ThemeName, Palette>> = {
  dark: { name: "dark", tokens: tokensOf(DARK), grounds: groundsOf(DARK) },
  light: { name: "light", tokens: tokensOf(LIGHT), grounds: groundsOf(LIGHT) },
  colorblind: { name: "colorblind", tokens: tokensOf(COLOR_BLIND), grounds: groundsOf(COLOR_BLIND) },
};
