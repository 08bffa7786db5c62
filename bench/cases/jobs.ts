import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { overhead, ROUNDS, type Subject } from "../lib/overhead.ts";
import { none, Spydertop } from "../lib/tracers.ts";
import { workFolder } from "../lib/workload.ts";

/** Real programs, started by workload.c as ./job: CPU time of all their processes. One is prepared at a time. */
function prepared(script: string, subject: Pick<Subject, "words" | "aimPart" | "key">): Subject {
  const path = join(workFolder(), "job");
  writeFileSync(path, `#!/bin/sh\nexec >/dev/null 2>&1\n${script}\n`);
  chmodSync(path, 0o755);
  return { ...subject, operation: "job", count: 1, bursts: 8, unit: "ms" };
}

export async function job(prepare: () => Subject): Promise<void> {
  const tracers = [none, new Spydertop("rows")];
  await overhead(prepare(), tracers, Math.ceil(ROUNDS / 2));
  for (const tracer of tracers) await tracer.close();
}

const vendored = join(import.meta.dirname, "..", "..", "native", "vendor");

/** C files of a usual size, in bytes. */
const LEAST = 10_000;
const MOST = 30_000;

/** A second of the compiler. Throws when libbpf's source is not there. */
export function compile(): Subject {
  const version = readdirSync(vendored).find((name) => existsSync(join(vendored, name, "src", "libbpf.c")));
  if (version === undefined) throw new Error("libbpf's source is not there: run npm run setup");
  const source = join(vendored, version);
  const folder = join(workFolder(), "make");
  mkdirSync(folder, { recursive: true });
  const objects = readdirSync(join(source, "src"))
    .filter((name) => name.endsWith(".c"))
    .filter((name) => usual(statSync(join(source, "src", name)).size))
    .map((name) => name.replace(/c$/, "o"));
  writeFileSync(
    join(folder, "Makefile"),
    `VPATH = ${source}/src\nCFLAGS = -O2 -I${source}/include -I${source}/include/uapi\nall: ${objects.join(" ")}\n`,
  );
  const words = `make -j2, ${objects.length} C files`;
  return prepared(`make -B -C ${folder} -j2`, { words, aimPart: 0.01, key: "compile" });
}

export function cat(): Subject {
  return prepared("find /usr/include -type f -print0 | xargs -0 -n 200 cat", {
    words: "find | xargs cat, /usr/include",
    aimPart: 0.05,
    key: "cat",
  });
}

const usual = (bytes: number): boolean => bytes >= LEAST && bytes <= MOST;
