import { Monitor } from "../src/core/monitor.ts";
import { originOf } from "../src/core/origin/origin.ts";
import { tree } from "../src/core/query/tree.ts";
import { BatchWriter } from "../src/core/wire/encode.ts";
import { KIND, OPEN_FLAG } from "../src/core/wire/layout.gen.ts";

/**
 * Rows into the graph, as batches of a busy host bring them: ns a row with detection, bytes an edge, a frame's tree, an origin.
 * One process; the batches are made beforehand, every round has a new monitor, the median of the rounds counts.
 */
const BASE = 5_000_000_000_000;
const ROUNDS = 5;
const BATCH_ROWS = 4096;

interface Load {
  readonly batches: readonly Uint8Array[];
  readonly rows: number;
}

/** `processes` processes over time, each with opens, a few writes and a connection; files are shared as libraries are. */
function makeLoad(processes: number, opensEach: number): Load {
  const writer = new BatchWriter();
  const batches: Uint8Array[] = [];
  let rows = 0;
  let now = BASE;
  const flush = (least: number): void => {
    if (writer.rows < least) return;
    rows += writer.rows;
    batches.push(writer.finish(now, BigInt(now)));
  };
  for (let i = 0; i < processes; i++) {
    const pid = 1000 + (i % 30_000);
    const startNs = (now += 10_000);
    const head = (): { pid: number; startNs: number; timeNs: number } => ({ pid, startNs, timeNs: (now += 100) });
    const parent = { pid: 1, startNs: 1_000_000, timeNs: now };
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
      const write = k % 8 === 7;
      writer.open({
        ...head(),
        path: `/srv/data/directory/file${ino}`,
        dev: 1,
        ino,
        open: write ? OPEN_FLAG.WRITE : OPEN_FLAG.READ,
      });
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
    flush(BATCH_ROWS);
  }
  flush(1);
  return { batches, rows };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function nsPerRow(load: Load, memoryLimitBytes: number): { ns: number; monitor: Monitor } {
  const times: number[] = [];
  let monitor = new Monitor({ memoryLimitBytes });
  for (let round = 0; round < ROUNDS; round++) {
    monitor = new Monitor({ memoryLimitBytes });
    const began = process.cpuUsage();
    for (const batch of load.batches) monitor.ingest(batch);
    const { user, system } = process.cpuUsage(began);
    times.push(((user + system) * 1e3) / load.rows);
  }
  return { ns: median(times), monitor };
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
  console.log(`${name.padEnd(44)}${value.toFixed(value < 10 ? 2 : 0).padStart(10)} ${unit}`);
}

const busy = makeLoad(50_000, 16);
const free = nsPerRow(busy, 4 * 2 ** 30);
print(`ingest and detect, ${busy.rows} rows`, free.ns, "ns/row");
print("rows a second", 1e9 / free.ns, "");
print("edges kept", free.monitor.graph.edges.count, "");
print("bytes an edge, with index", free.monitor.graph.edges.rowBytes + 16, "B");
const capped = nsPerRow(busy, 64 * 2 ** 20);
print("the same, held below 64 MiB", capped.ns, "ns/row");
print("edges kept", capped.monitor.graph.edges.count, "");
const { monitor } = free;
const options = {
  layout: "tree",
  sort: "pid",
  descending: false,
  collapsed: new Set<number>(),
  showKernelThreads: false,
  lingerNs: 0,
  nowNs: monitor.nowNs,
} as const;
print(
  `tree of ${tree(monitor, options).processes} processes`,
  msOf(() => void tree(monitor, options)),
  "ms",
);
print(
  "tree, by cpu",
  msOf(() => void tree(monitor, { ...options, layout: "flat", sort: "cpu", descending: true })),
  "ms",
);
const small = nsPerRow(makeLoad(5000, 16), 2 ** 30).monitor;
const few = { ...options, nowNs: small.nowNs };
print(
  `tree of ${tree(small, few).processes} processes`,
  msOf(() => void tree(small, few)),
  "ms",
);
const ids = [...Array(1000).keys()].map((i) => monitor.graph.connections.id(i * 40));
print(
  "origin of a connection",
  msOf(() => ids.forEach((id) => void originOf(monitor, { kind: "connection", id }))),
  "µs",
);
