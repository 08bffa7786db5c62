import type { Table } from "../../src/core/graph/table.ts";
import type { Monitor } from "../../src/core/monitor.ts";
import { impactOf } from "../../src/core/origin/impact.ts";
import { originOf } from "../../src/core/origin/origin.ts";
import type { Target } from "../../src/core/query/model.ts";
import { busyMonitor } from "../lib/busy-graph.ts";
import { once, progress, report } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";

const PROCESSES = 55_000;
const TARGETS = 1000;
/** The fastest of so many calls counts: a neighbour or the collector can only slow one down. */
const CALLS = 5;

const WARM_UP = 200;

type Kind = Exclude<Target["kind"], "channel">;

/** Time to the origin and to the impact of things of each kind, in a graph of a million edges. */
export async function origin(): Promise<void> {
  const monitor = busyMonitor(PROCESSES);
  const { graph, detector } = monitor;
  progress(`${graph.edges.count} edges, ${graph.processes.count} processes, ${graph.connections.count} connections`);
  const ids: Readonly<Record<Kind, readonly number[]>> = {
    process: rowsOf(graph.processes),
    connection: rowsOf(graph.connections),
    file: rowsOf(graph.files),
    finding: some(detector.findings.map(({ id }) => id)),
  };
  for (const kind of ["process", "connection", "file", "finding"] as const) {
    const targets = ids[kind].map((id): Target => ({ kind, id }));
    measure(monitor, "origin", kind, targets, (target) => originOf(monitor, target));
    measure(monitor, "impact", kind, targets, (target) => impactOf(monitor, target));
  }
}

function measure(
  { graph }: Monitor,
  query: "origin" | "impact",
  kind: Kind,
  targets: readonly Target[],
  ask: (target: Target) => unknown,
): void {
  for (const target of targets.slice(0, WARM_UP)) ask(target);
  const times = targets.map((target) => {
    let best = Number.POSITIVE_INFINITY;
    for (let call = 0; call < CALLS; call++) {
      const began = performance.now();
      ask(target);
      best = Math.min(best, performance.now() - began);
    }
    return best;
  });
  times.sort((a, b) => a - b);
  const common = { subject: `${query} of a ${kind}`, mode: `${graph.edges.count} edges`, unit: "ms" };
  const aimed = query === "origin";
  const line = (measured: string, value: number, under: number): void =>
    report({
      ...common,
      key: `origin/${query}/${kind}/${measured}`,
      measure: measured,
      value: once(value),
      ...(aimed ? { aim: { under } } : {}),
    });
  report({
    ...common,
    key: `origin/${query}/${kind}/median`,
    measure: "median",
    value: spread(times),
    ...(aimed ? { aim: { under: 0.5 } } : {}),
  });
  line("p99", times[Math.floor(times.length * 0.99)] ?? 0, 5);
  line("max", times.at(-1) ?? 0, 5);
}

function rowsOf(table: Table): readonly number[] {
  const ids: number[] = [];
  for (let row = 0; row < table.limit; row++) if (table.isLive(row)) ids.push(table.id(row));
  return some(ids);
}

/** Evenly spread over all of them. */
function some(ids: readonly number[]): readonly number[] {
  const count = Math.min(TARGETS, ids.length);
  return Array.from({ length: count }, (_, index) => ids[Math.floor((index * ids.length) / count)] as number);
}
