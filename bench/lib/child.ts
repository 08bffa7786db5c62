import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Runs a script with the settings of the program: what is measured then is the program's. */
export const asProgram = join(import.meta.dirname, "..", "..", "scripts", "as-program.sh");

/** A child that answers each line on its stdin with one line on its stdout. Its stderr is ours. */
export class Dialogue {
  readonly process: ChildProcess;
  readonly #answers: string[] = [];
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;

  constructor(command: string, args: readonly string[], cwd?: string) {
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], ...(cwd === undefined ? {} : { cwd }) });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting.resolve(line);
      else this.#answers.push(line);
    });
    const end = (why: string) => {
      this.#ended = new Error(`${command}: ${why}`);
      this.#waiting?.reject(this.#ended);
    };
    this.process.on("error", (error) => end(error.message));
    this.process.on("close", (code, signal) => end(`ended with ${signal ?? code}`));
    this.process.stdin?.on("error", () => undefined);
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** The next line it says. Rejects when it ends first. */
  next(): Promise<string> {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  ask(line: string): Promise<string> {
    this.process.stdin?.write(`${line}\n`);
    return this.next();
  }

  /** Closes its stdin, by which it ends, and waits until it has. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const closed = new Promise((resolve) => this.process.once("close", resolve));
    this.process.stdin?.end();
    await closed;
  }
}
