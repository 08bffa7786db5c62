import type { ProcessIndex } from "../graph/indexes.ts";
import type { Certainty, Severity, Subject } from "../query/model.ts";

/** What a detection saw. The detector makes a Finding of the first of each key. */
export interface Signal {
  /** Stable name: "download-then-execute". */
  readonly rule: string;
  readonly title: string;
  readonly reason: string;
  readonly severity: Severity;
  /** Its chain is shown with this severity and grows no more suspicious: it was suspicious already, or nothing bad has happened yet. */
  readonly echoes?: boolean;
  readonly techniques: readonly string[];
  readonly atNs: number;
  readonly process: ProcessIndex;
  /** Processes that take part and are no ancestors of `process`. */
  readonly others: readonly ProcessIndex[];
  readonly evidence: readonly Subject[];
  readonly certainty: Certainty;
  /** Alike signals share it: repetition is no new evidence. */
  readonly key: string;
}
