import { readdirSync, readFileSync } from "node:fs";

/** CPU time of all threads of a process that live, ns. */
export function cpuNsOf(pid: number): number {
  let sum = 0;
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const [ran = "0"] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8").split(" ");
    sum += Number(ran);
  }
  return sum;
}

/** A field of /proc/pid/status that is given in kB, in MB. */
export function memoryMbOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  const kb = new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1024;
}

/** The first process or kernel thread of that name. */
export function pidOf(name: string): number | undefined {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/comm`, "utf8").trim() === name) return Number(entry);
    } catch {
      // gone meanwhile
    }
  }
  return undefined;
}
