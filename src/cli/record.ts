import { runRecord } from "../capture/recording/commands.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import type { Input } from "./args.ts";
import { openSource } from "./open-source.ts";

/** Records until SIGINT, SIGTERM or SIGHUP. Resolves with the exit code. */
export async function record(path: string, input: Input): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  const source = openSource(input);
  try {
    const version = process.env.SPYDERTOP_VERSION ?? "(not bundled)";
    const note = (line: string): void => void process.stderr.write(`spydertop: ${sanitise(line)}\n`);
    return await runRecord({ path, source, version }, { note, stopped: stop.signal });
  } finally {
    source.close();
  }
}
