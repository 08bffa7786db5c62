import { EDGE, EDGE_FLAG, signalBit } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EdgeIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { PROCESS_FLAG } from "./processes.ts";

/** Processes that hold one side of a connection: who opened it first, then the rest in the order they got it. */
export function ownersOf(graph: Graph, connection: ConnectionIndex, side: number): ProcessIndex[] {
  const { connections, edges } = graph;
  const owners: ProcessIndex[] = [];
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    if (edges.kind.get(edge) !== EDGE.SIDE_0 + side) continue;
    if (edges.has(edge, EDGE_FLAG.OPENER)) owners.push(edges.process.get(edge));
    else owners.unshift(edges.process.get(edge));
  }
  return owners.reverse();
}

/**
 * The process at one side of a connection on this host, NONE when it is elsewhere or unknown. The credentials the other side was told
 * (SO_PEERCRED) stand in for a unix end nobody reported.
 */
export function processAt(graph: Graph, connection: ConnectionIndex, side: number): ProcessIndex {
  const { connections, processes } = graph;
  const owners = ownersOf(graph, connection, side);
  const living = owners.find((owner) => !processes.has(owner, PROCESS_FLAG.EXITED));
  if (living !== undefined || owners.length > 0) return living ?? (owners[0] as ProcessIndex);
  const tgid = connections.credTgid.get(2 * connection + side);
  return tgid === 0 ? NONE : processes.at(tgid, connections.openedNs.get(connection));
}

/** Who sent the signal that ended a process: the last to send it before the exit; NONE when none was seen, as of the kernel's own. */
export function killerOf(graph: Graph, process: ProcessIndex): ProcessIndex {
  const { processes, edges } = graph;
  const signal = processes.exitCode.get(process) & 0x7f;
  if (signal === 0 || !processes.has(process, PROCESS_FLAG.EXITED)) return NONE;
  let best: EdgeIndex = NONE;
  for (let edge = processes.actors.get(process); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    if (edges.kind.get(edge) !== EDGE.SIGNALLED || (edges.detail.get(edge) & signalBit(signal)) === 0) continue;
    if (edges.firstNs.get(edge) > processes.exitNs.get(process)) continue;
    if (best === NONE || edges.lastNs.get(edge) > edges.lastNs.get(best)) best = edge;
  }
  return best === NONE ? NONE : edges.process.get(best);
}
