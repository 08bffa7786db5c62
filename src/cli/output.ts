import type { SourceStatus } from "../capture/source.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { EXIT } from "./manual.ts";

/** A reader that does not read is waited for so long once we were interrupted. */
const GRACE_MS = 1_000;

/** A sentence for people beside the output that programs read. */
export function note(text: string): void {
  process.stderr.write(`spydertop: ${sanitise(text)}\n`);
}

/** Says what a source does not see, or what of a file could not be used. */
export function tellLimits({ limited }: SourceStatus): void {
  if (limited !== undefined) note(`limited: ${limited.why}; missed: ${limited.missed}; fix: ${limited.fix}`);
}

/**
 * Resolves when stdout took it all: what waits in the meantime waits in the kernel, and is counted there.
 * False: we were interrupted and its reader still does not read.
 */
export async function print(text: string, stopped: AbortSignal): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (read: boolean): void => {
      clearTimeout(timer);
      stopped.removeEventListener("abort", hurry);
      resolve(read);
    };
    const hurry = (): void => {
      timer = setTimeout(end, GRACE_MS, false);
    };
    process.stdout.write(text, () => end(true));
    if (stopped.aborted) hurry();
    else stopped.addEventListener("abort", hurry);
  });
}

/** Aborted by SIGINT, SIGTERM or SIGHUP: the regular end of what goes on until it is interrupted. */
export function interrupted(): AbortController {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  return stop;
}

/** A reader that went away ("spydertop events | head -1") is not an error. */
export function endQuietlyWithoutReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.OK);
    process.stderr.write(`spydertop: cannot write the output: ${error.message}\n`);
    process.exit(EXIT.FAILED);
  });
  // Nobody is left to be told.
  process.stderr.on("error", () => {});
}
