import { FLAG, MARK_WHAT } from "../../../core/wire/layout.gen.ts";
import type { Importer } from "../format.ts";
import { idOf, isObject, type Json, objectOf, secondsOf, textOf } from "../json.ts";
import type { Line } from "../line-reader.ts";
import type { Output } from "../output.ts";
import { MalformedLine } from "../problems.ts";
import { Agenda, RANK } from "./agenda.ts";
import { type CapturedProcess, Forest } from "./forest.ts";
import { Newest } from "./newest.ts";
import { ProcessRows } from "./process-rows.ts";
import {
  type ProcessRecord,
  processOf,
  type SessionRecord,
  type SocketRecord,
  sessionOf,
  socketOf,
} from "./records.ts";
import { parseRecord, pidsOf, type Sample, sampleOf } from "./sample.ts";
import { SampleRows } from "./sample-rows.ts";
import { SocketRows } from "./socket-rows.ts";
import { Timebase } from "./timebase.ts";
import { type FlagRecord, flagOf, type TraceRecord, traceOf, Verdicts } from "./verdicts.ts";

/** Reads a whole capture, then writes it in order: its lines are in none. */
export class SpyderbatImporter implements Importer {
  readonly due = false;
  readonly #output: Output;
  readonly #processes = new Newest<ProcessRecord>();
  readonly #sessions = new Newest<SessionRecord>();
  readonly #connections = new Newest<SocketRecord>();
  readonly #listening = new Newest<SocketRecord>();
  readonly #flags = new Newest<FlagRecord>();
  readonly #traces = new Newest<TraceRecord>();
  readonly #samples: Sample[] = [];
  readonly #sampled = new Set<number>();
  #machine = "";
  #bootS: number | undefined;
  #firstS = Number.POSITIVE_INFINITY;
  #lastS = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  line(line: Line): void {
    const { json, usage } = parseRecord(line);
    const schema = textOf(json["schema"]);
    if (schema === "") throw new MalformedLine("a record without a schema");
    const machine = textOf(json["muid"]);
    this.#machine ||= machine;
    if (machine !== "" && machine !== this.#machine) {
      this.#output.problems.ignore("records of another machine");
      return;
    }
    const kind = schema.slice(0, schema.indexOf(":"));
    if (kind === "event_top_data") this.#takeSample(sampleOf(json, usage));
    else if (!this.#take(kind, json)) {
      this.#output.problems.ignore(schema);
      return;
    }
    this.#note(json);
  }

  *rows(): Generator<void> {
    if (this.#firstS > this.#lastS) return;
    const base = new Timebase(this.#bootS ?? this.#earliestS() - 1);
    const output = this.#output;
    const startNs = base.ns(this.#firstS);
    output.begin(base.bootWallNs, startNs);
    const { writer } = output;
    const missing = new Set<string>();
    const forest = new Forest(this.#processes, this.#sampled, base, missing);
    const agenda = new Agenda(startNs);
    yield;
    new ProcessRows(writer, forest, this.#sessions, startNs, missing).enter(agenda);
    const sockets = new SocketRows(writer, forest, base, startNs);
    sockets.enter(agenda, this.#connections, this.#listening);
    new SampleRows(writer, forest, base).enter(agenda, this.#samples);
    this.#enterMarks(agenda, base.ns(this.#lastS), startNs);
    yield;
    const verdicts = new Verdicts(forest, sockets, base, startNs, missing);
    output.findings.push(...verdicts.of(this.#flags, this.#traces, this.#members(forest), this.#connections));
    this.#nameUsers();
    if (missing.size > 0) output.problems.add(0, 0, describeMissing(missing));
    yield* agenda.play(output);
  }

  /** False when there is no place for the record. */
  #take(kind: string, json: Json): boolean {
    switch (kind) {
      case "model_process":
        this.#processes.add(processOf(json));
        return true;
      case "model_connection":
        this.#connections.add(socketOf(json));
        return true;
      case "model_listening_socket":
        this.#listening.add(socketOf(json));
        return true;
      case "model_session":
        this.#sessions.add(sessionOf(json));
        return true;
      case "event_redflag":
      case "event_opsflag":
        this.#flags.add(flagOf(json));
        return true;
      case "model_spydertrace":
        this.#traces.add(traceOf(json));
        return true;
      case "model_machine":
        this.#takeMachine(json);
        return true;
      default:
        return false;
    }
  }

  #takeSample(sample: Sample): void {
    this.#samples.push(sample);
    for (const pid of pidsOf(sample)) this.#sampled.add(pid);
  }

  #takeMachine(json: Json): void {
    this.#bootS = secondsOf(json["boot_time"]) ?? this.#bootS;
    this.#output.host = textOf(json["hostname"]) || this.#output.host;
    for (const [key, user] of Object.entries(objectOf(json["uid_map"]))) {
      const uid = idOf(key);
      const login = isObject(user) ? textOf(user["login"]) : "";
      if (uid !== undefined && login !== "") this.#output.users.set(uid, login);
    }
  }

  #note(json: Json): void {
    const timeS = secondsOf(json["time"]);
    if (timeS === undefined) return;
    this.#firstS = Math.min(this.#firstS, timeS);
    this.#lastS = Math.max(this.#lastS, timeS);
  }

  #earliestS(): number {
    let earliestS = this.#firstS;
    for (const { createS } of this.#processes.values()) earliestS = Math.min(earliestS, createS);
    return earliestS;
  }

  #enterMarks(agenda: Agenda, lastNs: number, startNs: number): void {
    const mark = (what: number) => (timeNs: number) =>
      this.#output.writer.mark({ timeNs, pid: 0, startNs: 0, flags: FLAG.NO_OWNER, what });
    agenda.add(startNs, RANK.PROCESS, mark(MARK_WHAT.SNAPSHOT_BEGIN));
    agenda.add(startNs, RANK.SNAPSHOT_END, mark(MARK_WHAT.SNAPSHOT_END));
    agenda.add(lastNs, RANK.EXIT, mark(MARK_WHAT.SOCKETS));
  }

  /** Processes by the traces they are in. */
  #members(forest: Forest): Map<string, Set<CapturedProcess>> {
    const members = new Map<string, Set<CapturedProcess>>();
    for (const record of this.#processes.values()) {
      for (const trace of record.traces) {
        const process = forest.of(record.id);
        if (process === undefined) continue;
        const known = members.get(trace);
        if (known === undefined) members.set(trace, new Set([process]));
        else known.add(process);
      }
    }
    return members;
  }

  #nameUsers(): void {
    const { users } = this.#output;
    for (const { uid, user } of this.#processes.values())
      if (user !== "" && !/^UID \d+$/.test(user) && !users.has(uid)) users.set(uid, user);
  }
}

function describeMissing(missing: ReadonlySet<string>): string {
  const [first] = missing;
  const count = missing.size === 1 ? "1 record is" : `${missing.size} records are`;
  return `${count} referred to and not in the file: ${first}${missing.size > 1 ? ", ..." : ""}`;
}
