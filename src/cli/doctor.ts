import { openLive } from "../capture/live/live-source.ts";
import { type Check, probeHost } from "../capture/probe.ts";
import { openProcfs } from "../capture/procfs/procfs-source.ts";
import { CaptureError, type EventSource, type Feature, type SourceStatus } from "../capture/source.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { jsonText } from "./format/json.ts";
import { wrap } from "./help.ts";

export interface DoctorOptions {
  /** One JSON object instead of the table. */
  readonly json: boolean;
  readonly noColor?: boolean;
}

/** Where the report goes; process.stdout is one. */
export interface Output {
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
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
 * Says what spydertop can see on this machine, and what to do about the rest. Resolves with the exit code: 0 when kernel events
 * can be had, else 1.
 */
export async function runDoctor(options: DoctorOptions, out: Output = process.stdout): Promise<number> {
  const report = await examine();
  const colour = out.isTTY === true && options.noColor !== true && (process.env.NO_COLOR ?? "") === "";
  out.write(
    options.json
      ? `${jsonText(report)}\n`
      : table(
          report,
          colour,
          out.isTTY === true ? Math.max(out.columns ?? NARROWEST, NARROWEST) : Number.POSITIVE_INFINITY,
        ),
  );
  return report.live ? 0 : 1;
}

async function examine(): Promise<Report> {
  const { checks, blocker } = probeHost();
  try {
    const live = await openLive();
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

/** Lines are broken at a terminal's width, this at least; in a pipe they are not. */
const NARROWEST = 80;

function table(report: Report, colour: boolean, width: number): string {
  const checks = report.checks.map(({ name, state, detail, fix }) => ({ name, state, detail, fix }));
  const { limited } = report;
  const features = report.features.map(({ name, hook, state, why, fix }) => {
    // What helps all of it is told at the end.
    return { name, state, detail: hook, why, fix: fix === limited?.fix ? undefined : fix };
  });
  const heading = report.source === "live" ? "kernel events" : "/proc";
  const verdict = limited
    ? [
        ...told("limited: ", limited.why, 9, width),
        ...told("missed:  ", limited.missed, 9, width),
        ...told("fix:     ", limited.fix, 9, width),
      ]
    : ["kernel events can be had"];
  return `${["this machine", ...rows(checks, colour, width), "", `what is captured from ${heading}`, ...rows(features, colour, width), "", ...verdict].join("\n")}\n`;
}

interface Line {
  readonly name: string;
  readonly state: State;
  readonly detail: string;
  readonly why?: string | undefined;
  readonly fix: string | undefined;
}

/** Aligned lines. Those with the same trouble stand together, and why and what to do about it below the last of them. */
function rows(lines: readonly Line[], colour: boolean, width: number): readonly string[] {
  const nameWidth = Math.max(...lines.map(({ name }) => sanitise(name).length));
  const column = STATE_WIDTH + 6 + nameWidth;
  const trouble = ({ state, why = "", fix = "" }: Line, at: number): unknown =>
    state === "ok" || (why === "" && fix === "") ? at : `${why}\0${fix}`;
  const groups = Map.groupBy(lines.entries(), ([at, line]) => trouble(line, at));
  return [...groups.values()].flatMap((group) => {
    const [{ state: worst, why = "", fix = "" }] = group.map(([, line]) => line) as [Line];
    const heads = group.flatMap(([, { name, state, detail }]) => {
      const head = `  ${state.padEnd(STATE_WIDTH)}  ${sanitise(name).padEnd(nameWidth)}  `;
      const [first = "", ...rest] = told(head, detail, column, width);
      return [colour ? first.replace(state, `${COLOURS[state]}${state}\x1b[0m`) : first, ...rest];
    });
    const reason = why === "" ? [] : told(" ".repeat(column), why, column, width);
    const help = worst === "ok" || fix === "" ? [] : told(`${" ".repeat(column)}fix: `, fix, column + 5, width);
    return [...heads, ...reason, ...help];
  });
}

/** Text behind a head of `column` characters, and below it where it is longer than a line. */
function told(head: string, text: string, column: number, width: number): readonly string[] {
  const [first = "", ...rest] = wrap(sanitise(text), width - column);
  return [`${head}${first}`.trimEnd(), ...rest.map((line) => " ".repeat(column) + line)];
}
