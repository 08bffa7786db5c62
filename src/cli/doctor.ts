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
  out.write(options.json ? `${jsonText(report)}\n` : table(report, colour));
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

const WIDTH = 80;

function table(report: Report, colour: boolean): string {
  const checks = report.checks.map(({ name, state, detail, fix }) => ({ name, state, detail, fix }));
  const features = report.features.map(({ name, hook, state, why, fix }) => ({ name, state, detail: hook, why, fix }));
  const heading = report.source === "live" ? "kernel events" : "/proc";
  const { limited } = report;
  const verdict = limited
    ? [
        ...told("limited: ", limited.why, 9),
        ...told("missed:  ", limited.missed, 9),
        ...told("fix:     ", limited.fix, 9),
      ]
    : ["kernel events can be had"];
  return `${["this machine", ...rows(checks, colour), "", `what is captured from ${heading}`, ...rows(features, colour), "", ...verdict].join("\n")}\n`;
}

interface Line {
  readonly name: string;
  readonly state: State;
  readonly detail: string;
  readonly why?: string | undefined;
  readonly fix: string | undefined;
}

/** Aligned lines; what to do stands below what is wrong, once for neighbours it helps alike. */
function rows(lines: readonly Line[], colour: boolean): readonly string[] {
  const nameWidth = Math.max(...lines.map(({ name }) => sanitise(name).length));
  const column = STATE_WIDTH + 6 + nameWidth;
  return lines.flatMap(({ name, state, detail, why, fix }, at) => {
    const head = `  ${state.padEnd(STATE_WIDTH)}  ${sanitise(name).padEnd(nameWidth)}  `;
    const [first = "", ...rest] = told(head, detail, column);
    const mark = colour ? first.replace(state, `${COLOURS[state]}${state}\x1b[0m`) : first;
    const reason = why === undefined ? [] : told(" ".repeat(column), why, column);
    const helps = state !== "ok" && fix !== undefined && fix !== "" && fix !== lines[at + 1]?.fix;
    const help = helps ? told(`${" ".repeat(column)}fix: `, fix, column + 5) : [];
    return [mark, ...rest, ...reason, ...help];
  });
}

/** Text behind a head of `column` characters, and below it where it is longer than a line. */
function told(head: string, text: string, column: number): readonly string[] {
  const [first = "", ...rest] = wrap(sanitise(text), WIDTH - column);
  return [`${head}${first}`.trimEnd(), ...rest.map((line) => " ".repeat(column) + line)];
}
