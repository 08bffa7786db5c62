import type { Severity } from "../../../core/query/model.ts";
import type { ImportedFinding, ProcessKey } from "../findings.ts";
import { type Json, numberOf, objectOf, secondsOf, textOf, textsOf } from "../json.ts";
import type { CapturedProcess, Forest } from "./forest.ts";
import type { Newest } from "./newest.ts";
import { type SocketRecord, type Version, versionOf } from "./records.ts";
import type { SocketRows } from "./socket-rows.ts";
import type { Timebase } from "./timebase.ts";

/** A flag: one event a rule of Spyderbat's fired on. */
export interface FlagRecord extends Version {
  readonly rule: string;
  readonly name: string;
  readonly description: string;
  readonly severity: Severity;
  readonly techniques: readonly string[];
  /** The task or connection it is about. */
  readonly subject: string;
  readonly traces: readonly string[];
}

/** A trace: what Spyderbat drew around the flags of one tree of processes. */
export interface TraceRecord extends Version {
  readonly fromS: number;
  readonly root: string;
  readonly rootName: string;
  readonly trigger: string;
  readonly flags: number;
  readonly score: number;
  readonly severity: Severity;
}

const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

export function flagOf(json: Json): FlagRecord {
  const schema = textOf(json["schema"]).split(":");
  const severity = SEVERITIES.find((one) => one === json["severity"]) ?? "info";
  const mapping = Array.isArray(json["mitre_mapping"]) ? json["mitre_mapping"].map(objectOf) : [];
  const techniques = mapping.map((one) => textOf(one["sub-technique"]) || textOf(one["technique"]));
  return {
    ...versionOf(json),
    rule: schema[1] ?? "flag",
    name: textOf(json["name"]) || textOf(json["short_name"]),
    description: textOf(json["description"]),
    severity: json["false_positive"] === true ? "info" : severity,
    techniques: [...new Set(techniques)].filter((one) => one !== ""),
    subject: textOf(json["ref"]),
    traces: textsOf(json["traces"]),
  };
}

export function traceOf(json: Json): TraceRecord {
  const version = versionOf(json);
  const counts = objectOf(json["severities"]);
  return {
    ...version,
    fromS: secondsOf(json["valid_from"]) ?? version.timeS,
    root: textOf(json["root_node"]),
    rootName: textOf(json["root_proc_name"]),
    trigger: textOf(json["trigger_short_name"]),
    flags: numberOf(json["flag_count"]) ?? 0,
    score: numberOf(json["score"]) ?? 0,
    severity: SEVERITIES.find((one) => (numberOf(counts[one]) ?? 0) > 0) ?? "info",
  };
}

/** Findings of a capture's flags and traces. */
export class Verdicts {
  readonly #forest: Forest;
  readonly #sockets: SocketRows;
  readonly #base: Timebase;
  readonly #startNs: number;
  readonly #missing: Set<string>;

  /** @param missing takes the ids that are referred to and not in the capture */
  constructor(forest: Forest, sockets: SocketRows, base: Timebase, startNs: number, missing: Set<string>) {
    this.#missing = missing;
    this.#forest = forest;
    this.#sockets = sockets;
    this.#base = base;
    this.#startNs = startNs;
  }

  /** In order of time. */
  of(
    flags: Newest<FlagRecord>,
    traces: Newest<TraceRecord>,
    members: ReadonlyMap<string, ReadonlySet<CapturedProcess>>,
    connections: Newest<SocketRecord>,
  ): ImportedFinding[] {
    const found: (ImportedFinding | undefined)[] = [];
    for (const flag of flags.values()) found.push(this.#ofFlag(flag, connections));
    for (const trace of traces.values()) found.push(this.#ofTrace(trace, members.get(trace.id) ?? new Set()));
    for (const trace of members.keys()) if (traces.get(trace) === undefined) this.#missing.add(trace);
    return found.filter((one) => one !== undefined).sort((a, b) => a.atNs - b.atNs);
  }

  #ofFlag(flag: FlagRecord, connections: Newest<SocketRecord>): ImportedFinding | undefined {
    const connection = connections.get(flag.subject);
    const process = this.#forest.of(connection === undefined ? flag.subject : (connection.owners[0] ?? ""));
    if (process === undefined) return undefined;
    const sock = this.#sockets.inodeOf(flag.subject);
    return {
      rule: `spyderbat/${flag.rule}`,
      title: `${flag.rule.replaceAll("_", " ")}: ${flag.name}`,
      reason: flag.description,
      severity: flag.severity,
      techniques: flag.techniques,
      atNs: this.#atNs(flag.timeS),
      process: keyOf(process),
      chain: [keyOf(process)],
      sockets: sock === undefined ? [] : [sock],
      traces: flag.traces,
    };
  }

  #ofTrace(trace: TraceRecord, members: ReadonlySet<CapturedProcess>): ImportedFinding | undefined {
    const root = this.#forest.of(trace.root);
    if (root === undefined) return undefined;
    const chain = [root, ...[...members].filter((one) => one !== root).sort((a, b) => a.startNs - b.startNs)];
    const flags = trace.flags === 1 ? "1 flag" : `${trace.flags} flags`;
    return {
      rule: "spyderbat/trace",
      title: `trace of ${trace.rootName}: ${trace.trigger.replaceAll("_", " ")}`,
      reason: `score ${trace.score}, ${flags} below ${trace.rootName}`,
      severity: trace.severity,
      techniques: [],
      atNs: this.#atNs(trace.fromS),
      process: keyOf(root),
      chain: chain.map(keyOf),
      sockets: [],
      traces: [trace.id],
    };
  }

  #atNs(timeS: number): number {
    return this.#base.ns(timeS) - this.#startNs;
  }
}

function keyOf({ pid, startNs }: CapturedProcess): ProcessKey {
  return { pid, startNs };
}
