import { hostname } from "node:os";
import { runUi } from "../ui/run.tsx";
import { SearchIndex } from "../ui/search/search-index.ts";
import { createTheme, detectTerminal } from "../ui/theme/theme.ts";
import type { TopOptions } from "./args.ts";
import { HostMeters } from "./host-meters.ts";
import { openSource } from "./open-source.ts";
import { createSession } from "./session.ts";

/** The snapshot of what runs already is read before the first frame, but not for longer than this. */
const FIRST_DRAIN_MS = 250;

/** Returns the reason when the signal could not be sent. */
function sendSignal(pid: number, signal: string): string | undefined {
  try {
    process.kill(pid, signal);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    switch (code) {
      case "EPERM":
        return "not permitted (EPERM)";
      case "ESRCH":
        return "no such process (ESRCH)";
      default:
        return code ?? String(error);
    }
  }
}

/** The live monitor. Resolves with the exit code. */
export async function runTop(options: TopOptions): Promise<number> {
  const meters = new HostMeters();
  const source = openSource(options.input);
  try {
    const session = createSession(source);
    const { queries, names } = session;
    session.drain(FIRST_DRAIN_MS);
    const traits = detectTerminal(process.env);
    const theme = createTheme({
      name: options.theme,
      depth: options.noColor ? "none" : traits.depth,
      ascii: options.ascii || traits.ascii,
    });
    return await runUi({
      env: { theme, names, hostname: hostname() },
      sources: { queries, names, search: new SearchIndex(queries, names) },
      stdin: process.stdin,
      stdout: process.stdout,
      refreshMs: options.refreshMs,
      readOnly: options.readOnly,
      mouse: options.mouse,
      drain: session.drain,
      refresh: () => source.refresh(),
      totals: session.totals,
      sampleHost: () => meters.sample(),
      signal: sendSignal,
    });
  } finally {
    source.close();
  }
}
