// One case in a process of its own: `case.ts <name>`. Prints messages of lib/result.ts.

import { cases } from "./cases.ts";
import { skip } from "./lib/result.ts";

// What is watched runs as it would without us.
delete process.env.GLIBC_TUNABLES;
const name = process.argv[2] ?? "";
const found = cases.find((one) => one.name === name);
if (!found) throw new Error(`no case ${name}`);
try {
  await found.run();
} catch (error) {
  skip(name, (error as Error).message);
  process.exit(1); // what is still open must not keep it
}
