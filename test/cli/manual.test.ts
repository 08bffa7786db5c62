import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { usage } from "../../src/cli/help.ts";
import { manPage } from "../../src/cli/man-page.ts";
import { COMMANDS, OPTIONS } from "../../src/cli/manual.ts";

const TOP = join(import.meta.dirname, "../..");

test("--help names every command and option, in lines of 80 columns", () => {
  const text = usage();
  for (const { name } of COMMANDS) expect(text).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  for (const { name } of OPTIONS) expect(text).toMatch(new RegExp(`^  .*--${name}\\b`, "m"));
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("the manual page is that of the tables: scripts/node.sh scripts/manual.ts renews it", () => {
  const { version } = JSON.parse(readFileSync(join(TOP, "package.json"), "utf8")) as { version: string };
  expect(readFileSync(join(TOP, "docs/spydertop.1"), "utf8")).toBe(manPage(version));
});
