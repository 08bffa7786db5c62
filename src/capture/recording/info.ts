import { readFileSync } from "node:fs";
import { hostname, release } from "node:os";
import type { EventSource, SourceStatus } from "../source.ts";

/** Where a recording comes from. Text of another host: sanitise before it is shown. */
export interface RecordingInfo {
  readonly program: string;
  readonly host: string;
  readonly kernel: string;
  /** Of the running kernel; times since boot of two recordings compare only when it is the same. */
  readonly bootId: string;
  readonly source: EventSource["kind"];
  /** As the source said when recording began: what it did not see. */
  readonly limited?: NonNullable<SourceStatus["limited"]>;
}

/** What the INFO frame may take. */
export const MAX_INFO_BYTES = 1 << 16;

/** This machine, recorded from that source. */
export function infoOf(source: Pick<EventSource, "kind" | "status">, version: string): RecordingInfo {
  const { limited } = source.status();
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  const info = { program: `spydertop ${version}`, host: hostname(), kernel: release(), bootId, source: source.kind };
  return limited === undefined ? info : { ...info, limited };
}

const KINDS: readonly string[] = ["live", "procfs", "replay", "import"] satisfies EventSource["kind"][];

/** Reads the INFO frame's text: what is missing or of another type is empty. */
export function parseInfo(text: string): RecordingInfo {
  const fields = parseJson(text);
  const word = (value: unknown): string => (typeof value === "string" ? value : "");
  const source = KINDS.includes(word(fields["source"])) ? (fields["source"] as EventSource["kind"]) : "import";
  const [program, host, kernel, bootId] = ["program", "host", "kernel", "bootId"].map((name) => word(fields[name]));
  const info = { program: program ?? "", host: host ?? "", kernel: kernel ?? "", bootId: bootId ?? "", source };
  const limited = fields["limited"];
  if (!isObject(limited)) return info;
  return {
    ...info,
    limited: { why: word(limited["why"]), missed: word(limited["missed"]), fix: word(limited["fix"]) },
  };
}

/** The object a text describes; an empty one when it is something else. */
function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
