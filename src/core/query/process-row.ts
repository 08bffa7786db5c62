import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { killerOf } from "../graph/peers.ts";
import { NO_LOGIN, PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import { activityOf, type Rates } from "./activity.ts";
import { SEVERITIES } from "./certainty.ts";
import type { Exit, ProcessId, ProcessRow } from "./model.ts";
import { commandOf, nameOf } from "./names.ts";

/** A type whose fields may be filled in later, by the query that extends the row. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The row of a process, undefined when it was forgotten. */
export function processRow(monitor: Monitor, id: ProcessId): ProcessRow | undefined {
  const process = monitor.graph.processes.row(id);
  return process === NONE ? undefined : rowOf(monitor.graph, process, monitor.nowNs);
}

/** The processes it descends from, root first; the true fork parents, also when adopted. */
export function ancestors(monitor: Monitor, id: ProcessId): readonly ProcessId[] {
  const { processes } = monitor.graph;
  const found: ProcessId[] = [];
  const process = processes.row(id);
  if (process === NONE) return found;
  for (let above = processes.parent.get(process); above !== NONE; above = processes.parent.get(above))
    found.push(processes.id(above));
  return found.reverse();
}

export function rowOf(graph: Graph, process: ProcessIndex, nowNs: number): ProcessRow {
  const { processes } = graph;
  const exited = processes.has(process, PROCESS_FLAG.EXITED);
  const endNs = exited ? processes.exitNs.get(process) : nowNs;
  const loginUid = processes.loginUid.get(process);
  const rates: Rates = { rx: 0, tx: 0 };
  const activity = activityOf(graph, process, nowNs, rates);
  const row: ProcessRow = {
    id: processes.id(process),
    pid: processes.tgid.get(process),
    ppid: parentPid(graph, process),
    uid: processes.uid.get(process),
    loginUid: loginUid === NO_LOGIN ? undefined : loginUid,
    cpuPercent: exited ? undefined : cpuPercentOf(graph, process),
    rssBytes: exited ? 0 : processes.rssBytes.get(process),
    ageNs: Math.max(0, endNs - processes.startNs.get(process)),
    rxBytesPerSecond: exited ? 0 : rates.rx,
    txBytesPerSecond: exited ? 0 : rates.tx,
    cgroup: processes.cgroupPath.get(process),
    command: commandOf(graph, process),
    name: nameOf(graph, process),
    kernelThread: processes.has(process, PROCESS_FLAG.KERNEL_THREAD),
    threads: processes.threads.get(process),
    exit: exited ? exitOf(graph, process) : undefined,
    activity,
    severity: SEVERITIES[processes.severity.get(process)],
    suspect: processes.has(process, PROCESS_FLAG.SUSPECT),
  };
  return row;
}

/** Share of one core over the last refresh. No row in the last refresh = no change = none used. */
export function cpuPercentOf(graph: Graph, process: ProcessIndex): number | undefined {
  const { processes } = graph;
  const percent = processes.cpuPercent.get(process);
  const current = processes.sampleRefresh.get(process) + 1 >= graph.tickRefresh;
  if (current) return Number.isNaN(percent) ? undefined : percent;
  return graph.tickRefresh >= 2 ? 0 : undefined;
}

function exitOf(graph: Graph, process: ProcessIndex): Exit {
  const { processes } = graph;
  const atNs = processes.exitNs.get(process);
  if (processes.has(process, PROCESS_FLAG.EXIT_INFERRED)) return { atNs };
  const code = processes.exitCode.get(process);
  const signal = code & 0x7f;
  if (signal === 0) return { status: (code >> 8) & 0xff, atNs };
  const killer = killerOf(graph, process);
  return killer === NONE ? { signal, atNs } : { signal, atNs, by: processes.id(killer) };
}

function isOlder({ processes }: Graph, one: ProcessIndex, other: ProcessIndex): boolean {
  return one !== NONE && processes.startNs.get(one) < processes.startNs.get(other);
}

/** Real parent now: as last reported, and pid 1 (or a subreaper, which no record names) once that one exited. */
export function parentPid(graph: Graph, process: ProcessIndex): number {
  const { processes } = graph;
  const tgid = processes.realParentTgid.get(process);
  if (tgid === 0 || tgid === 1 || processes.has(process, PROCESS_FLAG.EXITED)) return tgid;
  const parent = processes.parent.get(process);
  const told = parent !== NONE && processes.tgid.get(parent) === tgid ? parent : processes.living(tgid);
  if (processes.has(process, PROCESS_FLAG.DISTANT) && !isOlder(graph, told, process)) return 1;
  return told !== NONE && processes.has(told, PROCESS_FLAG.EXITED) ? 1 : tgid;
}
