import { describe, expect, test } from "vitest";
import { BINDINGS } from "../../src/ui/keymap/bindings.ts";
import { commandFor, footerKeys, helpText } from "../../src/ui/keymap/help.ts";
import type { ScreenName } from "../../src/ui/state/view-state.ts";

const SCREENS: readonly ScreenName[] = [
  "tree",
  "connections",
  "files",
  "findings",
  "containers",
  "listen",
  "detail",
  "origin",
  "impact",
  "help",
];

describe("the table of keys", () => {
  test("no key means two things", () => {
    const keys = BINDINGS.flatMap((binding) => binding.keys);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  test("every function key has a key without F", () => {
    for (const { keys } of BINDINGS) {
      if (keys.some((key) => /^f\d/.test(key)))
        expect(
          keys.some((key) => !/f\d/.test(key)),
          keys.join(),
        ).toBe(true);
    }
  });

  test("no bare lower-case letter sends a signal", () => {
    expect(BINDINGS.find(({ command }) => command === "signal")?.keys.filter((key) => /^[a-z]$/.test(key))).toEqual([]);
  });

  test("what a footer promises works there", () => {
    for (const screen of SCREENS) {
      for (const { key } of footerKeys(screen)) {
        const name = { Enter: "enter", F9: "f9" }[key] ?? key;
        expect(commandFor(name, screen), `${key} on ${screen}`).toBeDefined();
      }
    }
  });

  test("the printed help names every command once", () => {
    for (const { help } of BINDINGS) expect(helpText().split(help).length, help).toBeGreaterThanOrEqual(2);
  });
});
