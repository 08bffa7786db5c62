import { type Json, numberOf, objectOf, parseLine, secondsOf } from "../json.ts";
import type { Line } from "../line-reader.ts";
import { MalformedLine } from "../problems.ts";
import { USAGE, UsageScanner } from "./usage-scan.ts";

/** Usage of every process at one moment. */
export interface Sample {
  readonly timeS: number;
  readonly ticksPerSecond: number;
  /** USAGE.FIELDS numbers for each process. */
  readonly usage: Float64Array;
}

const SCHEMA = Buffer.from('{"schema":"event_top_data:');
const PROCESSES = Buffer.from('"processes":');
const scanner = new UsageScanner();

/** A line as JSON; of a sample the processes are taken out, which are its bulk. Throws MalformedLine when it is no JSON. */
export function parseRecord(line: Line): { readonly json: Json; readonly usage: Float64Array | undefined } {
  const { bytes, from, to } = line;
  if (bytes.compare(SCHEMA, 0, SCHEMA.length, from, Math.min(from + SCHEMA.length, to)) !== 0)
    return { json: parseLine(line.text), usage: undefined };
  const key = bytes.subarray(from, to).indexOf(PROCESSES);
  const at = from + key + PROCESSES.length;
  const usage = key < 0 ? undefined : scanner.scan(bytes, at, to);
  if (usage === undefined) return { json: parseLine(line.text), usage };
  const rest = `${bytes.toString("utf8", from, at)}0${bytes.toString("utf8", scanner.end, to)}`;
  return { json: parseLine(rest), usage };
}

export function sampleOf(json: Json, scanned: Float64Array | undefined): Sample {
  const timeS = secondsOf(json["time"]);
  if (timeS === undefined) throw new MalformedLine("a sample without a time");
  return {
    timeS,
    ticksPerSecond: numberOf(json["clk_tck"]) || 100,
    usage: scanned ?? usageOf(objectOf(json["processes"])),
  };
}

/** The same as the scanner reads, of any form of the object. */
function usageOf(processes: Json): Float64Array {
  const plain = Object.entries(processes).map(([pid, entry]) => [pid, plainOf(objectOf(entry))]);
  const bytes = Buffer.from(`${JSON.stringify(Object.fromEntries(plain))} `);
  return scanner.scan(bytes, 0, bytes.length) ?? new Float64Array(0);
}

function plainOf(entry: Json): Json {
  const isPlain = (value: unknown): boolean =>
    Number.isSafeInteger(value) || (typeof value === "string" && /^\w*$/.test(value));
  return Object.fromEntries(Object.entries(entry).filter(([key, value]) => /^\w+$/.test(key) && isPlain(value)));
}

/** Pids in a sample. */
export function* pidsOf({ usage }: Sample): Generator<number> {
  for (let at = 0; at < usage.length; at += USAGE.FIELDS) yield usage[at + USAGE.PID] as number;
}
