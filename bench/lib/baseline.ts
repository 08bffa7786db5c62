import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Machine, sameMachine } from "./machine.ts";
import type { Row } from "./result.ts";

interface Entry {
  readonly value: number;
  readonly unit: string;
  /** Ratio to what it was compared with in its own run, and the part of it by which a later run may be worse. */
  readonly ratio?: number;
  readonly tolerance?: number;
}

export interface Baseline {
  readonly machine: Machine;
  readonly rows: Readonly<Record<string, Entry>>;
}

const path = join(import.meta.dirname, "..", "baseline.json");
const LEAST_TOLERANCE = 0.3;

export function readBaseline(): Baseline | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Baseline) : undefined;
}

/** Replaces the rows that were measured and keeps the others, unless they are of another machine. */
export function saveBaseline(machine: Machine, rows: readonly Row[]): void {
  const old = readBaseline();
  const kept = old && sameMachine(old.machine, machine) ? old.rows : {};
  const measured = rows.map(({ key, unit, value, relative }): [string, Entry] => {
    const entry = { value: Number(value.median.toPrecision(4)), unit };
    if (relative === undefined) return [key, entry];
    // Twice the middle half of the samples: a run that is as noisy as this one still passes.
    const noise = value.median === 0 ? 0 : (value.high - value.low) / Math.abs(value.median);
    const tolerance = Math.max(LEAST_TOLERANCE, Number((noise * 2).toFixed(2)));
    return [key, { ...entry, ratio: Number(relative.toPrecision(4)), tolerance }];
  });
  const merged = { ...kept, ...Object.fromEntries(measured) };
  const sorted = Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ machine, rows: sorted } satisfies Baseline, null, 2)}\n`);
}

export interface Comparison {
  readonly text: string;
  readonly worse: boolean;
}

/** A row against the committed one. Only ratios can be worse: the same machine is half as fast from one hour to the next. */
export function compare(row: Row, baseline: Baseline | undefined): Comparison | undefined {
  const entry = baseline?.rows[row.key];
  if (!entry || entry.value === 0) return undefined;
  const { ratio, tolerance } = entry;
  const relative = row.relative !== undefined && ratio !== undefined && ratio !== 0 ? row.relative / ratio : undefined;
  const change = (relative ?? row.value.median / entry.value) - 1;
  // More is better where the aim is a least value.
  const loss = row.aim?.over === undefined ? change : -change;
  const text = `${change >= 0 ? "+" : ""}${(change * 100).toFixed(0)} %`;
  return { text, worse: relative !== undefined && loss > (tolerance ?? LEAST_TOLERANCE) };
}
