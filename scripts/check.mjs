// Everything CI runs, after set-up: each check is run even when an earlier one failed, the tests come last.
// Arguments go to vitest (`npm test -- test/core`). The last line is the count of tests.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const countsFile = join(top, "build", "test-counts.json");
const bin = (name) => `node_modules/${name}`;

const checks = [
  ["format and lint", bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."],
  ["types", bin("typescript/bin/tsc"), "-p", "tsconfig.json"],
  ["types of core, fenced", bin("typescript/bin/tsc"), "-p", "src/core/tsconfig.json"],
  ["wire layout is current", "scripts/layout.mjs", "--check"],
  ["structure", "scripts/check-structure.mjs"],
  ["tests", bin("vitest/vitest.mjs"), "run", ...process.argv.slice(2)],
];

rmSync(countsFile, { force: true });
const failed = [];
for (const [name, ...command] of checks) {
  console.log(`check: ${name}`);
  const { status } = spawnSync(join(top, "scripts", "node.sh"), command, { cwd: top, stdio: "inherit" });
  if (status !== 0) failed.push(name);
}

const counts = readCounts();
if (counts.passed + counts.failed === 0 && !failed.includes("tests")) failed.push("tests (none ran)");
if (failed.length > 0) console.log(`failed: ${failed.join(", ")}`);
const unsteady = counts.unsteady > 0 ? `, ${counts.unsteady} of them at the second attempt` : "";
console.log(`${counts.passed} passed${unsteady}, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;

function readCounts() {
  try {
    return JSON.parse(readFileSync(countsFile, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, unsteady: 0 };
  }
}
