import type { Graph } from "../../core/graph/graph.ts";
import { NONE } from "../../core/graph/indexes.ts";
import type { Exit, Finding, ProcessId, TreeRow, TreeView } from "../../core/query/model.ts";
import { processIdText } from "../events/actors.ts";
import { isoTime } from "../events/native.ts";
import type { Session } from "../session.ts";
import { jsonLine } from "./json.ts";

/** A frame as docs/schema/frame.json has it, on one line. */
export function frameJson(
  session: Session,
  { rows, processes, exited }: TreeView,
  findings: readonly Finding[],
): string {
  const { queries, monitor } = session;
  return `${jsonLine({
    time: isoTime(queries.wallMs(queries.nowNs)),
    source: session.totals(),
    processes,
    exited,
    rows: rows.map((row) => rowOf(session, row)),
    findings: findings.map((finding) => findingOf(session, monitor.graph, finding)),
  })}\n`;
}

function rowOf({ queries, names, monitor }: Session, row: TreeRow): object {
  const { id, uid, loginUid, cgroup, ageNs, activity, exit, depth, context, severity, cpuPercent } = row;
  const container = names.container(cgroup);
  return {
    pid: row.pid,
    id: idText(monitor.graph, id),
    ppid: row.ppid,
    depth,
    ...(context ? { context } : {}),
    uid,
    user: names.user(uid),
    ...(loginUid === undefined ? {} : { loginUid }),
    name: row.name,
    command: row.command,
    ...(cpuPercent === undefined ? {} : { cpuPercent }),
    rssBytes: row.rssBytes,
    threads: row.threads,
    ageSeconds: ageNs / 1e9,
    rxBytesPerSecond: row.rxBytesPerSecond,
    txBytesPerSecond: row.txBytesPerSecond,
    ...(cgroup === "" ? {} : { cgroup }),
    ...(container === "" ? {} : { container }),
    ...(row.kernelThread ? { kernelThread: true } : {}),
    ...(exit === undefined ? {} : { exit: exitOf(queries.wallMs(exit.atNs), exit) }),
    activity: activity.map(({ kind, text, count }) => ({ kind, text, count })),
    ...(severity === undefined ? {} : { severity }),
  };
}

function exitOf(atMs: number, { status, signal }: Exit): object {
  return {
    time: isoTime(atMs),
    ...(status === undefined ? {} : { status }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function findingOf({ queries }: Session, graph: Graph, finding: Finding): object {
  const { rule, title, reason, severity, techniques, atNs, process, chain, certainty } = finding;
  return {
    rule,
    title,
    reason,
    severity,
    techniques,
    time: isoTime(queries.wallMs(atNs)),
    process: idText(graph, process),
    chain: chain.map((id) => idText(graph, id)),
    certainty,
  };
}

/** "" when the process is forgotten. */
function idText(graph: Graph, id: ProcessId): string {
  const row = graph.processes.row(id);
  return row === NONE ? "" : processIdText(graph, row);
}
