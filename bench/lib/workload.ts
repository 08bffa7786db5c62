import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Dialogue } from "./child.ts";

/** Where workloads are pinned; consumers stay on the others. */
export const workloadCore = cpus().length - 1;

let folder: string | undefined;

/** Temporary folder of this process, removed when it ends. */
export function workFolder(): string {
  if (folder) return folder;
  const made = mkdtempSync(join(tmpdir(), "spydertop-bench-"));
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}

let binary: string | undefined;

function compiled(): string {
  if (binary) return binary;
  const path = join(workFolder(), "workload");
  execFileSync("cc", ["-O2", "-Wall", "-o", path, join(import.meta.dirname, "..", "workload.c")]);
  binary = path;
  return path;
}

export interface Run {
  readonly wallNs: number;
  /** User + system of the workload and its children. */
  readonly cpuNs: number;
  readonly operations: number;
}

/** bench/workload.c, running. */
export class Workload {
  readonly #child: Dialogue;

  private constructor(child: Dialogue) {
    this.#child = child;
  }

  /** core: where it is pinned, -1 = nowhere. */
  static async start(core = workloadCore): Promise<Workload> {
    const child = new Dialogue(compiled(), [String(core), workFolder()]);
    await child.next();
    return new Workload(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Operations are listed at the end of workload.c. */
  async run(operation: string, count: number): Promise<Run> {
    const [wallNs, cpuNs, operations] = (await this.#child.ask(`${operation} ${count}`)).split(" ").map(Number);
    return { wallNs: wallNs as number, cpuNs: cpuNs as number, operations: operations as number };
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}
