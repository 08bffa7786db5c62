// How many instructions the verifier walked for each program, kept per kernel in verifier.json: the sum is what start-up
// costs, and a program that grows without notice is refused one day by an older kernel.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "verifier.json");
const GROWTH = 1.2;
// Small programs may double without harm.
const SLACK = 500;

/** Programs that grew by more than a fifth: one line each. `counts`: {kernel: {program: instructions}}. */
export function growth(counts) {
  const kept = read();
  return Object.entries(counts).flatMap(([kernel, programs]) =>
    Object.entries(programs).flatMap(([program, now]) => {
      const before = kept[kernel]?.[program];
      if (before === undefined || now <= before * GROWTH + SLACK) return [];
      return [`${kernel}: ${program} now costs the verifier ${now} instructions, ${before} before`];
    }),
  );
}

/** Keeps new kernels and programs; with `all` also replaces what is there. */
export function keep(counts, all) {
  const kept = read();
  for (const [kernel, programs] of Object.entries(counts)) {
    const old = all ? {} : (kept[kernel] ?? {});
    const merged = { ...programs, ...Object.fromEntries(Object.entries(old).filter(([name]) => name in programs)) };
    kept[kernel] = Object.fromEntries(Object.entries(merged).sort());
  }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}

function read() {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}
