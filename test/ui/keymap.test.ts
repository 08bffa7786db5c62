import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BINDINGS } from "../../src/ui/keymap/bindings.ts";
import { commandFor, footerKeys, keyLabels, keyRows } from "../../src/ui/keymap/help.ts";
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
    const told = keyRows().map((row) => (row.kind === "binding" ? row.help : ""));
    for (const { help } of BINDINGS) expect(told).toContain(help);
  });

  test("the README tells every command, and no key that is none", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const section = readme.slice(readme.indexOf("## Keys"), readme.indexOf("In the tree:"));
    const told = [...section.matchAll(/^\|(.*?)\|/gmu)].flatMap((row) =>
      [...(row[1] ?? "").matchAll(/`([^`]+)`/gu)].map((match) => match[1] ?? ""),
    );
    const labels = BINDINGS.flatMap((binding) => keyLabels(binding));
    expect(told.filter((key) => !labels.includes(key))).toEqual([]);
    const numbers = ["1", "2", "3", "4", "5", "6"];
    for (const binding of BINDINGS) {
      const keys = keyLabels(binding);
      expect(
        keys.some((key) => told.includes(key) || numbers.includes(key)),
        `${binding.command}: ${keys.join(" ")}`,
      ).toBe(true);
    }
  });
});
