import { BINDINGS, type Binding } from "../keymap/bindings.ts";
import type { ScreenName } from "./view-state.ts";

/** Commands that work on a screen and hold every typed word; those whose words begin with the first one come first. */
export function paletteHits(text: string, screen: ScreenName): readonly Binding[] {
  const words = text
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== "");
  const told = (binding: Binding): string => `${binding.command} ${binding.help}`.toLowerCase();
  const begins = (binding: Binding): number => {
    const first = words[0] ?? "";
    return told(binding)
      .split(/[\s-]+/u)
      .some((word) => word.startsWith(first))
      ? 0
      : 1;
  };
  return BINDINGS.filter(
    (binding) =>
      (binding.on?.includes(screen) ?? true) &&
      words.every((word) => told(binding).includes(word)) &&
      !MOVES.has(binding.group),
  ).toSorted((a, b) => begins(a) - begins(b));
}

/** Nobody types a word to move by a row. */
const MOVES: ReadonlySet<Binding["group"]> = new Set(["move"]);
