import type { Graph } from "../../src/core/graph/graph.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { BusyHost, type Load } from "../lib/busy-host.ts";
import { progress, report } from "../lib/result.ts";
import { median, spread } from "../lib/statistics.ts";

const NODES = 1_000_000;
const FILES = 500_000;
const FILL_ROWS = 100_000;
const LOADS = 9;
const LOAD_ROWS = 60_000;
const READS = 300_000;

const nodesOf = ({ processes, images, files, connections, channels }: Graph): number =>
  processes.count + images.count + files.count + connections.count + channels.count;

/** ns of CPU a row: all of it, and what of it the kernel took, which is memory that is touched for the first time. */
interface Cost {
  readonly all: number;
  readonly kernel: number;
}

function costOf(rows: number, work: () => void): Cost {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return { all: ((user + system) * 1e3) / rows, kernel: (system * 1e3) / rows };
}

/**
 * ns of CPU that a read at random of the table of edges takes: a host that has no large pages for this guest's makes it dearer, and an
 * event with it.
 */
function reads({ edges }: Graph): () => number {
  let seen = 0;
  let at = 1;
  return () => {
    const { limit } = edges;
    const { all } = costOf(READS, () => {
      for (let i = 0; i < READS; i++) {
        at = (Math.imul(at, 1664525) + 1013904223) | 0;
        seen ^= edges.object.get((at >>> 2) % limit);
      }
    });
    return all + (seen & 0);
  };
}

/** What an event of a busy host costs when the graph holds a million nodes: to the graph, and with detection. */
export function ingest(): Promise<void> {
  const monitor = new Monitor({ memoryLimitBytes: 2 ** 34 });
  const { graph } = monitor;
  const host = new BusyHost(FILES);
  const take = ({ batches }: Load): void => {
    for (const batch of batches) monitor.ingest(batch);
  };
  const takeBare = ({ batches }: Load): void => {
    for (const batch of batches) {
      graph.ingest(batch);
      graph.changes.clear();
    }
  };
  take(host.backup());
  while (nodesOf(graph) < NODES) take(host.load(FILL_ROWS));
  progress(`${nodesOf(graph)} nodes, ${graph.edges.count} edges, ${graph.events} events`);
  const readNs = reads(graph);
  const readsNs: number[] = [];
  const costs: { graph: Cost[]; monitor: Cost[] } = { graph: [], monitor: [] };
  for (let round = 0; round < LOADS; round++) {
    readsNs.push(readNs());
    const bare = host.load(LOAD_ROWS);
    costs.graph.push(costOf(bare.rows, () => takeBare(bare)));
    const whole = host.load(LOAD_ROWS);
    costs.monitor.push(costOf(whole.rows, () => take(whole)));
  }
  const line = (of: readonly Cost[]) => ({
    subject: "an event of a busy host",
    measure: "CPU",
    unit: "ns",
    aim: { under: 300 },
    value: spread(of.map(({ all }) => all)),
    note: `${median(of.map(({ kernel }) => kernel)).toFixed(0)} ns of it in the kernel; a read at random ${median(readsNs).toFixed(0)} ns`,
  });
  report({ ...line(costs.graph), key: "ingest/graph", mode: "to a graph of a million nodes" });
  report({ ...line(costs.monitor), key: "ingest/monitor", mode: "the same with detection" });
  return Promise.resolve();
}
