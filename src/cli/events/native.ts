import type { Actor, MonitorEvent } from "./event.ts";

/** One event as docs/schema/event.json has it. */
export function nativeOf(event: MonitorEvent): object {
  const { kind, atMs, certainty, truncated, process, target, ...facts } = event;
  return {
    event: kind,
    time: isoTime(atMs),
    certainty,
    ...(truncated ? { truncated } : {}),
    ...(process === undefined ? {} : { process: actorOf(process) }),
    ...(target === undefined ? {} : { target: actorOf(target) }),
    ...facts,
  };
}

function actorOf({ startMs, container, cgroup, ...actor }: Actor): object {
  return {
    ...actor,
    ...(startMs === undefined ? {} : { start: isoTime(startMs) }),
    ...(cgroup === "" ? {} : { cgroup }),
    ...(container === "" ? {} : { container }),
  };
}

/** "2026-11-25T14:31:29.123456Z": RFC 3339 with microseconds. */
export function isoTime(ms: number): string {
  const whole = Math.min(Math.max(Math.floor(ms), -LAST_MS), LAST_MS);
  const us = String(Math.floor((ms - whole) * 1000))
    .slice(-3)
    .padStart(3, "0");
  return new Date(whole).toISOString().replace("Z", `${us}Z`);
}

/** The last moment a Date holds: an imported file may tell any time. */
const LAST_MS = 8.64e15;
