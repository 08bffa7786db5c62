import type { ProcFiles } from "./proc-files.ts";

/** Listing /proc costs about 1 µs a process: at most this often. */
const EVERY_MS = 100;

/** Tells between two polls whether a process or thread was started: /proc/loadavg ends in the last pid given out. */
export class ForkWatch {
  readonly #files: ProcFiles;
  #last = "";
  #againMs = 0;

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  happened(nowMs: number): boolean {
    if (nowMs < this.#againMs) return false;
    this.#againMs = nowMs + EVERY_MS;
    const last = this.#files.text("/proc/loadavg")?.split(" ")[4] ?? "";
    if (last === this.#last) return false;
    this.#last = last;
    return true;
  }
}
