import { FLAG, KIND } from "../../../core/wire/layout.gen.ts";
import type { ImportedFinding } from "../findings.ts";
import type { Importer } from "../format.ts";
import { idOf, isObject, type Json, numberOf, parseLine, textOf, textsOf } from "../json.ts";
import type { Line } from "../line-reader.ts";
import type { Output } from "../output.ts";
import { MalformedLine } from "../problems.ts";
import { Reorder } from "../reorder.ts";
import { HookArguments } from "./arguments.ts";
import { bootMsOf, ExportClock } from "./clock.ts";
import { Hooks } from "./hooks.ts";
import { type ProcessInfo, processInfo } from "./process-info.ts";
import { type Life, ProcessTable } from "./processes.ts";
import { signalNumber } from "./signals.ts";

interface Event {
  readonly kind: string;
  readonly body: Json;
  readonly process: ProcessInfo;
  readonly parent: ProcessInfo | undefined;
  readonly timeNs: number;
}

/** Events wait for the names of their pod before they are exported: some come seconds late. */
const SLACK_NS = 10e9;
const ENFORCED = /^KPROBE_ACTION_(SIGKILL|SIGNAL|OVERRIDE|NOTIFYKILLER|NOTIFYENFORCER)$/;
/** Rows written between two looks at the clock. */
const STEP = 64;

export class TetragonImporter implements Importer {
  readonly #output: Output;
  readonly #events = new Reorder<Event>(SLACK_NS);
  #node = "";
  #clock: ExportClock | undefined;
  #processes: ProcessTable | undefined;
  readonly #hooks: Hooks;
  #lost = 0;

  constructor(output: Output) {
    this.#output = output;
    this.#hooks = new Hooks(output.writer);
  }

  get due(): boolean {
    return this.#events.due;
  }

  line({ text }: Line): void {
    const json = parseLine(text);
    const node = textOf(json["node_name"]);
    this.#node ||= this.#output.host = node;
    if (node !== "" && node !== this.#node) {
      this.#output.problems.ignore("records of another node");
      return;
    }
    const kind = Object.keys(json).find((key) => isObject(json[key]) && key !== "node_labels");
    if (kind === undefined) throw new MalformedLine("no event in the object");
    const body = json[kind] as Json;
    if (kind === "rate_limit_info") this.#lost += numberOf(body["number_of_dropped_process_events"]) ?? 0;
    else if (kind.startsWith("process_") && body["process"] !== undefined) this.#take(kind, body, textOf(json["time"]));
    else this.#output.problems.ignore(kind);
  }

  *rows(atEnd: boolean): Generator<void> {
    const events = this.#events.take(atEnd);
    const [first] = events;
    if (first === undefined || this.#clock === undefined) return;
    const output = this.#output;
    if (this.#processes === undefined) {
      const began = events.find((event) => !event.process.flags.includes("procFS")) ?? first;
      output.begin(this.#clock.bootWallNs, began.timeNs);
      this.#processes = new ProcessTable(output.writer, this.#clock, output.containers);
    }
    let count = 0;
    for (const event of events) {
      // A process found in /proc is reported with the time of its start.
      const timeNs = Math.max(event.timeNs, output.startNs);
      output.at(timeNs);
      this.#write(event, this.#processes, timeNs);
      if (++count % STEP === 0 || output.full) yield;
    }
    if (this.#lost === 0) return;
    const timeNs = Math.max(events.at(-1)?.timeNs ?? 0, output.startNs);
    output.writer.loss({ timeNs, pid: 0, startNs: 0, flags: FLAG.NO_OWNER, lost: this.#lost, kind: KIND.NONE });
    this.#lost = 0;
  }

  #take(kind: string, body: Json, time: string): void {
    const process = processInfo(body["process"]);
    const parent = isObject(body["parent"]) && idOf(body["parent"]["pid"]) ? processInfo(body["parent"]) : undefined;
    if (this.#clock === undefined) {
      const bootMs = bootMsOf(process.execId, process.startTime, time);
      if (bootMs !== undefined) this.#clock = new ExportClock(bootMs);
    }
    const timeNs = this.#clock?.ns(time);
    if (timeNs === undefined) throw new MalformedLine("an event without a time");
    this.#events.push(timeNs, { kind, body, process, parent, timeNs });
  }

  #write({ kind, body, process, parent }: Event, processes: ProcessTable, timeNs: number): void {
    switch (kind) {
      case "process_exec":
        processes.executed(process, parent, timeNs);
        return;
      case "process_exit": {
        const code = ((numberOf(body["status"]) ?? 0) & 0xff) << 8;
        processes.exited(process, parent, timeNs, code | signalNumber(textOf(body["signal"])));
        return;
      }
      default:
        this.#hook(kind, body, processes.obtain(process, timeNs, parent), timeNs);
    }
  }

  #hook(kind: string, body: Json, life: Life, timeNs: number): void {
    const name = textOf(body["function_name"]) || textOf(body["event"]);
    const written = this.#hooks.write(name, new HookArguments(body), life, timeNs);
    const finding = this.#finding(body, name, life, timeNs);
    if (finding !== undefined) this.#output.findings.push(finding);
    if (!written && finding === undefined) this.#output.problems.ignore(name === "" ? kind : `${kind} of ${name}`);
  }

  /** What a policy says in words, or prevented. */
  #finding(body: Json, name: string, life: Life, timeNs: number): ImportedFinding | undefined {
    const action = ENFORCED.exec(textOf(body["action"]))?.[1];
    const message = textOf(body["message"]);
    if (action === undefined && message === "") return undefined;
    const policy = textOf(body["policy_name"]);
    const who = policy === "" ? "a policy" : `policy ${policy}`;
    const key = { pid: life.pid, startNs: life.startNs };
    const what =
      action === undefined ? `${who} reported ${name}` : `${who} answered ${name} with ${action.toLowerCase()}`;
    return {
      rule: policy === "" ? "tetragon" : `tetragon/${policy}`,
      title: message === "" ? what : message,
      reason: what,
      severity: action === undefined ? "medium" : "high",
      techniques: textsOf(body["tags"]).filter((tag) => /^T\d{4}(\.\d{3})?$/.test(tag)),
      atNs: timeNs - this.#output.startNs,
      process: key,
      chain: [key],
      sockets: [],
      traces: [],
    };
  }
}
