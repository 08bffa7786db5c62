import { attach, consumer } from "./cases/attach.ts";
import { event, subjects } from "./cases/events.ts";
import { flood, paced } from "./cases/flood.ts";
import { history } from "./cases/history.ts";
import { imports } from "./cases/import.ts";
import { ingest } from "./cases/ingest.ts";
import { cat, compile, job } from "./cases/jobs.ts";
import { monitor, storm } from "./cases/monitor.ts";
import { origin } from "./cases/origin.ts";
import { auditd, bpftrace } from "./cases/peers.ts";
import { recordingCost, recordingSize } from "./cases/recording.ts";
import { recordingSeek } from "./cases/recording-seek.ts";
import { redis } from "./cases/redis.ts";
import { soak } from "./cases/soak.ts";
import { state } from "./cases/state.ts";

export interface Case {
  readonly name: string;
  readonly what: string;
  /** What is played is a file. */
  readonly ofFile?: true;
  run(): Promise<void>;
}

/** In the order they run; auditd last, for it leaves the kernel changed. */
export const cases: readonly Case[] = [
  { name: "open", what: "cost of an open, one file", run: () => event(subjects.open) },
  { name: "files", what: "cost of an open, 2,000 files", run: () => event(subjects.files) },
  { name: "connect", what: "cost of a connection on loopback", run: () => event(subjects.connect) },
  { name: "exchange", what: "cost of a byte through a connection", run: () => event(subjects.exchange) },
  { name: "exec", what: "cost of a process", run: () => event(subjects.exec) },
  { name: "read", what: "cost of a read after the first", run: () => event(subjects.read) },
  { name: "getppid", what: "cost of a system call nobody traces", run: () => event(subjects.getppid) },
  { name: "rows", what: "events a second to rows, and is one lost", run: () => flood("rows") },
  { name: "graph", what: "events a second to the graph, and is one lost", run: () => flood("graph") },
  { name: "paced", what: "consumer's share at 50,000 events a second", run: () => paced("graph") },
  { name: "consumer", what: "consumer's cost of an event", run: () => consumer(["rows", "decode", "graph"]) },
  { name: "state", what: "snapshot and refresh at 5,000 processes, against /proc", run: state },
  { name: "attach", what: "time to attach and to detach", run: attach },
  { name: "monitor", what: "the running monitor: first frame, CPU, memory", run: monitor },
  { name: "storm", what: "the running monitor under a flood: keys, memory", run: storm },
  { name: "import", what: "38 MB of other tools' files to the graph", ofFile: true, run: imports },
  { name: "ingest", what: "cost of an event in a graph of a million nodes", run: ingest },
  { name: "history", what: "cost of an event when the same has happened very often", run: history },
  { name: "soak", what: "memory while millions of short-lived processes pass", run: soak },
  { name: "origin", what: "origin and impact of anything in a graph of a million edges", run: origin },
  {
    name: "recording",
    what: "bytes an event on disk, and events a second of a replay",
    ofFile: true,
    run: recordingSize,
  },
  { name: "recorder", what: "share of a core that recording takes at 10,000 events a second", run: recordingCost },
  { name: "seek", what: "a recording of 1 GiB: open, and reach any moment", ofFile: true, run: recordingSeek },
  { name: "cat", what: "find | xargs cat", run: () => job(cat) },
  { name: "compile", what: "make -j2", run: () => job(compile) },
  { name: "redis", what: "redis-benchmark on loopback", run: () => redis() },
  { name: "bpftrace", what: "all workloads next to bpftrace", run: bpftrace },
  { name: "auditd", what: "all workloads next to auditd", run: auditd },
];
