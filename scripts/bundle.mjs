// src/cli/main.ts and all it imports -> dist/spydertop.mjs, one ES module for Node 24.
// The addon and the BPF object stay files in build/ and are loaded by path.

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const top = dirname(dirname(fileURLToPath(import.meta.url)));

const { version } = JSON.parse(await readFile(`${top}/package.json`, "utf8"));

const rewrites = {
  name: "rewrites",
  setup({ onLoad }) {
    // drawille calls the deprecated constructor, whose warning would land on the user's screen.
    onLoad({ filter: /\/(drawille|ansi-term)[^/]*\/.*\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll("new Buffer(", "Buffer.alloc("),
      loader: "js",
    }));
    // Of lodash the line chart calls max alone: half a megabyte that would take a tenth of the start.
    onLoad({ filter: /\/lodash\/lodash\.js$/ }, () => ({
      contents: "module.exports = { max: (values) => Math.max(...values) };",
      loader: "js",
    }));
    // Ink connects to React's developer tools when DEV is set: not in a program that runs as root.
    onLoad({ filter: /\/ink\/build\/devtools\.js$/ }, () => ({ contents: "", loader: "js" }));
  },
};

await build({
  absWorkingDir: top,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/spydertop.mjs",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  jsx: "automatic",
  sourcemap: "external",
  legalComments: "eof",
  // Less to parse at every start; names stay, for the traces in a bug report.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: "warning",
  define: {
    "process.env.NODE_ENV": '"production"',
    "process.env.DEV": '"false"',
    // Yoga asks whether there is a fetch, and Node then loads a whole HTTP client; its module is inlined anyway.
    fetch: "undefined",
    "process.env.SPYDERTOP_VERSION": JSON.stringify(version),
  },
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as spyCreateRequire } from 'node:module';\nconst require = spyCreateRequire(import.meta.url);",
  },
  plugins: [rewrites],
});
