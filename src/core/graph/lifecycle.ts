import { CONNECTION_FLAG, END_FLAG, FAMILY_UNIX, STATE } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EdgeIndex, EndIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { noteLine } from "./lines.ts";
import { PROCESS_FLAG } from "./processes.ts";

/** Ends a process. An observed exit replaces a deduced one; a deduced one never replaces anything. */
export function markExit(graph: Graph, process: ProcessIndex, timeNs: number, inferred: boolean): void {
  const { processes } = graph;
  const exited = processes.has(process, PROCESS_FLAG.EXITED);
  if (exited && (inferred || !processes.has(process, PROCESS_FLAG.EXIT_INFERRED))) return;
  processes.exitNs.set(process, Math.max(timeNs, processes.startNs.get(process)));
  if (inferred) processes.setFlag(process, PROCESS_FLAG.EXITED | PROCESS_FLAG.EXIT_INFERRED);
  else {
    processes.setFlag(process, PROCESS_FLAG.EXITED);
    processes.clearFlag(process, PROCESS_FLAG.EXIT_INFERRED);
  }
  if (exited) return;
  graph.exited.push(processes.id(process));
  noteLine(graph, process);
  releaseSockets(graph, process, timeNs);
}

/** Takes back a deduced exit: the process was heard of later, and its pid has not been given to another that lives. */
export function revive(graph: Graph, process: ProcessIndex): void {
  const { processes, edges } = graph;
  if (processes.living(processes.tgid.get(process)) !== NONE) return;
  processes.clearFlag(process, PROCESS_FLAG.EXITED | PROCESS_FLAG.EXIT_INFERRED);
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED])
    for (const edge of edgesOf(graph, process, family)) edges.reinstate(edge);
}

/**
 * What an exited process held goes to its children that were forked while it held it (a daemon's sockets outlive its launcher);
 * nobody left = closed. Both are deductions: a CLOSE record may still bring the final counters.
 */
function releaseSockets(graph: Graph, process: ProcessIndex, timeNs: number): void {
  const { processes, edges } = graph;
  for (const edge of edgesOf(graph, process, FAMILY.SOCKETS)) {
    edges.retire(edge);
    const connection: ConnectionIndex = edges.object.get(edge);
    const kind = edges.kind.get(edge);
    if (hasLivingOwner(graph, connection, kind)) continue;
    let heirs = 0;
    for (let child = processes.firstChild.get(process); child !== NONE; child = processes.nextSibling.get(child)) {
      if (processes.has(child, PROCESS_FLAG.EXITED)) continue;
      if (!edges.has(edge, EDGE_FLAG.BEFORE_START) && processes.startNs.get(child) < edges.firstNs.get(edge)) continue;
      edges.touch(kind, child, connection, timeNs, EDGE_FLAG.INFERRED);
      heirs++;
    }
    if (heirs === 0) closeEnd(graph, 2 * connection + (kind - EDGE.SIDE_0), timeNs, true);
  }
}

/** A list of a process in an array of its own: what is done to one of them changes the list. */
function edgesOf({ processes, edges }: Graph, process: ProcessIndex, family: number): EdgeIndex[] {
  const found: EdgeIndex[] = [];
  let edge: EdgeIndex = processes.edges[family]?.get(process) ?? NONE;
  for (; edge !== NONE; edge = edges.nextOfProcess.get(edge)) found.push(edge);
  return found;
}

function hasLivingOwner(graph: Graph, connection: ConnectionIndex, kind: number): boolean {
  const { edges, processes, connections } = graph;
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    if (edges.has(edge, EDGE_FLAG.PAST)) return false;
    if (edges.kind.get(edge) === kind && !processes.has(edges.process.get(edge), PROCESS_FLAG.EXITED)) return true;
  }
  return false;
}

/** Ends one side of a connection; the connection is over when no side that we know is open. */
export function closeEnd(graph: Graph, end: EndIndex, timeNs: number, inferred: boolean): void {
  const { connections } = graph;
  const connection = end >> 1;
  connections.closeEnd(end);
  // A unix socket is gone for both with either end.
  if (connections.family.get(connection) === FAMILY_UNIX) connections.closeEnd(end ^ 1);
  else if (connections.endHas(end ^ 1, END_FLAG.KNOWN) && !connections.endHas(end ^ 1, END_FLAG.CLOSED)) return;
  closeConnection(graph, connection, timeNs, inferred);
}

/** Takes back a deduced close: the connection was heard of later. */
export function reopen(graph: Graph, connection: ConnectionIndex): void {
  const { connections, edges } = graph;
  connections.clearFlag(connection, CONNECTION_FLAG.CLOSED | CONNECTION_FLAG.CLOSE_INFERRED);
  if (!connections.isListening(connection)) connections.state.set(connection, STATE.ESTABLISHED);
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    edges.moveTo(edge, FAMILY.SOCKETS);
  }
}

function closeConnection(graph: Graph, connection: ConnectionIndex, timeNs: number, inferred: boolean): void {
  const { connections, edges } = graph;
  if (connections.has(connection, CONNECTION_FLAG.CLOSED)) {
    // The record that ends a connection corrects a deduced end.
    if (!inferred && connections.has(connection, CONNECTION_FLAG.CLOSE_INFERRED)) {
      connections.clearFlag(connection, CONNECTION_FLAG.CLOSE_INFERRED);
      connections.closedNs.set(connection, timeNs);
    }
    return;
  }
  connections.setFlag(connection, CONNECTION_FLAG.CLOSED | (inferred ? CONNECTION_FLAG.CLOSE_INFERRED : 0));
  connections.closedNs.set(connection, Math.max(timeNs, connections.openedNs.get(connection)));
  if (!connections.isListening(connection)) connections.state.set(connection, STATE.CLOSED);
  graph.closed.push(connections.id(connection));
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    edges.moveTo(edge, FAMILY.CLOSED);
  }
}
