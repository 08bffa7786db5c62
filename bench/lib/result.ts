import type { Spread } from "./statistics.ts";

/** One line of the table. */
export interface Row {
  /** Stable key in baseline.json: "open/spydertop/added". */
  readonly key: string;
  /** What was done, how it was watched, what was measured: the first three columns. */
  readonly subject: string;
  readonly mode: string;
  readonly measure: string;
  readonly unit: string;
  readonly value: Spread;
  /** The value as a part of what it was compared with in the same run: what a later run is held to. */
  readonly relative?: number;
  /** The same for the reader: "1.42x none". */
  readonly ratio?: string;
  /** What the project aims for: the value must be under (or over) it. */
  readonly aim?: { readonly under?: number; readonly over?: number };
  /** Further facts, short. */
  readonly note?: string;
}

/** What a case's process prints, a line of JSON each. */
export type Message = { readonly row: Row } | { readonly skipped: { readonly subject: string; readonly why: string } };

const send = (message: Message) => process.stdout.write(`${JSON.stringify(message)}\n`);

export function report(row: Row): void {
  send({ row });
}

export function skip(subject: string, why: string): void {
  send({ skipped: { subject, why } });
}

/** A line for whoever watches; not part of the result. */
export function progress(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

/** A value that was measured once. */
export const once = (value: number): Spread => ({ median: value, low: value, high: value, samples: 1 });
