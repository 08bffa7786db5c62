import { type Glyphs, glyphsOf } from "./glyphs.ts";
import { PALETTES } from "./palettes.ts";
import type { Colour, ColourDepth, Ground, Palette, StyleSpec, ThemeName, Token } from "./tokens.ts";

const GROUNDS: readonly Ground[] = ["plain", "selected", "marked", "dialog"];

/** Everything a screen needs to turn tokens into what this terminal shows. */
export interface Theme {
  readonly name: ThemeName;
  readonly depth: ColourDepth;
  readonly ascii: boolean;
  readonly glyphs: Glyphs;
  /** SGR sequences, each setting exactly its style, whatever was set before. */
  readonly styles: Styles;
}

type Styles = Readonly<Record<Ground, Readonly<Record<Token, string>>>>;

export interface ThemeOptions {
  readonly name: ThemeName;
  readonly depth: ColourDepth;
  readonly ascii: boolean;
}

/** xterm's 6x6x6 cube and 24 greys: the nearer of the two candidates. */
function to256(rgb: number): number {
  const parts = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  const level = (v: number): number => (v < 48 ? 0 : v < 115 ? 1 : Math.floor((v - 35) / 40));
  const value = (l: number): number => (l === 0 ? 0 : 55 + l * 40);
  const cube = parts.map(level);
  const average = parts.reduce((sum, v) => sum + v, 0) / 3;
  const grey = Math.max(0, Math.min(23, Math.round((average - 8) / 10)));
  const distance = (candidate: readonly number[]): number =>
    parts.reduce((sum, v, i) => sum + (v - (candidate[i] ?? 0)) ** 2, 0);
  const greyValue = 8 + grey * 10;
  return distance(cube.map(value)) <= distance([greyValue, greyValue, greyValue])
    ? 16 + 36 * (cube[0] ?? 0) + 6 * (cube[1] ?? 0) + (cube[2] ?? 0)
    : 232 + grey;
}

function colourCode(colour: Colour, depth: ColourDepth, background: boolean): string {
  switch (depth) {
    case "none":
      return "";
    case "truecolor":
      return `${background ? 48 : 38};2;${colour.rgb >> 16};${(colour.rgb >> 8) & 255};${colour.rgb & 255}`;
    case "256":
      return `${background ? 48 : 38};5;${to256(colour.rgb)}`;
    case "16": {
      const base = colour.ansi < 8 ? (background ? 40 : 30) : background ? 92 : 82;
      return String(base + colour.ansi);
    }
  }
}

/** Without colours a bar, an alarm and a selection are shown by inversion. */
function monochrome(style: StyleSpec, ground: Ground): string[] {
  const inverted = style.bg !== undefined || ground === "selected";
  return [...(inverted ? ["7"] : []), ...(style.fg !== undefined && !style.bold && !inverted ? ["2"] : [])];
}

function compile(token: StyleSpec, ground: StyleSpec, name: Ground, depth: ColourDepth): string {
  const style = { ...ground, ...token };
  const codes = ["0"];
  if (style.bold) {
    codes.push("1");
  }
  if (style.underline) {
    codes.push("4");
  }
  if (style.inverse) {
    codes.push("7");
  }
  if (depth === "none") {
    codes.push(...monochrome(style, name));
  } else {
    if (style.fg !== undefined) {
      codes.push(colourCode(style.fg, depth, false));
    }
    if (style.bg !== undefined) {
      codes.push(colourCode(style.bg, depth, true));
    }
  }
  return `\x1b[${codes.join(";")}m`;
}

export function createTheme(options: ThemeOptions): Theme {
  const palette: Palette = PALETTES[options.name];
  const styles = Object.fromEntries(
    GROUNDS.map((ground) => [
      ground,
      Object.fromEntries(
        Object.entries(palette.tokens).map(([token, style]) => [
          token,
          compile(style, palette.grounds[ground], ground, options.depth),
        ]),
      ),
    ]),
  ) as Styles;
  return { ...options, glyphs: glyphsOf(options.ascii), styles };
}

export interface TerminalTraits {
  readonly depth: ColourDepth;
  readonly ascii: boolean;
}

/** What the environment says of the terminal. NO_COLOR (no-color.org) wins over everything. */
export function detectTerminal(env: Readonly<Record<string, string | undefined>>): TerminalTraits {
  const term = env["TERM"] ?? "";
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  const charset = locale.split(".")[1]?.split("@")[0] ?? "";
  const console = term === "linux" || term === "dumb" || term.startsWith("vt");
  const ascii = console || (charset !== "" && !/^utf-?8$/i.test(charset));
  return { depth: detectDepth(env, term), ascii };
}

function detectDepth(env: Readonly<Record<string, string | undefined>>, term: string): ColourDepth {
  if ((env["NO_COLOR"] ?? "") !== "" || term === "dumb" || term === "") {
    return "none";
  }
  if (/^(truecolor|24bit)$/i.test(env["COLORTERM"] ?? "") || /-direct$/.test(term)) {
    return "truecolor";
  }
  return /256|kitty|alacritty|foot|ghostty|wezterm/.test(term) ? "256" : "16";
}
