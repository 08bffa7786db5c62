import { setImmediate } from "node:timers/promises";
import { parseCgroup } from "../capture/containers/cgroup.ts";
import { ContainerNames } from "../capture/containers/container-names.ts";
import { Host } from "../capture/host.ts";
import { ImportSource } from "../capture/import/import-source.ts";
import { nestedPidNamespace } from "../capture/pid-namespace.ts";
import type { EventSource } from "../capture/source.ts";
import { UserNames } from "../capture/users.ts";
import { NONE } from "../core/graph/indexes.ts";
import { Monitor, type MonitorOptions } from "../core/monitor.ts";
import { monitorQueries } from "../ui/monitor-queries.ts";
import type { CaptureTotals, CgroupName, Names, Queries } from "../ui/ports.ts";
import { isOfFile } from "../ui/state/layout.ts";
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
  /** Takes in all there is, until it is stopped: a file whole, of a machine that never stops what comes within some seconds. */
  settle(stopped?: AbortSignal): Promise<void>;
  totals(): CaptureTotals;
  /** The number by which this program can name a living process; undefined when there is none in its PID namespace. */
  pidHere(pid: number): number | undefined;
}

/** Of a pod's uid, as of a container's id, the beginning tells one from another. */
const SHORT_ID = 8;

/** Users and containers of the machine a file came from, as far as it tells: this machine's are others. */
function fileNames(users?: () => ReadonlyMap<number, string>, containers?: () => ReadonlyMap<string, string>): Names {
  const cgroup = (path: string): CgroupName | undefined => {
    const told = containers?.().get(path);
    const { kind, id, name, runtime, podUid = "" } = parseCgroup(path);
    if (kind === "none") return told === undefined ? undefined : { kind: "container", id: told, name: told };
    return { kind, id, name: told ?? name, runtime, pod: podUid.slice(0, SHORT_ID) };
  };
  return {
    user: (uid) => users?.().get(uid) ?? (uid === 0 ? "root" : String(uid)),
    container: (path) => {
      const known = cgroup(path);
      return known?.kind === "container" || known?.kind === "pod" ? known.name : "";
    },
    cgroup,
  };
}

/** A recording names no users, and containers by their cgroups alone. */
export function recordedNames(): Names {
  return fileNames();
}

function namesOf(source: EventSource): Names | undefined {
  switch (source.kind) {
    case "live":
    case "procfs":
      return undefined;
    case "replay":
    case "import":
      if (!(source instanceof ImportSource)) return recordedNames();
      return fileNames(
        () => source.users(),
        () => source.containers(),
      );
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
    settle: async (stopped) => {
      const deadline = isOfFile(source) ? Number.POSITIVE_INFINITY : performance.now() + SETTLE_MS;
      // Signals come through between two slices.
      while (drain(ingest, SETTLE_SLICE_MS) && performance.now() < deadline && !stopped?.aborted) await setImmediate();
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
