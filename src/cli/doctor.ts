import { openLive } from "../capture/live/live-source.ts";
import { type Check, probeHost } from "../capture/probe.ts";
import { openProcfs } from "../capture/procfs/procfs-source.ts";
import { CaptureError, type EventSource, type Feature, type SourceStatus } from "../capture/source.ts";
import { sanitise } from "../ui/text/sanitise.ts";

export interface DoctorOptions {
  /** One JSON object instead of the table. */
  readonly json: boolean;
}

/** Where the report goes; process.stdout is one. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** What the doctor found. Printed as it is with --json. */
export interface Report {
  /** Kernel events can be had. */
  readonly live: boolean;
  readonly checks: readonly Check[];
  /** Where events would come from now, and how good each part of them is. */
  readonly source: EventSource["kind"];
  readonly features: readonly Feature[];
  readonly limited?: SourceStatus["limited"];
}

/**
 * Says what spydertop can see on this machine, and what to do about the rest. Returns the exit code: 0 when kernel events
 * can be had, else 1.
 */
export function runDoctor(options: DoctorOptions, out: Output = process.stdout): number {
  const report = examine();
  const colour = out.isTTY === true && (process.env.NO_COLOR ?? "") === "";
  out.write(options.json ? `${JSON.stringify(clean(report), null, 2)}\n` : table(report, colour));
  return report.live ? 0 : 1;
}

function examine(): Report {
  const { checks, blocker } = probeHost();
  try {
    const live = openLive();
    const { features } = live.status();
    live.close();
    return { live: true, checks, source: "live", features };
  } catch (error) {
    const procfs = openProcfs(error instanceof CaptureError ? { because: error } : {});
    procfs.start();
    procfs.drain(() => {}, Number.POSITIVE_INFINITY);
    const { features, limited } = procfs.status();
    procfs.close();
    const opening: Check = { name: "kernel events", state: "missing", ...causeOf(error, blocker) };
    return { live: false, checks: [...checks, opening], source: "procfs", features, limited };
  }
}

/** libbpf's own words guess at causes: they are shown only where the probe knows no better. */
function causeOf(error: unknown, blocker: Check | undefined): Pick<Check, "detail" | "fix"> {
  if (!(error instanceof CaptureError)) return { detail: String(error) };
  if (blocker !== undefined) return { detail: `${error.code}: see ${blocker.name}`, fix: blocker.fix };
  return { detail: `${error.code}: ${error.message}`, fix: error.hint };
}

type State = Feature["state"];
const COLOURS: Readonly<Record<State, string>> = { ok: "\x1b[32m", degraded: "\x1b[33m", missing: "\x1b[31m" };
const STATE_WIDTH = "degraded".length;

function table(report: Report, colour: boolean): string {
  const checks = report.checks.map(({ name, state, detail, fix }) => ({ state, cells: [name, detail], fix }));
  const features = report.features.map(({ name, hook, state, why, fix }) => ({
    state,
    cells: [name, hook, why ?? ""],
    fix,
  }));
  const heading = report.source === "live" ? "kernel events" : "/proc";
  const { limited } = report;
  const verdict = limited
    ? [`limited: ${limited.why}`, `missed:  ${limited.missed}`, `fix:     ${limited.fix}`].map(sanitise)
    : ["kernel events can be had"];
  return `${["this machine", ...rows(checks, colour), "", `what is captured from ${heading}`, ...rows(features, colour), "", ...verdict].join("\n")}\n`;
}

interface Line {
  readonly state: State;
  readonly cells: readonly string[];
  readonly fix: string | undefined;
}

/** Aligned lines; what to do stands below what is wrong, once for neighbours it helps alike. */
function rows(lines: readonly Line[], colour: boolean): readonly string[] {
  const clean = lines.map((line) => ({ ...line, cells: line.cells.map(sanitise) }));
  const widths = [0, 1].map((column) =>
    Math.max(...clean.map(({ cells }) => (cells[column + 1] === undefined ? 0 : (cells[column] ?? "").length))),
  );
  return clean.flatMap(({ state, cells, fix }, at) => {
    const mark = state.padEnd(STATE_WIDTH);
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
    const first = `  ${colour ? `${COLOURS[state]}${mark}\x1b[0m` : mark}  ${padded}`.trimEnd();
    if (state === "ok" || fix === undefined || fix === "" || fix === lines[at + 1]?.fix) return [first];
    return [first, `${" ".repeat(STATE_WIDTH + 6 + (widths[0] ?? 0))}fix: ${sanitise(fix)}`];
  });
}

/** Every string of the report made safe to show: a terminal may be at the end of the pipe. */
function clean(value: unknown): unknown {
  if (typeof value === "string") return sanitise(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, clean(each)]));
}
