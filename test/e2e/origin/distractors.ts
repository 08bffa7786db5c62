import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HUB, type World } from "./world.ts";

/**
 * Others at work beside the scenarios, doing the same kinds of things: downloads, scripts written and run, pipes into shells, compilers,
 * a server with clients. They end with the file that keeps them going.
 */
export function distract(world: World): { end(): void } {
  const folder = join(world.folder, "others");
  const going = join(folder, "going");
  mkdirSync(folder);
  writeFileSync(going, "");
  const loop = (work: string): void => {
    world.spawn("sh", ["-c", `while [ -s ${going} ]; do ${work}; sleep 1; done`], folder);
  };
  writeFileSync(going, "on");
  const port = 8900;
  world.spawn(world.actors, ["web", String(port)], folder);
  loop(`curl -s http://127.0.0.1:${HUB}/other > page; cp page copy; rm copy`);
  loop("printf '#!/bin/sh\\ntrue\\n' > own.sh; chmod +x own.sh; ./own.sh; mv own.sh old.sh; sh old.sh");
  loop("echo 'true from a pipe' | sh; ls | sort | head -2 > list");
  loop("printf 'int main(void) { return 0; }' > a.c; clang a.c -o a.out && ./a.out");
  loop(`curl -s -H 'X-Run: true other' http://127.0.0.1:${port}/`);
  return { end: () => writeFileSync(going, "") };
}
