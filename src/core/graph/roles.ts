import { CONNECTION_FLAG } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { EdgeIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { interprets, isInterpreter } from "./interpreters.ts";
import { baseName } from "./paths.ts";
import { NO_LOGIN, PROCESS_FLAG } from "./processes.ts";
import { imageAt } from "./provenance.ts";

/** Base name of what a process ran at a moment. */
export function nameAt(graph: Graph, process: ProcessIndex, timeNs: number): string {
  const image = imageAt(graph, process, timeNs);
  const exe = image === NONE ? "" : graph.images.exe.get(image);
  return exe === "" ? graph.processes.comm.get(process) : baseName(exe);
}

/** Whether what a process ran at a moment is an interpreter. */
export function interpretsAt(graph: Graph, process: ProcessIndex, timeNs: number): boolean {
  const image = imageAt(graph, process, timeNs);
  const exe = image === NONE ? "" : graph.images.exe.get(image);
  return exe === "" ? isInterpreter(graph.processes.comm.get(process)) : interprets(exe);
}

/** The mount namespace of pid 1, or where that is not shown, of the program that captures; 0 = not known. */
export function hostMountNamespace(graph: Graph): number {
  const { processes } = graph;
  for (const pid of [1, graph.monitorPid]) {
    const process = processes.living(pid);
    if (process !== NONE && processes.mntns.get(process) !== 0) return processes.mntns.get(process);
  }
  return 0;
}

/** Whether a login begins with this process: it has a login uid and its parent has none, or another. */
export function beginsLogin(graph: Graph, process: ProcessIndex): boolean {
  const { processes } = graph;
  const uid = processes.loginUid.get(process);
  const parent = processes.parent.get(process);
  return uid !== NO_LOGIN && (parent === NONE || processes.loginUid.get(parent) !== uid);
}

/** Of a process that had more connections than this, so many are looked at: those it accepted, touched or closed last. */
export const MAX_SOCKETS = 512;

/** An accepted connection that is open at a moment, with how many others could be meant. */
export interface Accepted {
  readonly edge: EdgeIndex;
  readonly openThen: number;
}

/** The connection that a process had accepted last, and still had, at a moment. */
export function acceptedBefore(graph: Graph, process: ProcessIndex, timeNs: number): Accepted | undefined {
  const { edges } = graph;
  const open = new Set<EdgeIndex>(openAccepts(graph, process, timeNs));
  // Those it had before we looked, or by inheritance.
  eachSocket(graph, process, (edge) => {
    if (isOpenAccept(graph, edge, timeNs)) open.add(edge);
  });
  let best: EdgeIndex = NONE;
  for (const edge of open) if (best === NONE || edges.firstNs.get(edge) > edges.firstNs.get(best)) best = edge;
  return best === NONE ? undefined : { edge: best, openThen: open.size };
}

/** The connection that a process had accepted last, and still had, at a moment: of those whose acceptance was seen. */
export function lastAccept(graph: Graph, process: ProcessIndex, timeNs: number): EdgeIndex {
  for (const edge of openAccepts(graph, process, timeNs)) return edge;
  return NONE;
}

function* openAccepts(graph: Graph, process: ProcessIndex, timeNs: number): Generator<EdgeIndex, void, void> {
  const { accepts, connections, edges, processes } = graph;
  for (const id of accepts.until(processes.id(process), timeNs, MAX_SOCKETS)) {
    const connection = connections.row(id);
    if (connection === NONE) continue;
    const edge = edges.find(EDGE.SIDE_0 + 1 - connections.clientSide.get(connection), process, connection);
    if (edge !== NONE && isOpenAccept(graph, edge, timeNs)) yield edge;
  }
}

function isOpenAccept(graph: Graph, edge: EdgeIndex, timeNs: number): boolean {
  const { connections, edges } = graph;
  if (edges.firstNs.get(edge) > timeNs && !edges.has(edge, EDGE_FLAG.BEFORE_START)) return false;
  const connection = edges.object.get(edge);
  if (connections.isListening(connection) || !isServerSide(graph, edge)) return false;
  // Nobody listens at a unix socket without a name: it is one half of a socketpair.
  if (connections.isUnix(connection) && connections.path.get(connection) === "") return false;
  return !connections.has(connection, CONNECTION_FLAG.CLOSED) || connections.closedNs.get(connection) >= timeNs;
}

/** Remembers that the process of an edge was given the server's end of a connection. */
export function noteAccept(graph: Graph, edge: EdgeIndex): void {
  const { accepts, connections, edges, processes } = graph;
  const connection = edges.object.get(edge);
  if (connections.isListening(connection) || !isServerSide(graph, edge)) return;
  accepts.add(processes.id(edges.process.get(edge)), connections.id(connection), edges.firstNs.get(edge));
}

/** The connections a process touched last, and those that ended last. */
export function eachSocket(graph: Graph, process: ProcessIndex, visit: (edge: EdgeIndex) => void): void {
  const { edges, processes } = graph;
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
    const head = processes.edges[family];
    let left = MAX_SOCKETS;
    for (let edge = head?.get(process) ?? NONE; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge)) {
      left--;
      visit(edge);
    }
  }
}

/** Whether the edge's process holds the end that was asked, not the end that asked. */
export function isServerSide(graph: Graph, edge: EdgeIndex): boolean {
  const side = graph.edges.kind.get(edge) - EDGE.SIDE_0;
  return graph.connections.clientSide.get(graph.edges.object.get(edge)) !== side;
}

/** Whether a process listens on, or has accepted from, the network (unix sockets do not count). */
export function facesNetwork(graph: Graph, process: ProcessIndex): boolean {
  const { connections, processes } = graph;
  if (processes.has(process, PROCESS_FLAG.SERVES)) return true;
  // What it had before we looked, or by inheritance.
  let serves = false;
  eachSocket(graph, process, (edge) => {
    const connection = graph.edges.object.get(edge);
    if (serves || connections.isUnix(connection)) return;
    serves = connections.isListening(connection) || isServerSide(graph, edge);
  });
  return serves;
}
