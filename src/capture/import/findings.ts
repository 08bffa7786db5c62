import type { Severity } from "../../core/query/model.ts";

/** Identity of a process as in every row of the wire. */
export interface ProcessKey {
  readonly pid: number;
  /** Start since boot, as in the rows. */
  readonly startNs: number;
}

/** What the tool that wrote the file concluded: a rule that fired, or a trace it drew. Strings are as the file has them. */
export interface ImportedFinding {
  /** "spyderbat/suspicious_command", "tetragon/<policy>". */
  readonly rule: string;
  readonly title: string;
  readonly reason: string;
  readonly severity: Severity;
  /** MITRE ATT&CK technique ids. */
  readonly techniques: readonly string[];
  /** ns since the start of capture: since the header time of the first batch. */
  readonly atNs: number;
  readonly process: ProcessKey;
  /** Everyone who takes part, root first; at least `process`. */
  readonly chain: readonly ProcessKey[];
  /** Socket inodes, as in the rows, of the connections it is about. */
  readonly sockets: readonly number[];
  /** Findings with a trace in common belong together; a trace is a finding of its own. */
  readonly traces: readonly string[];
}
