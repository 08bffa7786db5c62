// docs/spydertop.1, from the tables the arguments are parsed by.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { manPage } from "../src/cli/man-page.ts";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(top, "package.json"), "utf8")) as { version: string };
writeFileSync(join(top, "docs", "spydertop.1"), manPage(version));
