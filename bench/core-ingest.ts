import { Graph } from "../src/core/graph/graph.ts";
import { Monitor } from "../src/core/monitor.ts";
import { originOf } from "../src/core/origin/origin.ts";
import { tree } from "../src/core/query/tree.ts";
import { BatchWriter } from "../src/core/wire/encode.ts";
import { KIND, OPEN_FLAG } from "../src/core/wire/layout.gen.ts";

/**
 * Rows into the graph, as batches of a busy host bring them: ns a row into a graph of a million nodes, with and without detection, bytes
 * an edge, how long a batch takes while the memory limit holds, memory after millions of short-lived processes, a frame's tree, an
 * origin. One process; the batches of a figure are made beforehand.
 */
const BASE = 5_000_000_000_000;
const BATCH_ROWS = 4096;
const MIB = 2 ** 20;

interface Load {
  readonly batches: readonly Uint8Array[];
  readonly rows: number;
}

/** Processes over time, each with opens, a few writes and a connection; files are shared as libraries are. Loads follow each other. */
class Workload {
  #writer = new BatchWriter();
  #made = 0;
  #now = BASE;

  load(processes: number, opensEach: number): Load {
    const batches: Uint8Array[] = [];
    let rows = 0;
    const flush = (least: number): void => {
      if (this.#writer.rows < least) return;
      rows += this.#writer.rows;
      batches.push(this.#writer.finish(this.#now, BigInt(this.#now)));
    };
    for (let i = 0; i < processes; i++) {
      this.#process(this.#made++, opensEach);
      flush(BATCH_ROWS);
    }
    flush(1);
    return { batches, rows };
  }

  #process(i: number, opensEach: number): void {
    const writer = this.#writer;
    const pid = 1000 + (i % 30_000);
    const startNs = (this.#now += 10_000);
    const head = () => ({ pid, startNs, timeNs: (this.#now += 100) });
    const parent = { pid: 1, startNs: 1_000_000, timeNs: this.#now };
    writer.fork({ ...parent, childPid: pid, childStartNs: startNs, cgroup: 7 });
    writer.image({
      ...head(),
      exe: `/usr/bin/tool${i % 50}`,
      argv: ["tool", String(i)],
      cwd: "/srv",
      exeDev: 1,
      exeIno: 10 + (i % 50),
      parentPid: 1,
      parentStartNs: 1_000_000,
    });
    for (let k = 0; k < opensEach; k++) {
      const ino = k % 4 === 3 ? 100_000 + i * opensEach + k : 1000 + ((i * 7 + k) % 5000);
      const open = k % 8 === 7 ? OPEN_FLAG.WRITE : OPEN_FLAG.READ;
      writer.open({ ...head(), path: `/srv/data/directory/file${ino}`, dev: 1, ino, open });
    }
    const sock = {
      sock: 1e6 + i,
      local: "10.0.0.4",
      localPort: 30_000 + (i % 30_000),
      remote: "198.51.100.7",
      remotePort: 443,
    };
    writer.sock(KIND.CONNECT, { ...head(), ...sock });
    writer.sock(KIND.CLOSE, { ...head(), ...sock, tx: 500, rx: 9000 });
    if (i % 10 !== 0) writer.exit({ ...head(), code: 0 });
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Median over loads, of CPU time. */
function nsPerRow(loads: readonly Load[], ingest: (batch: Uint8Array) => void): number {
  return median(
    loads.map((load) => {
      const began = process.cpuUsage();
      for (const batch of load.batches) ingest(batch);
      const { user, system } = process.cpuUsage(began);
      return ((user + system) * 1e3) / load.rows;
    }),
  );
}

function msOf(work: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const began = performance.now();
    work();
    times.push(performance.now() - began);
  }
  return median(times);
}

function print(name: string, value: number, unit: string): void {
  console.log(`${name.padEnd(52)}${value.toFixed(value < 10 ? 2 : 0).padStart(10)} ${unit}`);
}

const nodes = ({ processes, images, files, connections, channels }: Graph): number =>
  processes.count + images.count + files.count + connections.count + channels.count;

function ingestFigures(): Monitor {
  const work = new Workload();
  const fill = work.load(130_000, 16);
  const loads = [...Array(7)].map(() => work.load(3000, 16));
  const graph = new Graph();
  for (const batch of fill.batches) graph.ingest(batch);
  print("nodes", nodes(graph), "");
  print("edges", graph.edges.count, "");
  print("bytes an edge, with index", graph.edges.rowBytes + 16, "B");
  print(
    "ingest into the graph",
    nsPerRow(loads, (batch) => graph.ingest(batch)),
    "ns/row",
  );
  const monitor = new Monitor({ memoryLimitBytes: 4096 * MIB });
  for (const batch of fill.batches) monitor.ingest(batch);
  const ns = nsPerRow(loads, (batch) => monitor.ingest(batch));
  print("ingest and detect", ns, "ns/row");
  print("rows a second", 1e9 / ns, "");
  return monitor;
}

function limitFigures(): void {
  const monitor = new Monitor({ memoryLimitBytes: 64 * MIB });
  const work = new Workload();
  const pauses: number[] = [];
  const perRow: number[] = [];
  for (let i = 0; i < 40; i++) {
    const load = work.load(1500, 16);
    for (const batch of load.batches) {
      const began = performance.now();
      monitor.ingest(batch);
      if (i >= 20) pauses.push(performance.now() - began);
    }
    if (i >= 20) perRow.push((pauses.slice(-load.batches.length).reduce((a, b) => a + b, 0) * 1e6) / load.rows);
  }
  print("held below 64 MiB", median(perRow), "ns/row");
  print("a batch of 4096 rows then, median", median(pauses), "ms");
  print("99 % of them", quantile(pauses, 0.99), "ms");
  print("the longest", quantile(pauses, 1), "ms");
}

/** Processes that do little and are gone: what they leave behind must not add up. */
function soak(processes: number): void {
  const monitor = new Monitor({ memoryLimitBytes: 32 * MIB });
  const work = new Workload();
  const step = processes / 8;
  for (let done = step; done <= processes; done += step) {
    for (let left = step; left > 0; left -= 2000) for (const batch of work.load(2000, 2).batches) monitor.ingest(batch);
    print(`resident after ${done} short-lived processes`, process.memoryUsage.rss() / MIB, "MiB");
  }
}

function queryFigures(monitor: Monitor): void {
  const options = {
    layout: "tree",
    sort: "pid",
    descending: false,
    collapsed: new Set<number>(),
    showKernelThreads: false,
    lingerNs: 0,
    nowNs: monitor.nowNs,
  } as const;
  const { processes } = tree(monitor, options);
  print(
    `tree of ${processes} processes`,
    msOf(() => void tree(monitor, options)),
    "ms",
  );
  const byCpu = { ...options, layout: "flat", sort: "cpu", descending: true } as const;
  print(
    "by cpu",
    msOf(() => void tree(monitor, byCpu)),
    "ms",
  );
  const ids = [...Array(1000).keys()].map((i) => monitor.graph.connections.id(i * 40));
  const each = msOf(() => ids.forEach((id) => void originOf(monitor, { kind: "connection", id })));
  print("origin of a connection", each, "µs");
}

const which = process.argv[2] ?? "all";
if (which === "all" || which === "ingest") queryFigures(ingestFigures());
if (which === "all" || which === "limit") limitFigures();
if (which === "all" || which === "soak") soak(2_000_000);
