import { cpus } from "node:os";
import { basename, join } from "node:path";
import { asProgram, Dialogue } from "./child.ts";
import type { ConsumerReport } from "./consumer.ts";
import { noteOwn } from "./programs.ts";
import type { Use } from "./use.ts";
import { workloadCore } from "./workload.ts";

/** Something that watches the workload, or nothing. */
export interface Tracer {
  readonly name: string;
  start(): Promise<void>;
  /** CPU of its consumers since start, and events lost when it counts them. */
  stop(): Promise<{ readonly cpuNs: number; readonly lost?: number }>;
  /** Ends it for good. */
  close(): Promise<void>;
}

export const none: Tracer = {
  name: "none",
  start: () => Promise.resolve(),
  stop: () => Promise.resolve({ cpuNs: 0 }),
  close: () => Promise.resolve(),
};

/** A command that runs on the cores the workload does not use. */
export function besides(command: string, args: readonly string[]): [string, string[]] {
  if (cpus().length === 1) return [command, [...args]];
  return ["taskset", ["-c", `0-${workloadCore - 1}`, command, ...args]];
}

/** A command that runs where the workload does. */
export function pinned(command: string, args: readonly string[]): [string, string[]] {
  return ["taskset", ["-c", String(workloadCore), command, ...args]];
}

/** A separate process that attaches and drains as the monitor does. */
export class Spydertop implements Tracer {
  readonly name: string;
  readonly #child: Dialogue;

  /** checkout: another one, set up, to compare with. */
  constructor(use: Use, checkout?: string) {
    const name = checkout === undefined ? "spydertop" : `spydertop in ${basename(checkout)}`;
    this.name = use === "rows" ? name : `${name}, ${use}`;
    const script = join(checkout ?? join(import.meta.dirname, "..", ".."), "bench", "lib", "consumer.ts");
    this.#child = new Dialogue(...besides(asProgram, [script, use]));
  }

  get pid(): number {
    return this.#child.pid;
  }

  async ask(what: "attach" | "count" | "report" | "detach"): Promise<ConsumerReport> {
    return JSON.parse(await this.#child.ask(what)) as ConsumerReport;
  }

  async start(): Promise<void> {
    await this.ask("attach");
    noteOwn(this.pid);
  }

  async stop() {
    const { cpuNs, dropped } = await this.ask("detach");
    return { cpuNs, lost: dropped };
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}
