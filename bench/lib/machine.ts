import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";

export interface Machine {
  /** Its version, without what a builder put behind. */
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
}

export function thisMachine(): Machine {
  return {
    kernel: release().replace(/-.*/, ""),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}

export const machineLine = (m: Machine): string =>
  `Linux ${m.kernel}, ${m.cores} x ${m.cpu}, Node ${m.node}, ${m.date}, load ${loadAverage()}`;

export const sameMachine = (a: Machine, b: Machine): boolean =>
  a.kernel === b.kernel && a.cpu === b.cpu && a.cores === b.cores;

const loadAverage = () => readFileSync("/proc/loadavg", "utf8").split(" ")[0];
