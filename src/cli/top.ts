import { constants } from "node:os";
import { signalProcess } from "../capture/live/native.ts";
import type { EventSource } from "../capture/source.ts";
import type { TreeOptions } from "../core/query/model.ts";
import { runUi } from "../ui/run.tsx";
import { SearchIndex } from "../ui/search/search-index.ts";
import type { Beginning } from "../ui/state/view-state.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { createTheme, detectTerminal, type Theme } from "../ui/theme/theme.ts";
import type { TopOptions } from "./args.ts";
import { HostMeters } from "./host-meters.ts";
import { EXIT } from "./manual.ts";
import { note } from "./output.ts";
import { rehearse } from "./rehearsal.ts";
import { niceOf, reasonOf, renice } from "./renice.ts";
import { openStage, type Stage } from "./stage.ts";

/** The snapshot of what runs already is read before the first frame, but not for longer than this. */
const FIRST_DRAIN_MS = 250;

/** A process that was asked for is looked for so long while what runs already is being read. */
const LONGEST_LOOK_MS = 10_000;

/** Returns the reason when the signal could not be sent. */
function sendSignal(pid: number, startNs: number, signal: string): string | undefined {
  const number = constants.signals[signal as NodeJS.Signals];
  const code = signalProcess(pid, startNs, number);
  return code === undefined ? undefined : reasonOf(code);
}

const EVERYONE: Omit<TreeOptions, "nowNs"> = {
  layout: "flat",
  sort: "pid",
  descending: false,
  collapsed: new Set(),
  showKernelThreads: true,
  lingerNs: Number.POSITIVE_INFINITY,
};

const ELSEWHERE = "it is not in the PID namespace of this monitor; run it on the host";

/** What was asked to be shown; undefined when there is no such process. */
function beginningOf({ pid, user }: TopOptions, { queries, drain }: Stage): Beginning | undefined {
  const filter = user === undefined ? {} : { filter: `user:=${user}` };
  if (pid === undefined) return filter;
  for (const untilMs = performance.now() + LONGEST_LOOK_MS; ; ) {
    const { rows } = queries.tree({ ...EVERYONE, nowNs: queries.nowNs });
    const row = rows.find((one) => one.pid === pid && one.exit === undefined) ?? rows.find((one) => one.pid === pid);
    if (row !== undefined) return { ...filter, zoom: row.id };
    if (!drain(FIRST_DRAIN_MS) || performance.now() > untilMs) return undefined;
  }
}

function themeOf({ theme: name, noColor, ascii }: TopOptions): Theme {
  const traits = detectTerminal(process.env);
  return createTheme({ name, depth: noColor ? "none" : traits.depth, ascii: ascii || traits.ascii });
}

export const rehearseTop = (options: TopOptions): void => rehearse(themeOf(options));

/** The screens, over this machine's source or the file that was asked for. Resolves with the exit code. */
export async function runTop(options: TopOptions, machine: EventSource | undefined): Promise<number> {
  const meters = new HostMeters();
  const stage = await openStage(options.input, machine, options.record);
  const { queries, names, time } = stage;
  try {
    stage.drain(FIRST_DRAIN_MS);
    const beginning = beginningOf(options, stage);
    if (beginning === undefined) {
      note(`there is no process ${options.pid}`);
      return EXIT.FAILED;
    }
    const here = (pid: number, act: (own: number) => string | undefined): string | undefined => {
      const own = stage.pidHere(pid);
      return own === undefined ? ELSEWHERE : act(own);
    };
    const search = new SearchIndex(queries, names);
    return await runUi({
      env: {
        theme: themeOf(options),
        names,
        // A file tells it somewhere.
        get hostname() {
          return stage.hostname;
        },
      },
      sources: { queries, names, search, ...(time === undefined ? {} : { time }) },
      stdin: process.stdin,
      stdout: process.stdout,
      refreshMs: options.refreshMs,
      // The processes of a file are not this machine's.
      readOnly: options.readOnly || options.input.from !== undefined,
      mouse: options.mouse,
      beginning,
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
