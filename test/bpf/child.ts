import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Facts = Readonly<Record<string, number | string>>;

/** A folder of its own with the trigger program in it; `remove` when done. */
export class Bench {
  /** Without symbolic links, as the kernel reports paths. Searchable by everyone. */
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "spydertop-test-")));
  readonly trigger = join(this.folder, "trigger");
  readonly #children: Child[] = [];

  constructor() {
    execFileSync("make", ["-s", "-C", join(import.meta.dirname, "trigger")], { stdio: "inherit" });
    copyFileSync(join(import.meta.dirname, "../../build/trigger"), this.trigger);
    execFileSync("chmod", ["755", this.folder]);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** A new folder with a file of five bytes, a folder and a link to that. */
  files(): string {
    const path = mkdtempSync(this.path("files-"));
    mkdirSync(join(path, "sub"));
    symlinkSync("sub", join(path, "link"));
    writeFileSync(join(path, "plain"), "12345");
    return path;
  }

  /** Starts a scenario of the trigger program. */
  run(scenario: string, ...args: (string | number)[]): Child {
    return this.start(this.trigger, [scenario, ...args.map(String)]);
  }

  start(file: string, args: readonly string[], options: StartOptions = {}): Child {
    const child = new Child(spawn(file, args, { ...options, stdio: "pipe" }));
    this.#children.push(child);
    return child;
  }

  /** Ends the children that still wait, removes the folder. */
  async remove(): Promise<void> {
    for (const child of this.#children) child.release();
    await Promise.all(this.#children.map((child) => child.over));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface StartOptions {
  readonly cwd?: string;
  readonly argv0?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running scenario: it prints facts as JSON objects, one a line, and {"ready":1} where it waits to be released. */
export class Child {
  readonly pid: number;
  /** One object a line, in the order printed. */
  readonly lines: Facts[] = [];
  /** Resolves when the process is gone and its output was read. */
  readonly over: Promise<void>;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ready = Promise.withResolvers<void>();
  #output = "";
  #errors = "";
  #failure = "";

  constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process;
    this.pid = process.pid ?? -1;
    process.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    process.stderr.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    process.stdin.on("error", () => {});
    this.#ready.promise.catch(() => {});
    this.over = new Promise((resolve) => {
      process.on("error", (error) => this.#end(error.message, resolve));
      process.on("close", (code, signal) => this.#end(code === 0 ? "" : `ended by ${signal ?? code}`, resolve));
    });
  }

  /** Every fact of every line; later lines win. */
  get facts(): Facts {
    return Object.assign({}, ...this.lines);
  }

  number(name: string): number {
    const value = this.facts[name];
    if (typeof value !== "number") throw new Error(`no fact ${name}: ${JSON.stringify(this.lines)}`);
    return value;
  }

  /** Resolves where the scenario waits; rejects when it failed before. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Lets a waiting scenario go on to its end. */
  release(): void {
    this.#process.stdin.end("\n");
  }

  /** The facts once the scenario ended well. */
  async done(): Promise<Facts> {
    this.release();
    await this.over;
    if (this.#failure) throw new Error(`${this.#process.spawnargs.join(" ")}: ${this.#failure}\n${this.#errors}`);
    return this.facts;
  }

  #end(failure: string, resolve: () => void): void {
    this.#failure = failure;
    this.#ready.reject(new Error(`ended before it was ready: ${failure} ${this.#errors}`));
    resolve();
  }

  #read(text: string): void {
    this.#output += text;
    const lines = this.#output.split("\n");
    this.#output = lines.pop() ?? "";
    for (const line of lines) {
      const facts = JSON.parse(line) as Facts;
      this.lines.push(facts);
      if ("ready" in facts) this.#ready.resolve();
    }
  }
}
