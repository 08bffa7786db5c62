import { EDGE, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import type { Severity, Subject } from "../query/model.ts";
import type { Signal } from "./signal.ts";

/** Identity of a process as in the rows: its start is ns since boot. */
export interface ReportedProcess {
  readonly pid: number;
  readonly startNs: number;
}

/** What another tool concluded of the processes and sockets whose rows it came with. */
export interface Reported {
  readonly rule: string;
  readonly title: string;
  readonly reason: string;
  readonly severity: Severity;
  readonly techniques: readonly string[];
  /** ns since the start of capture. */
  readonly atNs: number;
  readonly process: ReportedProcess;
  /** Everyone who takes part, root first. */
  readonly chain: readonly ReportedProcess[];
  /** Socket inodes, as in the rows. */
  readonly sockets: readonly number[];
}

const TWO_32 = 0x1_0000_0000;

/** The same as a signal of ours, undefined when its process is not known. */
export function reportedSignal(graph: Graph, reported: Reported): Signal | undefined {
  const process = find(graph, reported.process);
  if (process === NONE) return undefined;
  const others = reported.chain.map((one) => find(graph, one)).filter((one) => one !== NONE && one !== process);
  const { rule, title, reason, severity, techniques, atNs } = reported;
  return {
    rule,
    title,
    reason,
    severity,
    techniques,
    atNs,
    process,
    others,
    evidence: connectionsOf(graph, [process, ...others], new Set(reported.sockets)),
    certainty: "observed",
    key: `${graph.processes.keyOf(process)}|${atNs}|${title}|${reason}`,
  };
}

function find(graph: Graph, { pid, startNs }: ReportedProcess): ProcessIndex {
  return graph.processes.find(pid, startNs % TWO_32, Math.floor(startNs / TWO_32));
}

/** Connections of these processes by the inode of an end: of a closed one no index tells. */
function connectionsOf(graph: Graph, processes: readonly ProcessIndex[], inodes: ReadonlySet<number>): Subject[] {
  const { edges, connections } = graph;
  const ids = new Set<number>();
  for (const process of inodes.size === 0 ? [] : processes) {
    for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
      const head = graph.processes.edges[family];
      for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
        const end = 2 * edges.object.get(edge) + edges.kind.get(edge) - EDGE.SIDE_0;
        if (inodes.has(connections.inoLo.get(end) + connections.inoHi.get(end) * TWO_32))
          ids.add(connections.id(edges.object.get(edge)));
      }
    }
  }
  return [...ids].map((id) => ({ kind: "connection", id }));
}
