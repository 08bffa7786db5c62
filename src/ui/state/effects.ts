import type { Env } from "../components/env.ts";
import type { Queries, TimeAction } from "../ports.ts";
import { impactText, originText } from "../text/origin-text.ts";
import { sanitise } from "../text/sanitise.ts";
import type { Effect } from "./reduce.ts";
import { rowText } from "./row-text.ts";
import type { Shown } from "./store.ts";
import type { Notice, SignalTarget } from "./view-state.ts";

export interface Outside {
  readonly shown: Shown;
  readonly env: Env;
  readonly queries: Queries;
  copy(text: string): void;
  /** Signals that process and no later one with its pid; the reason when it could not. */
  signal(pid: number, startSinceBootNs: number, signal: string): string | undefined;
  /** Sets the nice value of that process and no later one with its pid; the reason when it could not. */
  renice(pid: number, startSinceBootNs: number, nice: number): string | undefined;
  quit(): void;
  suspend(): void;
  redraw(): void;
  /** Leads to another moment; what the user should be told. */
  time(action: TimeAction): string | undefined;
  /** Saves the moment that is shown; how it went is told later. */
  snapshot(): void;
}

/** Does what a key asked for, and says how it went. */
export function runEffect(effect: Effect, outside: Outside): Notice | undefined {
  switch (effect.kind) {
    case "quit":
      outside.quit();
      return undefined;
    case "suspend":
      outside.suspend();
      return undefined;
    case "redraw":
      outside.redraw();
      return undefined;
    case "copy-row": {
      const text = rowText(outside.shown.frame, outside.env);
      if (text === "") {
        return undefined;
      }
      outside.copy(sanitise(text));
      return { text: "copied the row", token: "good" };
    }
    case "copy-chain": {
      const { queries, env, shown } = outside;
      const trace = effect.of === "origin" ? queries.origin(effect.target) : queries.impact(effect.target);
      const wallMs = (ns: number): number => queries.wallMs(ns);
      const { glyphs } = env.theme;
      outside.copy(
        "rootCause" in trace
          ? originText(trace, wallMs, shown.frame.nowMs, glyphs)
          : impactText(trace, wallMs, shown.frame.nowMs, glyphs),
      );
      return { text: `copied the ${effect.of} of ${trace.title}`, token: "good" };
    }
    case "signal": {
      const { signal } = effect;
      return onEach(effect.targets, outside, `sent ${signal} to`, `could not send ${signal} to`, (pid, startNs) =>
        outside.signal(pid, startNs, signal),
      );
    }
    case "renice": {
      const { nice } = effect;
      return onEach(
        effect.targets,
        outside,
        `nice value ${nice} set for`,
        `could not set nice value ${nice} for`,
        (pid, startNs) => outside.renice(pid, startNs, nice),
      );
    }
    case "time": {
      const text = outside.time(effect.action);
      return text === undefined ? undefined : { text, token: "text" };
    }
    case "snapshot":
      outside.snapshot();
      return { text: SAVING, token: "info" };
  }
}

export const SAVING = "saving this moment";

/** The pid may belong to another process by now: only the processes that were chosen are acted on. */
function onEach(
  targets: readonly SignalTarget[],
  outside: Outside,
  done: string,
  failed: string,
  act: (pid: number, startNs: number) => string | undefined,
): Notice {
  const { queries } = outside;
  const failures: string[] = [];
  const reached: string[] = [];
  for (const { id, pid } of targets) {
    const row = queries.process(id);
    const startNs = queries.startSinceBootNs(id);
    const gone = row === undefined || row.exit !== undefined || startNs === undefined;
    const failure = gone ? "has exited, nothing was done" : act(pid, startNs);
    const who = `${pid} ${row?.name ?? ""}`.trim();
    if (failure === undefined) {
      reached.push(who);
    } else {
      failures.push(`${who}: ${failure}`);
    }
  }
  const all = reached.length === 1 ? reached[0] : `${reached.length} processes`;
  if (failures.length === 0) {
    return { text: `${done} ${all}`, token: "good" };
  }
  const some = reached.length === 0 ? "" : `${done} ${all}; `;
  return { text: `${some}${failed} ${failures.join("; ")}`, token: "bad" };
}
