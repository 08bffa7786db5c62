const UNITS = ["", "K", "M", "G", "T", "P"] as const;

/** "0", "512", "1.2K", "84K", "9.1G": at most four characters, powers of 1024. */
export function formatBytes(bytes: number): string {
  if (!(bytes >= 1)) {
    return "0";
  }
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) {
    return String(Math.round(value));
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${UNITS[unit] ?? ""}`;
}

/** "0", "12", "1.2k", "84k": events, counts. Powers of 1000. */
export function formatCount(count: number): string {
  if (count < 999.5) {
    return String(Math.round(count));
  }
  const units = ["", "k", "M", "G", "T"];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${units[unit] ?? ""}`;
}

/** A duration in at most four characters: "0.2s", "38s", "4m", "3h", "12d", "2y". */
export function formatAge(ns: number): string {
  const seconds = Math.max(ns, 0) / 1e9;
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)}s`;
  }
  const steps = [
    [60, 1, "s"],
    [3600, 60, "m"],
    [86_400, 3600, "h"],
    [31_536_000, 86_400, "d"],
  ] as const;
  for (const [limit, divisor, unit] of steps) {
    if (seconds < limit) {
      return `${Math.floor(seconds / divisor)}${unit}`;
    }
  }
  return `${Math.floor(seconds / 31_536_000)}y`;
}

/** Share of one core: "0.0", "3.4", "101". */
export function formatPercent(percent: number): string {
  return percent < 99.95 ? percent.toFixed(1) : String(Math.round(percent));
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Local wall clock of a moment: "14:31:29". */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local date and wall clock of a moment: "2026-03-12 14:31:29". */
export function formatDay(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(ms)}`;
}

/** Wall clock for a list: the time today, the date before: "14:31:29", "12 Mar 08:10". */
export function formatMoment(ms: number, nowMs: number): string {
  const date = new Date(ms);
  if (nowMs - ms < 20 * 3_600_000) {
    return formatClock(ms);
  }
  const month = date.toLocaleString("en", { month: "short" });
  return `${date.getDate()} ${month} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
