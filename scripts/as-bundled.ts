// Preloaded: modules of src/ run with their constants as numbers, as in the bundle.

import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withConstants } from "./constants.ts";

const src = join(dirname(import.meta.dirname), "src/");

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const path = url.startsWith("file:") ? fileURLToPath(url) : "";
    if (!path.startsWith(src) || !/\.tsx?$/.test(path)) return loaded;
    return { ...loaded, source: withConstants(String(loaded.source), path) };
  },
});
