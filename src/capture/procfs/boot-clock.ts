import type { ProcFiles } from "./proc-files.ts";

/**
 * ns since boot (CLOCK_BOOTTIME), which Node does not offer. /proc/uptime is that clock cut to 10 ms; the
 * monotonic clock runs alike except during suspend. Their largest difference is the truth less a few µs, and it
 * jumps with every suspend.
 */
export class BootClock {
  readonly #files: ProcFiles;
  #offsetNs = Number.NEGATIVE_INFINITY;

  constructor(files: ProcFiles) {
    this.#files = files;
    this.adjust();
  }

  adjust(): void {
    const before = monotonicNs();
    const uptime = Number.parseFloat(this.#files.text("/proc/uptime") ?? "");
    if (uptime > 0) this.#offsetNs = Math.max(this.#offsetNs, uptime * 1e9 - before);
  }

  /** Whole ns, below 2^53 for the first 104 days; later a multiple of 2 or 4 ns. */
  nowNs(): number {
    return Math.round(monotonicNs() + Math.max(this.#offsetNs, 0));
  }
}

function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
