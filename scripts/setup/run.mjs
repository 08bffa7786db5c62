// How a step speaks and how it runs a command.

import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Top folder of the repository. */
export const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** One line on stderr. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** A command that failed: what was run, how it ended, what it printed, and the signal when the user interrupted it. */
export class CommandError extends Error {
  constructor(command, ending, output, interruption) {
    super(`\`${command.join(" ")}\` ${ending}`);
    this.output = output;
    this.interruption = interruption;
  }
}

/** A step that failed: says which, why, and what to do. */
export class StepError extends Error {
  constructor(step, cause) {
    super(`${step.name} failed`, { cause });
    this.step = step;
  }

  report() {
    const { output, message, interruption } = this.cause;
    const again = "run the same command again; it continues here.";
    if (interruption) return `setup: ${this.step.name} interrupted (${interruption}); ${again}\n`;
    const tail = (output ?? "").split("\n").filter((line) => line.trim() !== "");
    return [
      ...tail.slice(-25).map((line) => `  | ${line}`),
      `setup: ${this.message}: ${message}`,
      `setup: what to do: ${this.step.remedy}`,
      `setup: then ${again}`,
      "",
    ].join("\n");
  }
}

/**
 * Runs a command (no shell) at the top of the repository and resolves to what it printed on either stream.
 * A signal to set-up is handed on, and set-up ends only after the command has. Rejects with a CommandError.
 */
export function run(command) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { cwd: top, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    let interruption;
    const handOn = (signal) => {
      interruption = signal;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, handOn);
    const settle = (ending) => {
      for (const signal of signals) process.off(signal, handOn);
      if (ending === undefined) resolve(output);
      else reject(new CommandError(command, ending, output, interruption));
    };
    child.on("error", (error) => settle(`could not start (${error.code})`));
    child.on("close", (code, signal) => {
      if (code === 0 && interruption === undefined) settle();
      else settle(signal ? `was ended by ${signal}` : `ended with code ${code}`);
    });
  });
}
