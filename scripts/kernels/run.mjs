// Boots Debian's kernels in QEMU without hardware virtualisation, runs the capture on each and writes the tables of
// docs/kernel-support.md.
//
//   npm run test:kernels -- [NAME...] [--explain] [--accept]
//
// NAME: of kernels.mjs, all without one. --explain: what the verifier said about each refused program, in the log of the
// machine. --accept: keep the verifier's counts of this run. Everything is kept in build/kernels.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernels } from "./kernels.mjs";
import { boot } from "./machine.mjs";
import { buildInitrd, fetchKernel, folder, installTools, say, top, writeInitrd } from "./prepare.mjs";
import { resultOf, writeTables } from "./report.mjs";
import { growth, keep } from "./verifier.mjs";

const LIMIT_SECONDS = 900;

const args = process.argv.slice(2);
const names = args.filter((word) => !word.startsWith("--"));
const flags = args.filter((word) => word.startsWith("--"));
const unknown = [
  ...names.filter((name) => !kernels.some((kernel) => kernel.name === name)),
  ...flags.filter((flag) => flag !== "--explain" && flag !== "--accept"),
];
if (unknown.length > 0) {
  const known = kernels.map(({ name }) => name).join(", ");
  say(
    `not known: ${unknown.join(", ")}. Usage: npm run test:kernels -- [NAME...] [--explain] [--accept]; NAME: ${known}`,
  );
  process.exit(2);
}
const words = process.argv.includes("--explain") ? ["explain"] : [];
const chosen = kernels.filter(({ name }) => names.length === 0 || names.includes(name));

mkdirSync(folder, { recursive: true });
await installTools([...new Set(chosen.map(({ arch }) => arch))]);

const resultsFile = join(folder, "results.json");
const results = new Map(Object.entries(readJson(resultsFile) ?? {}));
const initrds = new Map();
const failures = [];
for (const kernel of chosen) {
  const outcome = await attempt(kernel);
  const result = resultOf(kernel, outcome);
  results.set(kernel.name, result);
  failures.push(...result.failures.map((failure) => `${kernel.name}: ${failure}`));
  const passed = result.scenes.filter((scene) => scene.result === "ok").length;
  const lacks = result.lacks.length > 0 ? `, lacks ${result.lacks.join(", ")}` : "";
  say(`${kernel.name}: ${result.version ?? ""} ${passed} of ${result.scenes.length} scenes${lacks}`);
}

const counts = Object.fromEntries(
  chosen
    .map(({ name }) => [name, results.get(name).programs])
    .filter(([, programs]) => Object.keys(programs).length > 0),
);
failures.push(...growth(counts));
keep(counts, process.argv.includes("--accept"));
writeFileSync(resultsFile, `${JSON.stringify(Object.fromEntries(results), null, 2)}\n`);
const ordered = kernels.map(({ name }) => results.get(name)).filter((result) => result !== undefined);
writeTables(join(top, "docs", "kernel-support.md"), ordered);
for (const failure of failures) say(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

/** Whatever goes wrong on the way is that kernel's result, not the end of the run. */
async function attempt(kernel) {
  try {
    const found = await fetchKernel(kernel);
    if (found === undefined) return { objects: [], problem: "no package in the archive" };
    if (!initrds.has(kernel.arch)) initrds.set(kernel.arch, await buildInitrd(kernel.arch));
    const initrd = writeInitrd(found, initrds.get(kernel.arch));
    say(`${kernel.name}: booting ${found.version}`);
    const log = join(folder, `${kernel.name}.log`);
    const machine = { arch: kernel.arch, kernel: found.file, initrd, log, words };
    const objects = await boot({ ...machine, seconds: LIMIT_SECONDS });
    return { version: found.version, objects, problem: objects.length > 0 ? undefined : `it did not boot: see ${log}` };
  } catch (error) {
    return {
      objects: [],
      problem: String(error.stderr || error.message)
        .trim()
        .split("\n")
        .at(-1),
    };
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
