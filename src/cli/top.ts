import { constants, hostname } from "node:os";
import { signalProcess } from "../capture/live/native.ts";

import { runUi } from "../ui/run.tsx";
import { SearchIndex } from "../ui/search/search-index.ts";
import { createTheme, detectTerminal } from "../ui/theme/theme.ts";
import type { TopOptions } from "./args.ts";
import { HostMeters } from "./host-meters.ts";
import { openSource } from "./open-source.ts";
import { niceOf, reasonOf, renice } from "./renice.ts";
import { createSession, follow } from "./session.ts";

/** The snapshot of what runs already is read before the first frame, but not for longer than this. */
const FIRST_DRAIN_MS = 250;

/** Returns the reason when the signal could not be sent. */
function sendSignal(pid: number, startNs: number, signal: string): string | undefined {
  const number = constants.signals[signal as NodeJS.Signals];
  const code = signalProcess(pid, startNs, number);
  return code === undefined ? undefined : reasonOf(code);
}

const ELSEWHERE = "it is not in the PID namespace of this monitor; run it on the host";

/** The live monitor. Resolves with the exit code. */
export async function runTop(options: TopOptions): Promise<number> {
  const meters = new HostMeters();
  const source = openSource(options.input);
  try {
    const session = createSession(source, follow(options.input));
    const { queries, names } = session;
    session.drain(FIRST_DRAIN_MS);
    const here = (pid: number, act: (own: number) => string | undefined): string | undefined => {
      const own = session.pidHere(pid);
      return own === undefined ? ELSEWHERE : act(own);
    };
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
      // The processes of a file are not this machine's.
      readOnly: options.readOnly || options.input.from !== undefined,
      mouse: options.mouse,
      drain: session.drain,
      refresh: () => source.refresh(),
      totals: session.totals,
      sampleHost: () => meters.sample(),
      signal: (pid, startNs, signal) => here(pid, (own) => sendSignal(own, startNs, signal)),
      renice: (pid, startNs, nice) => here(pid, (own) => renice(own, startNs, nice)),
      nice: (pid) => {
        const own = session.pidHere(pid);
        return own === undefined ? undefined : niceOf(own);
      },
    });
  } finally {
    source.close();
  }
}
