import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CHOSEN_VARIABLES } from "../../src/capture/procfs/environment.ts";

const BYTES = 8;

test("the kernel programs and the reader of /proc choose the same variables of an environment", () => {
  const source = readFileSync(join(import.meta.dirname, "../../bpf/environment.bpf.c"), "utf8");
  const words = [...source.matchAll(/^\tNAME\(((?:'.', ){7}(?:'.'|0))\)/gmu)].map(([, letters = ""]) =>
    letters.replaceAll(/', '|'|, 0$/gu, ""),
  );
  expect(words.length).toBeGreaterThan(20);
  const begins = CHOSEN_VARIABLES.map((name) => `${name}=`.slice(0, BYTES));
  for (const begin of begins)
    expect(
      words.filter((word) => begin.startsWith(word)),
      begin,
    ).toHaveLength(1);
  for (const word of words) expect(begins.filter((begin) => begin.startsWith(word)).length, word).toBeGreaterThan(0);
});
