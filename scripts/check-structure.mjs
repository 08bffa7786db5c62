// Two rules the compiler does not know: how long a file may be, and which layer may import which.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const maxLines = 600;

/** What each layer of src/ may import besides itself. */
const allowed = {
  core: [],
  capture: ["core"],
  ui: ["core"],
  cli: ["core", "capture", "ui"],
};

/** A declaration at the start of a line, or a dynamic import: not a sentence that says "from". */
const IMPORT = /^(?:import|export)\b(?:[^"'`;=]*?\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

const problems = [];
const sources = [
  ...files("src"),
  ...files("test"),
  ...files("bench"),
  ...files("scripts"),
  ...files("bpf"),
  ...files("native/src"),
];
for (const path of sources) {
  if (!/\.(m?[jt]sx?|cc|c|h)$/.test(path) || path.includes(".gen.")) continue;
  const text = readFileSync(join(top, path), "utf8");
  const lines = text.split("\n").length - 1;
  if (lines > maxLines) problems.push(`${path}: ${lines} lines, ${maxLines} is the most`);
  if (path.startsWith("src/")) checkImports(path, text);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function checkImports(path, text) {
  const layer = path.split("/")[1];
  for (const match of text.matchAll(IMPORT)) {
    const target = match[1] ?? match[2];
    const [folder, other] = target.startsWith(".")
      ? relative(top, resolve(top, dirname(path), target)).split("/")
      : ["node_modules"];
    if (folder === "node_modules") {
      if (layer === "core") problems.push(`${path}: imports ${target}; core imports nothing from outside`);
    } else if (folder !== "src") {
      problems.push(`${path}: imports ${target}, which is outside src/`);
    } else if (other !== layer && !allowed[layer]?.includes(other)) {
      const may = ["itself", ...(allowed[layer] ?? [])].join(", ");
      problems.push(`${path}: imports ${target}; ${layer} may import ${may}`);
    }
  }
}

function files(folder) {
  let entries;
  try {
    entries = readdirSync(join(top, folder), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}
