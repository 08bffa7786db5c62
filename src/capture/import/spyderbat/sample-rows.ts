import type { BatchWriter } from "../../../core/wire/encode.ts";
import { FLAG, MARK_WHAT } from "../../../core/wire/layout.gen.ts";
import { type Agenda, RANK } from "./agenda.ts";
import type { CapturedProcess, Forest } from "./forest.ts";
import { SAMPLE_FIELDS, type Sample } from "./records.ts";
import type { Timebase } from "./timebase.ts";

/** x86 and, with few exceptions, arm64. */
const PAGE_BYTES = 4096;
/** A sample tells the start to a clock tick, the process record may round it up. */
const START_SLACK_NS = 1e9;

interface Usage {
  ticks: number;
  pages: number;
}

/** Usage rows: at each sample those whose usage changed, then the marks that end a refresh. */
export class SampleRows {
  readonly #writer: BatchWriter;
  readonly #forest: Forest;
  readonly #base: Timebase;
  readonly #last = new Map<CapturedProcess, Usage>();

  constructor(writer: BatchWriter, forest: Forest, base: Timebase) {
    this.#writer = writer;
    this.#forest = forest;
    this.#base = base;
  }

  enter(agenda: Agenda, samples: readonly Sample[]): void {
    for (const sample of samples)
      agenda.add(this.#base.ns(sample.timeS), RANK.SAMPLE, (timeNs) => this.#write(sample, timeNs));
  }

  #write({ usage, states, ticksPerSecond }: Sample, timeNs: number): void {
    const nsPerTick = 1e9 / ticksPerSecond;
    for (let at = 0; at < usage.length; at += SAMPLE_FIELDS) {
      const process = this.#forest.at(usage[at] as number, timeNs);
      const startNs = (usage[at + 1] as number) * nsPerTick;
      if (process === undefined || Math.abs(process.startNs - startNs) > START_SLACK_NS) continue;
      const ticks = usage[at + 2] as number;
      const pages = usage[at + 3] as number;
      const last = this.#last.get(process);
      if (last !== undefined && last.ticks === ticks && last.pages === pages) continue;
      if (last === undefined) this.#last.set(process, { ticks, pages });
      else {
        last.ticks = ticks;
        last.pages = pages;
      }
      this.#writer.tick({
        timeNs,
        pid: process.pid,
        startNs: process.startNs,
        cpuNs: ticks * nsPerTick,
        rssBytes: pages * PAGE_BYTES,
        vszBytes: usage[at + 4] as number,
        threads: 0,
        state: states.charAt(at / SAMPLE_FIELDS),
      });
    }
    for (const what of [MARK_WHAT.TICK, MARK_WHAT.SOCKETS])
      this.#writer.mark({ timeNs, pid: 0, startNs: 0, flags: FLAG.NO_OWNER, what });
  }
}
