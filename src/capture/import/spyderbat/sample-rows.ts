import type { BatchWriter } from "../../../core/wire/encode.ts";
import { FLAG, MARK_WHAT } from "../../../core/wire/layout.gen.ts";
import { type Agenda, RANK } from "./agenda.ts";
import type { CapturedProcess, Forest } from "./forest.ts";
import type { Sample } from "./sample.ts";
import type { Timebase } from "./timebase.ts";
import { USAGE } from "./usage-scan.ts";

/** x86 and, with few exceptions, arm64. */
const PAGE_BYTES = 4096;
/** A sample tells the start to a clock tick, the process record may round it up. */
const START_SLACK_NS = 1e9;

interface Known {
  readonly process: CapturedProcess;
  readonly startTicks: number;
  ticks: number;
  pages: number;
}

/** Usage rows: at each sample those whose usage changed, then the marks that end a refresh. */
export class SampleRows {
  readonly #writer: BatchWriter;
  readonly #forest: Forest;
  readonly #base: Timebase;
  /** By pid, as of the last sample. */
  readonly #known = new Map<number, Known>();

  constructor(writer: BatchWriter, forest: Forest, base: Timebase) {
    this.#writer = writer;
    this.#forest = forest;
    this.#base = base;
  }

  enter(agenda: Agenda, samples: readonly Sample[]): void {
    for (const sample of samples)
      agenda.add(this.#base.ns(sample.timeS), RANK.SAMPLE, (timeNs) => this.#write(sample, timeNs));
  }

  #write({ usage, ticksPerSecond }: Sample, timeNs: number): void {
    const nsPerTick = 1e9 / ticksPerSecond;
    for (let at = 0; at < usage.length; at += USAGE.FIELDS) {
      const pid = usage[at + USAGE.PID] as number;
      const startTicks = usage[at + USAGE.START] as number;
      const ticks = usage[at + USAGE.TICKS] as number;
      const pages = usage[at + USAGE.PAGES] as number;
      let known = this.#known.get(pid);
      if (known?.startTicks === startTicks) {
        if (known.ticks === ticks && known.pages === pages) continue;
        known.ticks = ticks;
        known.pages = pages;
      } else {
        const process = this.#forest.at(pid, timeNs);
        if (process === undefined || Math.abs(process.startNs - startTicks * nsPerTick) > START_SLACK_NS) continue;
        known = { process, startTicks, ticks, pages };
        this.#known.set(pid, known);
      }
      this.#writer.tick({
        timeNs,
        pid,
        startNs: known.process.startNs,
        cpuNs: ticks * nsPerTick,
        rssBytes: pages * PAGE_BYTES,
        vszBytes: usage[at + USAGE.SIZE] as number,
        threads: 0,
        state: String.fromCharCode(usage[at + USAGE.STATE] as number),
      });
    }
    for (const what of [MARK_WHAT.TICK, MARK_WHAT.SOCKETS])
      this.#writer.mark({ timeNs, pid: 0, startNs: 0, flags: FLAG.NO_OWNER, what });
  }
}
