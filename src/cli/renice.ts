import { readdirSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { signalProcess } from "../capture/live/native.ts";

/** Nice value of a process; undefined when there is none of that pid. */
export function niceOf(pid: number): number | undefined {
  try {
    return getPriority(pid);
  } catch {
    return undefined;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EPERM: "not permitted (EPERM)",
  EACCES: "only root may go below the present value (EACCES)",
  ESRCH: "no such process any more (ESRCH)",
};

export function reasonOf(code: string): string {
  return REASONS[code] ?? code;
}

/**
 * Sets the nice value of every thread of a process: Linux keeps one for each. Returns the reason when it could not. The kernel has no
 * call that takes a pidfd for this; who the pid belongs to is asked just before.
 */
export function renice(pid: number, startNs: number, nice: number): string | undefined {
  const other = signalProcess(pid, startNs, 0);
  if (other === "ESRCH") return reasonOf(other);
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), nice);
    return undefined;
  } catch (error) {
    const { code, info } = error as NodeJS.ErrnoException & { readonly info?: { readonly code?: string } };
    const name = info?.code ?? code ?? String(error);
    return reasonOf(name === "ENOENT" ? "ESRCH" : name);
  }
}
