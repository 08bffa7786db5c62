import { ContainerNames } from "../capture/containers/container-names.ts";
import { Host } from "../capture/host.ts";
import { ImportSource } from "../capture/import/import-source.ts";
import { nestedPidNamespace } from "../capture/pid-namespace.ts";
import type { EventSource } from "../capture/source.ts";
import { UserNames } from "../capture/users.ts";
import { NONE } from "../core/graph/indexes.ts";
import { Monitor, type MonitorOptions } from "../core/monitor.ts";
import { monitorQueries } from "../ui/monitor-queries.ts";
import type { CaptureTotals, Names, Queries } from "../ui/ports.ts";
import { ReportedFindings } from "./reported.ts";

/** A source, the graph it feeds, and what is asked of them. */
export interface Session {
  readonly source: EventSource;
  readonly monitor: Monitor;
  readonly queries: Queries;
  readonly names: Names;
  /**
   * Takes in what is waiting, for at most budgetMs; true when there is more. `taken` gets each batch after the graph. While the
   * monitor is held the kernel's rings are the queue.
   */
  drain(budgetMs: number, taken?: (batch: Uint8Array) => void): boolean;
  /** Takes in all there is: a file whole, of a machine that never stops what comes within some seconds. */
  settle(): void;
  totals(): CaptureTotals;
  /** The number by which this program can name a living process; undefined when there is none in its PID namespace. */
  pidHere(pid: number): number | undefined;
}

/** A recording names no users and no containers. */
export function recordedNames(): Names {
  return { user: (uid) => (uid === 0 ? "root" : String(uid)), container: () => "", cgroup: () => undefined };
}

/** What a file says of the machine it came from: this one's users and containers are others. */
function namesOf(source: EventSource): Names | undefined {
  switch (source.kind) {
    case "live":
    case "procfs":
      return undefined;
    case "replay":
    case "import": {
      const told = source instanceof ImportSource ? source : undefined;
      return {
        user: (uid) => told?.users().get(uid) ?? (uid === 0 ? "root" : String(uid)),
        container: (cgroup) => told?.containers().get(cgroup) ?? "",
        cgroup: (path) => {
          const name = told?.containers().get(path);
          return name === undefined ? undefined : { kind: "container", id: name, name };
        },
      };
    }
  }
}

const SETTLE_MS = 10_000;
const SETTLE_SLICE_MS = 100;

/** What follows a source. */
export interface Follower {
  readonly monitor: Monitor;
  take(batch: Uint8Array): void;
}

export function follow(options: MonitorOptions): Follower {
  const monitor = new Monitor(options);
  return { monitor, take: (batch) => monitor.ingest(batch) };
}

export function createSession(source: EventSource, follower: Follower): Session {
  const { monitor } = follower;
  const users = new UserNames();
  const containers = new ContainerNames();
  // The kernel's events count processes by their number on the machine, /proc by that of its own namespace.
  const nested = source.kind === "live" ? nestedPidNamespace(new Host("")) : undefined;
  const reported = new ReportedFindings(source, monitor);
  let named = 0;
  const names: Names = namesOf(source) ?? {
    user: (uid) => users.name(uid),
    container: (cgroup) => {
      const info = containers.lookup(cgroup);
      return info?.kind === "container" || info?.kind === "pod" ? info.name : "";
    },
    cgroup: (path) => {
      const info = containers.lookup(path);
      const pod = info?.pod?.name;
      return info && { ...info, pod: pod ?? "" };
    },
  };
  const ingest = (batch: Uint8Array): void => {
    follower.take(batch);
    reported.tell(false);
    // Asked for at first sight: a container that lives 200 ms keeps its name.
    const { cgroupPaths } = monitor.graph;
    if (cgroupPaths.size === named) return;
    named = cgroupPaths.size;
    for (const path of cgroupPaths.values()) containers.lookup(path);
  };
  const drain = (sink: (batch: Uint8Array) => void, budgetMs: number): boolean => {
    if (monitor.held) return true;
    const more = source.drain(sink, budgetMs);
    if (!more) reported.tell(true);
    return more;
  };
  return {
    source,
    monitor,
    queries: monitorQueries(monitor, names),
    names,
    drain: (budgetMs, taken) => {
      if (taken === undefined) return drain(ingest, budgetMs);
      const both = (batch: Uint8Array): void => {
        ingest(batch);
        taken(batch);
      };
      return drain(both, budgetMs);
    },
    settle: () => {
      const file = source.kind === "replay" || source.kind === "import";
      const deadline = file ? Number.POSITIVE_INFINITY : performance.now() + SETTLE_MS;
      while (drain(ingest, SETTLE_SLICE_MS) && performance.now() < deadline);
    },
    totals: () => {
      const { limited } = source.status();
      const counts = { kind: source.kind, events: monitor.events, lost: monitor.lostTotal };
      return limited === undefined ? counts : { ...counts, limited };
    },
    pidHere: (pid) => {
      if (nested === undefined) return pid;
      const { processes } = monitor.graph;
      const process = processes.living(pid);
      return process !== NONE && processes.pidns.get(process) === nested ? processes.nsPid.get(process) : undefined;
    },
  };
}
