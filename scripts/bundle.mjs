// src/cli/main.ts and all it imports -> dist/spydertop.mjs and a chunk for each part that is only loaded when needed: ES
// modules for Node 24.
// The addon and the BPF object stay files in build/ and are loaded by path.

import { readdir, readFile, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { withConstants } from "./constants.ts";

const top = dirname(dirname(fileURLToPath(import.meta.url)));

const { version } = JSON.parse(await readFile(`${top}/package.json`, "utf8"));

// An import of a built-in module reads every property it has, and so loads what hides behind its getters; this reads those
// that are used.
const builtins = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind }) =>
      isBuiltin(path) && kind === "import-statement"
        ? { path: path.replace(/^node:/, ""), namespace: "builtin", sideEffects: false }
        : undefined,
    );
    onLoad({ filter: /./, namespace: "builtin" }, async ({ path }) => {
      const names = Object.keys(await import(`node:${path}`)).filter((name) => name !== "default");
      const own = names.map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`);
      const module = `const builtin = /* @__PURE__ */ process.getBuiltinModule("node:${path}");`;
      return { contents: [module, "export default builtin;", ...own].join("\n"), loader: "js" };
    });
  },
};

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
    // Where the output has no size it would run tput and resize; ours always has one, and is spared node:child_process.
    onLoad({ filter: /\/terminal-size\/index\.js$/ }, () => ({
      contents: "export default () => ({ columns: 80, rows: 24 });",
      loader: "js",
    }));
    // What a screen of plain text never asks for is made when it is asked for: the rules by which text falls into characters,
    // and an expression of all emoji, a twentieth of the start.
    onLoad(
      { filter: /\/(string-width|wrap-ansi|slice-ansi|ansi-tokenize)\/.*\.js$|\/line-update\.js$/ },
      async ({ path }) => ({
        contents: (await readFile(path, "utf8")).replace(
          /^const (\w+) = (new Intl\.Segmenter\(.*\)|\/.*RGI_Emoji.*\/v);$/gm,
          "let $1Made; const $1Of = () => ($1Made ??= $2);\n" +
            "const $1 = { segment: (text) => $1Of().segment(text), test: (text) => $1Of().test(text) };",
        ),
        loader: "js",
      }),
    );
    // Ink connects to React's developer tools when DEV is set: not in a program that runs as root.
    onLoad({ filter: /\/ink\/build\/devtools\.js$/ }, () => ({ contents: "", loader: "js" }));
  },
};

const constants = {
  name: "constants",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.tsx?$/ }, async ({ path }) =>
      path.startsWith(`${top}/src/`)
        ? { contents: withConstants(await readFile(path, "utf8"), path), loader: path.endsWith("x") ? "tsx" : "ts" }
        : undefined,
    );
  },
};

const { metafile } = await build({
  absWorkingDir: top,
  entryPoints: { spydertop: "src/cli/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  metafile: true,
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
    js: "#!/usr/bin/env node\nconst require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  },
  plugins: [builtins, rewrites, constants],
});

// Chunks are named after their contents: those of earlier bundles would stay.
for (const name of await readdir(`${top}/dist`))
  if (/\.mjs(\.map)?$/.test(name) && !(`dist/${name}` in metafile.outputs)) await rm(`${top}/dist/${name}`);
