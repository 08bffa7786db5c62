// `import-open.ts <file>`: opens it as a user's first action does, in a process of its own, and prints how many ms that took.

import { openImport } from "../../src/capture/import/open-import.ts";
import { Monitor } from "../../src/core/monitor.ts";

const path = process.argv[2] ?? "";
const beganMs = performance.now();
const monitor = new Monitor();
const source = openImport(path);
source.start();
while (source.drain((batch) => monitor.ingest(batch), 10)) {}
source.close();
const tookMs = performance.now() - beganMs;
console.log(JSON.stringify({ tookMs, events: monitor.events, problems: source.problems.total }));
