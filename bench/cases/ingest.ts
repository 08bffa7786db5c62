import type { Graph } from "../../src/core/graph/graph.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { BusyHost, type Load } from "../lib/busy-host.ts";
import { progress, report } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";

const NODES = 1_000_000;
const FILES = 500_000;
const FILL_ROWS = 100_000;
const LOADS = 9;
const LOAD_ROWS = 60_000;

const nodesOf = ({ processes, images, files, connections, channels }: Graph): number =>
  processes.count + images.count + files.count + connections.count + channels.count;

function cpuNs(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) * 1e3;
}

/** What an event of a busy host costs when the graph holds a million nodes: to the graph, and with detection. */
export function ingest(): Promise<void> {
  const monitor = new Monitor({ memoryLimitBytes: 2 ** 34 });
  const { graph } = monitor;
  const host = new BusyHost(FILES);
  const take = ({ batches }: Load): void => {
    for (const batch of batches) monitor.ingest(batch);
  };
  take(host.backup());
  while (nodesOf(graph) < NODES) take(host.load(FILL_ROWS));
  progress(`${nodesOf(graph)} nodes, ${graph.edges.count} edges, ${graph.events} events`);
  const times: { graph: number[]; monitor: number[] } = { graph: [], monitor: [] };
  for (let round = 0; round < LOADS; round++) {
    const bare = host.load(LOAD_ROWS);
    times.graph.push(cpuNs(() => bare.batches.forEach((batch) => void graph.ingest(batch))) / bare.rows);
    graph.changes.clear();
    const whole = host.load(LOAD_ROWS);
    times.monitor.push(cpuNs(() => take(whole)) / whole.rows);
  }
  const line = { subject: "an event of a busy host", measure: "CPU", unit: "ns", aim: { under: 300 } };
  report({ ...line, key: "ingest/graph", mode: "to a graph of a million nodes", value: spread(times.graph) });
  report({ ...line, key: "ingest/monitor", mode: "the same with detection", value: spread(times.monitor) });
  return Promise.resolve();
}
