import type { Severity } from "../../core/query/model.ts";
import { isObject } from "./info.ts";

/** A remark on the time bar. */
export interface Note {
  /** ns since time 0 of what it belongs to: of the recorder's first batch, or of the recording. */
  readonly timeNs: number;
  readonly severity: Severity;
  readonly text: string;
}

const TEXT_LENGTH = 300;
const SEVERITIES: readonly string[] = ["info", "low", "medium", "high", "critical"] satisfies Severity[];

/** Content of a NOTES frame: [{"time": "<ns since boot>", "severity": ..., "text": ...}]. */
export function encodeNotes(notes: readonly Note[], zeroTime: bigint): Uint8Array {
  const entries = notes.map(({ timeNs, severity, text }) => {
    const time = String(zeroTime + BigInt(Math.round(timeNs)));
    return { time, severity, text: text.slice(0, TEXT_LENGTH) };
  });
  return new TextEncoder().encode(JSON.stringify(entries));
}

/** The notes of a NOTES frame; what is none is left out. */
export function decodeNotes(content: Uint8Array, zeroTime: bigint): Note[] {
  let entries: unknown;
  try {
    entries = JSON.parse(new TextDecoder().decode(content));
  } catch {
    return [];
  }
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    if (!isObject(entry)) return [];
    const { time, severity, text } = entry;
    if (typeof time !== "string" || typeof severity !== "string" || typeof text !== "string") return [];
    if (!/^\d{1,20}$/.test(time) || !SEVERITIES.includes(severity)) return [];
    const timeNs = Number(BigInt(time) - zeroTime);
    return [{ timeNs, severity: severity as Severity, text: text.slice(0, TEXT_LENGTH) }];
  });
}
