import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Tui, type TuiOptions } from "./tui.ts";

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The built program; scripts/bundle.mjs makes it. */
export const BUNDLE = join(top, "dist", "spydertop.mjs");

/** Why the kernel's events cannot be read here; undefined = they can. */
export const cannotTrace = process.getuid?.() === 0 ? undefined : "reading the kernel's events needs root";

export interface ProgramOptions extends TuiOptions {
  readonly nodeArgs?: readonly string[];
}

/** The program itself in a terminal, without a shell around it. */
export function startProgram(args: readonly string[] = [], options: ProgramOptions = {}): Tui {
  return new Tui(process.execPath, [...(options.nodeArgs ?? []), BUNDLE, ...args], options);
}
