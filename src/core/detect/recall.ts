import { NONE } from "../graph/indexes.ts";
import type { Monitor } from "../monitor.ts";
import { findKey, keyOf } from "../query/keys.ts";
import type { Finding } from "../query/model.ts";
import { chainOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/** A finding in words that mean the same in every monitor of its capture. */
export interface Recollection
  extends Pick<Finding, "rule" | "title" | "reason" | "severity" | "techniques" | "atNs" | "certainty"> {
  /** What alike ones have in common. */
  readonly key: string;
  /** Keys of subjects, as of query/keys.ts. */
  readonly process: string;
  readonly chain: readonly string[];
  readonly evidence: readonly string[];
}

/** What a monitor found, from the finding at an index on. */
export function recollections(monitor: Monitor, from: number): readonly Recollection[] {
  const keyOfProcess = (id: Finding["process"]): string => keyOf(monitor, { kind: "process", id }) ?? "";
  return monitor.detector.kept(from).map(({ key, finding: { id: _, process, chain, evidence, ...told } }) => ({
    ...told,
    key,
    process: keyOfProcess(process),
    chain: chain.map(keyOfProcess),
    evidence: evidence.map((subject) => keyOf(monitor, subject) ?? ""),
  }));
}

/** The same as a signal of a monitor's own; undefined when it does not know the process. */
export function recalledSignal(monitor: Monitor, told: Recollection): Signal | undefined {
  const { graph } = monitor;
  const rowOf = (key: string): number => {
    const subject = findKey(monitor, key);
    return subject?.kind === "process" ? graph.processes.row(subject.id) : NONE;
  };
  const process = rowOf(told.process);
  if (process === NONE) return undefined;
  const ancestors = chainOf(graph, process);
  return {
    ...told,
    key: told.key.slice(told.rule.length + 1),
    process,
    others: told.chain.map(rowOf).filter((row) => row !== NONE && !ancestors.includes(row)),
    evidence: told.evidence.map((key) => findKey(monitor, key)).filter((subject) => subject !== undefined),
    // What it makes suspicious of what came later has been found, too.
    echoes: true,
  };
}
