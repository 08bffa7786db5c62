// A process that takes in the kernel's events as the monitor does: drains every 16 ms, refreshes once a second.
//
//     consumer.ts <what it does with a batch: rows | decode | graph>
//
// Answers a line of JSON (ConsumerReport) to each of: attach, count (counts from here), report, detach.

import { createInterface } from "node:readline";
import { type LiveSource, openLive } from "../../src/capture/live/live-source.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { batchUser, type Use } from "./use.ts";

const PERIOD_MS = 16;
const BUDGET_MS = 8;
const REFRESH_MS = 1000;

export interface ConsumerReport {
  /** User + system of the consumer since `count`. */
  readonly cpuNs: number;
  readonly wallNs: number;
  /** Records since `count`: handed over, and lost. */
  readonly delivered: number;
  readonly dropped: number;
  /** Opens the kernel programs saw since `count`. */
  readonly opens: number;
  readonly malformed: number;
  readonly missedRuns: number;
}

const use = batchUser(process.argv[2] as Use);
let source: LiveSource | undefined;
let timer: NodeJS.Timeout | undefined;
let nextRefresh = 0;
let from = totals();

function totals() {
  const stats = source?.stats();
  const sum = (values: Float64Array | undefined) => values?.reduce((total, n) => total + n, 0) ?? 0;
  const { user, system } = process.cpuUsage();
  return {
    cpuNs: (user + system) * 1000,
    wallNs: performance.now() * 1e6,
    delivered: sum(stats?.delivered),
    dropped: sum(stats?.dropped),
    opens: stats?.produced[KIND.OPEN] ?? 0,
    malformed: stats?.malformed ?? 0,
    missedRuns: stats?.missedRuns ?? 0,
  };
}

function step(): void {
  if (!source) return;
  const now = performance.now();
  if (now >= nextRefresh) {
    nextRefresh = now + REFRESH_MS;
    source.refresh();
  }
  const more = source.drain(use, BUDGET_MS);
  timer = setTimeout(step, more ? 0 : PERIOD_MS);
}

function drainAll(): void {
  while (source?.drain(use, 1000));
}

function answer(): void {
  drainAll();
  const now = totals();
  const report: ConsumerReport = {
    cpuNs: now.cpuNs - from.cpuNs,
    wallNs: now.wallNs - from.wallNs,
    delivered: now.delivered - from.delivered,
    dropped: now.dropped - from.dropped,
    opens: now.opens - from.opens,
    malformed: now.malformed,
    missedRuns: now.missedRuns,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function attach(): Promise<void> {
  source = await openLive();
  drainAll();
  nextRefresh = performance.now() + REFRESH_MS;
  step();
}

function detach(): void {
  clearTimeout(timer);
  source?.close();
  source = undefined;
}

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    if (line === "attach") await attach();
    if (line === "attach" || line === "count") {
      drainAll();
      from = totals();
    }
    answer();
    if (line === "detach") detach();
  })
  .on("close", () => {
    detach();
    process.exit();
  });
