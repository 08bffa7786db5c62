import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** What starts this program from any folder: its launcher, with its whole path; the bare name where there is none. */
export function programCommand(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const path = join(folder, "scripts", "launch.sh");
    if (existsSync(path)) return quoted(path);
    if (folder === dirname(folder)) return "spydertop";
  }
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./-]+$/u.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
