import { setTimeout as sleep } from "node:timers/promises";
import type { EventForm, EventsOptions } from "../args.ts";
import { jsonLine } from "../format/json.ts";
import { EXIT } from "../manual.ts";
import { open } from "../open-source.ts";
import { interrupted, note, print, tellLimits } from "../output.ts";
import { createSession, follow } from "../session.ts";
import { EventDecoder } from "./decode.ts";
import { ecsOf } from "./ecs.ts";
import type { MonitorEvent } from "./event.ts";
import { eventFilter } from "./filter.ts";
import { nativeOf } from "./native.ts";
import { ocsfOf } from "./ocsf.ts";
import type { Reporter } from "./reporter.ts";
import { textOf } from "./text.ts";

/** Events are taken in for so long before they are printed, and waited for as long when there are none. */
const SLICE_MS = 20;
/** What was lost since the last refresh is told by the next. */
const REFRESH_MS = 1_000;

/**
 * Prints events until all of a file are printed, as many as were asked for, or it is interrupted. Reads no faster than it is read: the
 * kernel keeps what waits, and what it drops is an event of its own. Resolves with the exit code.
 */
export async function runEvents(options: EventsOptions): Promise<number> {
  const { source, hostname } = await open(options.input);
  const stop = interrupted();
  const timer = options.seconds === undefined ? undefined : setTimeout(() => stop.abort(), options.seconds * 1000);
  try {
    const file = options.input.from !== undefined;
    if (!file) tellLimits(source.status());
    const printer = new Printer(options, file);
    const session = createSession(source, follow(options.input));
    const decoder = new EventDecoder(session.monitor.graph, session.names);
    const take = (batch: Uint8Array): void => {
      const reporter = { hostname: hostname(), version: process.env.SPYDERTOP_VERSION ?? "0" };
      for (const event of decoder.events(batch)) printer.add(event, reporter);
    };
    let refreshedMs = performance.now();
    for (;;) {
      if (performance.now() - refreshedMs >= REFRESH_MS) {
        source.refresh();
        refreshedMs = performance.now();
      }
      const more = session.drain(SLICE_MS, take);
      const text = printer.take();
      if (text !== "" && !(await print(text, stop.signal))) {
        note("interrupted while nobody read: the last lines are cut");
        source.close();
        process.exit(EXIT.OK);
      }
      if (stop.signal.aborted || printer.full || (file && !more)) break;
      // Also lets signals through.
      await sleep(more ? 0 : SLICE_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
    // Asks for what was lost since the last refresh.
    if (!file) source.refresh();
    const status = source.status();
    if (file) tellLimits(status);
    if (file && !printer.any && !stop.signal.aborted)
      note(`${options.input.from} holds no events: the state it may hold is shown by top --batch --from FILE`);
    // The kernel knows what no row has told yet.
    const lost = file ? printer.lost : sum(status.lost.values());
    if (lost > 0)
      note(
        file
          ? `${lost} records are missing: they were lost when it was recorded, or are in damaged parts`
          : `${lost} records were lost: the kernel's buffer was full while nobody read`,
      );
    return EXIT.OK;
  } finally {
    clearTimeout(timer);
    source.close();
  }
}

function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** The lines of the events that are wanted. */
class Printer {
  readonly #holds: (event: MonitorEvent) => boolean;
  readonly #line: (event: MonitorEvent, reporter: Reporter) => string;
  readonly #most: number;
  #lines: string[] = [];
  #printed = 0;
  lost = 0;
  /** There was an event, wanted or not. */
  any = false;

  constructor({ form, filter, count }: EventsOptions, withDate: boolean) {
    this.#holds = eventFilter(filter);
    this.#line = writer(form, withDate);
    this.#most = count === 0 ? Number.POSITIVE_INFINITY : count;
  }

  add(event: MonitorEvent, reporter: Reporter): void {
    this.any = true;
    const lost = event.kind === "lost" || event.kind === "throttled";
    if (lost) this.lost += Number(event.details?.["records"] ?? 0);
    // What was lost might have held the filter.
    if (this.full || !(lost || this.#holds(event))) return;
    if (!lost) this.#printed++;
    this.#lines.push(this.#line(event, reporter));
  }

  get full(): boolean {
    return this.#printed >= this.#most;
  }

  take(): string {
    if (this.#lines.length === 0) return "";
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    return text;
  }
}

function writer(form: EventForm, withDate: boolean): (event: MonitorEvent, reporter: Reporter) => string {
  switch (form) {
    case "text":
      return (event) => textOf(event, withDate);
    case "native":
      return (event) => jsonLine(nativeOf(event));
    case "ocsf":
      return (event, reporter) => jsonLine(ocsfOf(event, reporter));
    case "ecs":
      return (event, reporter) => jsonLine(ecsOf(event, reporter));
  }
}
