import type { Env } from "../components/env.ts";
import type { Queries } from "../ports.ts";
import { impactText, originText } from "../text/origin-text.ts";
import { sanitise } from "../text/sanitise.ts";
import type { Effect } from "./reduce.ts";
import { rowText } from "./row-text.ts";
import type { Shown } from "./store.ts";
import type { Notice } from "./view-state.ts";

export interface Outside {
  readonly shown: Shown;
  readonly env: Env;
  readonly queries: Queries;
  copy(text: string): void;
  /** Signals that process and no later one with its pid; the reason when it could not. */
  signal(pid: number, startSinceBootNs: number, signal: string): string | undefined;
  quit(): void;
  suspend(): void;
  redraw(): void;
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
    case "signal":
      return sendSignal(effect, outside);
  }
}

/** The pid may belong to another process by now: only the process that was confirmed is signalled. */
function sendSignal({ id, pid, signal }: Extract<Effect, { kind: "signal" }>, outside: Outside): Notice {
  const row = outside.queries.process(id);
  const startNs = outside.queries.startSinceBootNs(id);
  if (row === undefined || row.exit !== undefined || startNs === undefined) {
    return { text: `${pid} has exited: nothing was sent`, token: "warn" };
  }
  const failure = outside.signal(pid, startNs, signal);
  return failure === undefined
    ? { text: `sent ${signal} to ${pid} ${row.name}`, token: "good" }
    : { text: `could not send ${signal} to ${pid} ${row.name}: ${failure}`, token: "bad" };
}
