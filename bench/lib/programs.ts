import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { searchPath } from "./path.ts";

/** Time spent in one kernel program, by the kernel's own count (kernel.bpf_stats_enabled). */
export interface ProgramTime {
  readonly name: string;
  readonly runs: number;
  readonly ns: number;
}

const SWITCH = "/proc/sys/kernel/bpf_stats_enabled";

/** Counting costs some 20 ns a run itself: switch it on only where nothing else is measured. Returns the way back. */
export function countProgramTime(): () => void {
  const before = readFileSync(SWITCH, "utf8");
  writeFileSync(SWITCH, "1");
  return () => writeFileSync(SWITCH, before);
}

const names = new Map<number, string>();

function nameOf(id: number): string {
  let name = names.get(id);
  if (name === undefined) {
    const json = execFileSync("bpftool", ["-j", "prog", "show", "id", String(id)], {
      env: { ...process.env, PATH: searchPath },
    });
    name = (JSON.parse(json.toString()) as { name: string }).name;
    names.set(id, name);
  }
  return name;
}

interface Held {
  readonly id: number;
  readonly runs: number;
  readonly ns: number;
}

/** Programs a process has descriptors of. */
function held(pid: number): Held[] {
  const programs = new Map<number, Held>();
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(info)?.[1] ?? Number.NaN);
    const ns = field("run_time_ns"); // absent in what is no program: links, maps
    if (!Number.isNaN(ns)) programs.set(field("prog_id"), { id: field("prog_id"), runs: field("run_cnt"), ns });
  }
  return [...programs.values()];
}

/** Times of the programs a process holds. A tail call counts for the program that made it. */
export function programTimes(pid: number): ProgramTime[] {
  return held(pid).map(({ id, runs, ns }) => ({ name: nameOf(id), runs, ns }));
}

/** What was added between two readings. */
export function since(before: readonly ProgramTime[], after: readonly ProgramTime[]): ProgramTime[] {
  return after.flatMap(({ name, runs, ns }) => {
    const old = before.find((program) => program.name === name);
    const added = { name, runs: runs - (old?.runs ?? 0), ns: ns - (old?.ns ?? 0) };
    return added.runs > 0 ? [added] : [];
  });
}

const own = new Set<number>();

/** Remembers a consumer's programs as ours; the kernel lists them for a while after they were detached. */
export function noteOwn(pid: number): void {
  for (const { id } of held(pid)) own.add(id);
}

/** Whether another spydertop traces this machine: then nothing measured now means anything. */
export function othersTrace(): boolean {
  let listed: string;
  try {
    listed = execFileSync("bpftool", ["-j", "prog", "show", "name", "on_syscall"], {
      env: { ...process.env, PATH: searchPath },
      stdio: ["ignore", "pipe", "ignore"],
    }).toString();
  } catch {
    return false; // there is no such program
  }
  const found = JSON.parse(listed || "[]") as { id: number } | { id: number }[];
  return [found].flat().some(({ id }) => !own.has(id));
}
