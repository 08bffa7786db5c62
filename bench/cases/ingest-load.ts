// `ingest-load.ts graph|monitor given|any`: fills a graph of a million nodes, in a process of its own, and prints what a further event costs,
// in memory that the host has given this guest, or in any.

import { Graph } from "../../src/core/graph/graph.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { drop } from "../../src/core/wire/memory.ts";
import { BusyHost, type Load } from "../lib/busy-host.ts";
import { median } from "../lib/statistics.ts";
import type { Ingested } from "./ingest.ts";

const NODES = 1_000_000;
const FILES = 500_000;
const FILL_ROWS = 100_000;
const LOADS = 12;
const LOAD_ROWS = 60_000;
const READS = 300_000;
/** More than a load makes a graph grow by. */
const GIVEN_BYTES = 16 << 20;

const host = new BusyHost(FILES);
const [what, memory] = process.argv.slice(2);
const { graph, take } = what === "monitor" ? watched() : bare();

function bare() {
  const graph = new Graph();
  const take = (batch: Uint8Array): void => {
    graph.ingest(batch);
    graph.changes.clear();
  };
  return { graph, take };
}

function watched() {
  const monitor = new Monitor({ memoryLimitBytes: 2 ** 34 });
  return { graph: monitor.graph, take: (batch: Uint8Array): void => monitor.ingest(batch) };
}

function fill({ batches }: Load): void {
  for (const batch of batches) take(batch);
}

function nodes(): number {
  const { processes, images, files, connections, channels } = graph;
  return processes.count + images.count + files.count + connections.count + channels.count;
}

/** ns of CPU that some work takes: of the program, and of the kernel for it. */
function costOf(work: () => void): { readonly all: number; readonly kernel: number } {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return { all: (user + system) * 1e3, kernel: system * 1e3 };
}

let seen = 0;

/**
 * Touches memory and gives it back to the kernel, which hands out next what it was given last. A host that takes back what its guest leaves
 * free, and has to give it again, costs an event more than the program does: some 3 ns a byte instead of 0.06.
 */
function haveHostGive(): void {
  drop(new Uint8Array(GIVEN_BYTES).fill(1).buffer);
}

function readNs(): number {
  const { limit, object } = graph.edges;
  const { all } = costOf(() => {
    for (let i = 0, at = 1; i < READS; i++) {
      at = (Math.imul(at, 1664525) + 1013904223) | 0;
      seen ^= object.get((at >>> 2) % limit);
    }
  });
  return all / READS;
}

fill(host.backup());
while (nodes() < NODES) fill(host.load(FILL_ROWS));
const batchesNs: number[] = [];
const readsNs: number[] = [];
let events = 0;
let allNs = 0;
let kernelNs = 0;
for (let load = 0; load < LOADS; load++) {
  readsNs.push(readNs());
  const { batches } = host.load(LOAD_ROWS);
  if (memory === "given") haveHostGive();
  for (const batch of batches) {
    const before = graph.events;
    const { all, kernel } = costOf(() => take(batch));
    const rows = graph.events - before;
    batchesNs.push(all / rows);
    events += rows;
    allNs += all;
    kernelNs += kernel;
  }
}
const result: Ingested & { readonly seen: number } = {
  batchNs: median(batchesNs),
  allNs: allNs / events,
  kernelNs: kernelNs / events,
  readNs: median(readsNs),
  nodes: nodes(),
  edges: graph.edges.count,
  seen,
};
console.log(JSON.stringify(result));
