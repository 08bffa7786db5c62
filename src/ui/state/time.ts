import type { Standing, TimeMachine } from "../ports.ts";

/** What the time bar shows: the standing, and how much happened in each of its cells. */
export interface TimeFrame extends Standing {
  readonly counts: ArrayLike<number>;
}

/** Cells of the bar on a terminal of a width: what the words beside it leave. */
export function barCells(columns: number): number {
  return Math.max(10, Math.min(60, columns - 50));
}

/** undefined at the present, where there is no bar. */
export function timeFrame(time: TimeMachine | undefined, columns: number): TimeFrame | undefined {
  if (time === undefined) {
    return undefined;
  }
  const { standing } = time;
  return standing.mode === "live" && standing.file === undefined
    ? undefined
    : { ...standing, counts: time.density(barCells(columns)) };
}

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3 };

/**
 * The moment a text names, ms since 1970: "-5m", "+30s" from the moment shown, "14:31" or "14:31:29" of that day or of the day before when
 * it would lie after the end, "2026-11-25 14:31:29". undefined when it names none.
 */
export function parseMoment(text: string, shownMs: number, endMs: number): number | undefined {
  const trimmed = text.trim();
  const relative = /^([+-])(\d+(?:\.\d+)?)([smhd]?)$/u.exec(trimmed);
  if (relative !== null) {
    const [, sign, amount, unit = ""] = relative;
    return shownMs + (sign === "-" ? -1 : 1) * Number(amount) * (UNITS[unit === "" ? "s" : unit] ?? 0);
  }
  const clock = /^(?:(\d{4})-(\d{2})-(\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/u.exec(trimmed);
  if (clock === null) {
    return undefined;
  }
  const [hours, minutes, seconds] = [Number(clock[4]), Number(clock[5]), Number(clock[6] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds >= 60) {
    return undefined;
  }
  const day =
    clock[1] === undefined ? new Date(shownMs) : new Date(Number(clock[1]), Number(clock[2]) - 1, Number(clock[3]));
  const atMs = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hours, minutes).getTime() + seconds * 1e3;
  return clock[1] === undefined && atMs > endMs ? atMs - 86_400e3 : atMs;
}
