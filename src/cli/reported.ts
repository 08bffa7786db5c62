import type { ImportedFinding } from "../capture/import/findings.ts";
import { ImportSource } from "../capture/import/import-source.ts";
import type { EventSource } from "../capture/source.ts";
import type { Monitor } from "../core/monitor.ts";

/**
 * Hands what another tool concluded to the detector, each at its moment: its processes are known then, and not forgotten yet. One that
 * is told before its process is waits for the end of the file.
 */
export class ReportedFindings {
  readonly #source: ImportSource | undefined;
  readonly #monitor: Monitor;
  readonly #early: ImportedFinding[] = [];
  #told = 0;

  constructor(source: EventSource, monitor: Monitor) {
    this.#source = source instanceof ImportSource ? source : undefined;
    this.#monitor = monitor;
  }

  /** Those before the newest batch; all that are left when the file has ended. */
  tell(atEnd: boolean): void {
    const found = this.#source?.findings() ?? [];
    const { nowNs, detector } = this.#monitor;
    const before = this.#told;
    for (let one = found[before]; one !== undefined && (atEnd || one.atNs < nowNs); one = found[++this.#told])
      if (detector.report([one]) > 0) this.#early.push(one);
    const late = atEnd ? this.#early.splice(0) : [];
    if (this.#told > before || late.length > 0) this.#monitor.version++;
    const unknown = detector.report(late);
    if (unknown > 0) this.#source?.addProblem(`findings about processes that are not in the file: ${unknown}`);
  }
}
