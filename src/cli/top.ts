import { constants } from "node:os";
import { signalProcess } from "../capture/live/native.ts";
import type { EventSource } from "../capture/source.ts";
import { runUi } from "../ui/run.tsx";
import { SearchIndex } from "../ui/search/search-index.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { createTheme, detectTerminal } from "../ui/theme/theme.ts";
import type { TopOptions } from "./args.ts";
import { HostMeters } from "./host-meters.ts";
import { niceOf, reasonOf, renice } from "./renice.ts";
import { openStage } from "./stage.ts";

/** The snapshot of what runs already is read before the first frame, but not for longer than this. */
const FIRST_DRAIN_MS = 250;

/** Returns the reason when the signal could not be sent. */
function sendSignal(pid: number, startNs: number, signal: string): string | undefined {
  const number = constants.signals[signal as NodeJS.Signals];
  const code = signalProcess(pid, startNs, number);
  return code === undefined ? undefined : reasonOf(code);
}

const ELSEWHERE = "it is not in the PID namespace of this monitor; run it on the host";

/** The screens, over this machine's source or the file that was asked for. Resolves with the exit code. */
export async function runTop(options: TopOptions, machine: EventSource | undefined): Promise<number> {
  const meters = new HostMeters();
  const stage = await openStage(options.input, machine, options.record);
  const { queries, names, time } = stage;
  try {
    stage.drain(FIRST_DRAIN_MS);
    const here = (pid: number, act: (own: number) => string | undefined): string | undefined => {
      const own = stage.pidHere(pid);
      return own === undefined ? ELSEWHERE : act(own);
    };
    const traits = detectTerminal(process.env);
    const theme = createTheme({
      name: options.theme,
      depth: options.noColor ? "none" : traits.depth,
      ascii: options.ascii || traits.ascii,
    });
    const search = new SearchIndex(queries, names);
    return await runUi({
      env: { theme, names, hostname: stage.hostname },
      sources: { queries, names, search, ...(time === undefined ? {} : { time }) },
      stdin: process.stdin,
      stdout: process.stdout,
      refreshMs: options.refreshMs,
      // The processes of a file are not this machine's.
      readOnly: options.readOnly || options.input.from !== undefined,
      mouse: options.mouse,
      drain: stage.drain,
      refresh: stage.refresh,
      totals: stage.totals,
      sampleHost: () => meters.sample(),
      signal: (pid, startNs, signal) => here(pid, (own) => sendSignal(own, startNs, signal)),
      renice: (pid, startNs, nice) => here(pid, (own) => renice(own, startNs, nice)),
      nice: (pid) => {
        const own = stage.pidHere(pid);
        return own === undefined ? undefined : niceOf(own);
      },
      snapshot: stage.snapshot,
      announce: stage.announce,
    });
  } finally {
    const said = await stage.close();
    if (said !== undefined) process.stderr.write(`spydertop: ${sanitise(said)}\n`);
  }
}
