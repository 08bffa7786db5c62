import { expect, test } from "vitest";
import { PALETTES } from "../../src/ui/theme/palettes.ts";
import { THEMES } from "../../src/ui/theme/tokens.ts";

/** What a deuteranope and a protanope see of a colour (Viénot, Brettel and Mollon 1999), linear parts. */
const SIMULATIONS = [
  [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
  [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1],
] as const;

const linear = (byte: number): number =>
  byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4;
const parts = (rgb: number): readonly number[] => [rgb >> 16, (rgb >> 8) & 255, rgb & 255].map(linear);

function seen(rgb: number, matrix: readonly number[]): readonly number[] {
  const [r = 0, g = 0, b = 0] = parts(rgb);
  return [0, 3, 6].map((at) => (matrix[at] ?? 0) * r + (matrix[at + 1] ?? 0) * g + (matrix[at + 2] ?? 0) * b);
}

const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((part, at) => Math.cbrt(Math.max(part, 0)) - Math.cbrt(Math.max(b[at] ?? 0, 0))));

const luminance = (rgb: number): number => {
  const [r = 0, g = 0, b = 0] = parts(rgb);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

test("with the colorblind theme good, warning and bad stay apart for who sees no red or no green", () => {
  const { tokens } = PALETTES.colorblind;
  const rgb = (token: keyof typeof tokens): number => tokens[token].fg?.rgb ?? 0;
  for (const matrix of SIMULATIONS) {
    for (const [a, b] of [
      ["good", "bad"],
      ["good", "warn"],
      ["warn", "bad"],
      ["inward", "remove"],
      ["low", "high"],
    ] as const) {
      expect(apart(seen(rgb(a), matrix), seen(rgb(b), matrix)), `${a} and ${b}`).toBeGreaterThan(0.15);
    }
  }
});

test("text of every theme is readable on its grounds", () => {
  for (const name of THEMES) {
    const { tokens, grounds } = PALETTES[name];
    const paper = name === "light" ? 0xffffff : 0x0d1117;
    for (const ground of Object.values(grounds)) {
      for (const token of ["dim", "good", "warn", "bad", "high", "critical", "title"] as const) {
        const [light = 0, dark = 0] = [luminance(tokens[token].fg?.rgb ?? 0), luminance(ground.bg?.rgb ?? paper)].sort(
          (a, b) => b - a,
        );
        expect((light + 0.05) / (dark + 0.05), `${name} ${token}`).toBeGreaterThan(2.8);
      }
    }
  }
});
