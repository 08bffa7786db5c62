import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type LiveSource, openLive } from "../../../src/capture/live/live-source.ts";
import { Monitor } from "../../../src/core/monitor.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { connections } from "../../../src/core/query/connections.ts";
import type { ConnectionRow, OriginChain, Subject } from "../../../src/core/query/model.ts";
import { tree } from "../../../src/core/query/tree.ts";

const DEADLINE_MS = 20_000;
const ROLES = join(import.meta.dirname, "roles.mjs");

export interface Facts {
  readonly pid: number;
  readonly port: number;
}

/**
 * A network namespace of its own with real processes in it, watched by a live capture. The namespace is held by one
 * process; everything in it ends with `close`.
 */
export class World {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "spydertop-origin-")));
  readonly monitor = new Monitor();
  readonly source: LiveSource;
  readonly #holder: ChildProcess;
  readonly #children: ChildProcess[] = [];

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    this.source = openLive();
  }

  static async open(): Promise<World> {
    const holder = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(createInterface({ input: holder.stdout }), "line");
    return new World(holder);
  }

  /** Starts a program inside the namespace. */
  spawn(command: string, args: readonly string[]): ChildProcess {
    const child = spawn("nsenter", [`--net=/proc/${this.#holder.pid}/ns/net`, command, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      cwd: this.folder,
    });
    this.#children.push(child);
    return child;
  }

  /** Starts a role of roles.mjs and waits until it is ready. */
  async role(name: string, ...args: string[]): Promise<Facts> {
    const child = this.spawn(process.execPath, [ROLES, name, ...args]);
    if (!child.stdout) throw new Error("no standard output");
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    return JSON.parse(line);
  }

  /** Runs a shell command in the namespace to its end. */
  async shell(command: string): Promise<void> {
    const child = this.spawn("sh", ["-c", command]);
    child.stdin?.end();
    await once(child, "exit");
  }

  drain(): void {
    while (this.source.drain((batch) => this.monitor.ingest(batch), 50));
  }

  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      this.drain();
      const found = find();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`never seen: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The connection from a client to a port of this namespace, once it is over. */
  connectionTo(port: number): Promise<ConnectionRow> {
    return this.until(`a connection to :${port}`, () =>
      connections(this.monitor, { includeClosed: true }).find(
        (row) => row.closedNs !== undefined && [row.local, row.remote].some((end) => end.endsWith(`:${port}`)),
      ),
    );
  }

  pidOf(subject: Subject): number | undefined {
    if (subject.kind !== "process") return undefined;
    return this.rows().find((row) => row.id === subject.id)?.pid;
  }

  rows() {
    return tree(this.monitor, {
      layout: "flat",
      sort: "pid",
      descending: false,
      collapsed: new Set(),
      showKernelThreads: true,
      lingerNs: Number.POSITIVE_INFINITY,
      nowNs: this.monitor.nowNs,
    }).rows;
  }

  origin(subject: Subject): OriginChain {
    return originOf(this.monitor, subject);
  }

  async close(): Promise<void> {
    this.source.close();
    for (const child of this.#children) child.stdin?.end();
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, "exit");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A chain as text, one step a line: for messages of failed assertions. */
export function textOf(chain: OriginChain): string {
  const steps = chain.steps.map(
    (step) => `${"  ".repeat(step.depth)}${step.link}: ${step.title} -- ${step.explanation} [${step.certainty}]`,
  );
  return [chain.title, chain.rootCause, ...steps, ...chain.gaps.map((gap) => `gap: ${gap}`)].join("\n");
}

export function copyOf(program: string, to: string): void {
  execFileSync("cp", [program, to]);
}
