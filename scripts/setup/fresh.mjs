// Freshness by modification times: a stamp file carries the time at which the step that wrote it began.

import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { top } from "./run.mjs";

/** Modification time in ms, 0 when there is no such file. */
export function mtime(path) {
  return statSync(join(top, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Newest modification time below the given files and folders; a folder's own time tells of removed files. */
export function newest(paths) {
  let time = 0;
  for (const path of paths) {
    const stat = statSync(join(top, path), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    time = Math.max(time, stat.mtimeMs);
    if (stat.isDirectory()) time = Math.max(time, newest(readdirSync(join(top, path)).map((name) => join(path, name))));
  }
  return time;
}

/** Runs `work`, then writes the stamp, dated to the start: what changed meanwhile is newer than it. */
export async function stamped(path, work) {
  const start = new Date();
  await work();
  const file = join(top, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  utimesSync(file, start, start);
}
