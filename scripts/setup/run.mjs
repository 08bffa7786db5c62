// How a step speaks and how it runs a command.

import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Top folder of the repository. */
export const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** One line on stderr. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** A command that failed: what was run, how it ended, the end of what it printed. */
export class CommandError extends Error {
  constructor(command, ending, output) {
    super(`\`${command.join(" ")}\` ${ending}`);
    this.output = output;
  }
}

/** A step that failed: says which, why, and what to do. */
export class StepError extends Error {
  constructor(step, cause) {
    super(`${step.name} failed`, { cause });
    this.step = step;
  }

  report() {
    const { output, message } = this.cause;
    const tail = output
      ? `${output
          .trimEnd()
          .split("\n")
          .slice(-25)
          .map((line) => `  | ${line}`)
          .join("\n")}\n`
      : "";
    return `${tail}setup: ${this.message}: ${message}\nsetup: what to do: ${this.step.remedy}\nsetup: then run the same command again; it continues here.\n`;
  }
}

/**
 * Runs a command (no shell) and resolves to what it printed on either stream. With `quiet: false` its output goes to stderr as it comes.
 * Rejects with a CommandError.
 */
export function run(command, { cwd = top, env = {}, quiet = true } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ["ignore", "pipe", "pipe"] : ["inherit", 2, 2],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => reject(new CommandError(command, `could not start (${error.code})`, output)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new CommandError(command, signal ? `was ended by ${signal}` : `ended with code ${code}`, output));
    });
  });
}
