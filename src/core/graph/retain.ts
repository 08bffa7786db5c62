import { CONNECTION_FLAG, UDP } from "./connections.ts";
import { EDGE, isFileKind } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EdgeIndex, FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { PROCESS_FLAG } from "./processes.ts";

/** Index slots at half load and the row pointers of JavaScript strings. */
const INDEX_BYTES = 16;
/** After an overrun: room to work in before the next one. */
const SLACK = 0.9;

/** Bytes the graph's rows and texts take. Capacity that waits for rows is not counted: it is bounded by the largest count. */
export function usedBytes(graph: Graph): number {
  const { processes, images, files, connections, channels, edges } = graph;
  let bytes = images.textLength + files.textLength + connections.textLength;
  for (const table of [processes, images, files, connections, channels, edges])
    bytes += table.count * (table.rowBytes + INDEX_BYTES);
  return bytes;
}

/**
 * Keeps the graph below a limit. Forgotten in this order, and counted: what was only read and nobody wrote (oldest files first);
 * exited processes that nothing hangs from, oldest exit first; ended connections, oldest first. Living processes, their ancestors,
 * and whatever a finding rests on stay.
 */
export function retain(graph: Graph, limitBytes: number): void {
  if (graph.closed.length > 2 * graph.connections.count + 1024) compact(graph);
  if (usedBytes(graph) <= limitBytes) return;
  const enough = (): boolean => usedBytes(graph) <= limitBytes * SLACK;
  forgetReads(graph, enough);
  forgetProcesses(graph, enough);
  forgetConnections(graph, enough);
}

/** How many rows are forgotten between two looks at the total. */
const STRIDE = 64;

function forgetReads(graph: Graph, enough: () => boolean): void {
  const { files } = graph;
  if (enough()) return;
  const candidates: FileIndex[] = [];
  for (let file = 0; file < files.limit; file++) {
    if (files.isLive(file) && files.writers.get(file) === NONE) candidates.push(file);
  }
  candidates.sort((a, b) => files.lastNs.get(a) - files.lastNs.get(b));
  for (let i = 0; i < candidates.length; i++) {
    if (i % STRIDE === 0 && enough()) return;
    forgetFile(graph, candidates[i] as FileIndex);
  }
}

function forgetFile(graph: Graph, file: FileIndex): void {
  const { files, edges, processes } = graph;
  for (let edge = files.readers.get(file); edge !== NONE; ) {
    const next = edges.nextOfObject.get(edge);
    const process = edges.process.get(edge);
    // Where a finding looked, and what a process runs, stays.
    if (edges.kind.get(edge) === EDGE.READ && !processes.has(process, PROCESS_FLAG.EVIDENCE)) {
      processes.setFlag(process, PROCESS_FLAG.HISTORY_FORGOTTEN);
      edges.remove(edge);
      graph.forgotten.edges++;
    }
    edge = next;
  }
  dropFileIfLoose(graph, file);
}

function dropFileIfLoose(graph: Graph, file: FileIndex): void {
  const { files } = graph;
  if (files.readers.get(file) !== NONE || files.writers.get(file) !== NONE) return;
  files.remove(file);
  graph.forgotten.files++;
}

function forgetProcesses(graph: Graph, enough: () => boolean): void {
  const { processes, exited } = graph;
  let taken = 0;
  for (; taken < exited.length; taken++) {
    if (taken % STRIDE === 0 && enough()) break;
    const process = processes.row(exited[taken] as number);
    if (process === NONE) continue;
    forgetProcess(graph, process);
  }
  exited.splice(0, taken);
}

/** Forgets an exited process that nothing hangs from, and then its parent if that has become one. */
function forgetProcess(graph: Graph, process: ProcessIndex): void {
  const { processes, images } = graph;
  const keep = PROCESS_FLAG.EVIDENCE;
  let at = process;
  while (
    at !== NONE &&
    processes.has(at, PROCESS_FLAG.EXITED) &&
    !processes.has(at, keep) &&
    processes.firstChild.get(at) === NONE
  ) {
    const parent = processes.parent.get(at);
    for (const head of processes.edges) {
      for (let edge = head.get(at); edge !== NONE; edge = head.get(at)) dropEdge(graph, edge);
    }
    const image = processes.image.get(at);
    if (image !== NONE) images.release(image);
    processes.remove(at);
    graph.forgotten.processes++;
    at = parent;
  }
}

function dropEdge(graph: Graph, edge: EdgeIndex): void {
  const { edges, files, channels, connections } = graph;
  const kind = edges.kind.get(edge);
  const object = edges.object.get(edge);
  edges.remove(edge);
  graph.forgotten.edges++;
  if (isFileKind(kind)) {
    if (files.isLive(object)) dropFileIfLoose(graph, object);
  } else if (kind >= EDGE.PIPE_READ) {
    if (channels.edges.get(object) === NONE) channels.remove(object);
  } else if (connections.edges.get(object) === NONE && !connections.has(object, CONNECTION_FLAG.EVIDENCE)) {
    connections.remove(object);
    graph.forgotten.connections++;
  }
}

function forgetConnections(graph: Graph, enough: () => boolean): void {
  const { connections, closed } = graph;
  let taken = 0;
  for (; taken < closed.length; taken++) {
    if (taken % STRIDE === 0 && enough()) break;
    const connection = connections.row(closed[taken] as number);
    if (connection === NONE) continue;
    // Datagram flows have no end of their own: they are here from their first datagram on.
    const over = connections.has(connection, CONNECTION_FLAG.CLOSED) || connections.proto.get(connection) === UDP;
    if (over && !connections.has(connection, CONNECTION_FLAG.EVIDENCE)) forgetConnection(graph, connection);
  }
  closed.splice(0, taken);
}

/** Connections that went with their process leave their ids behind. */
function compact(graph: Graph): void {
  const left = graph.closed.filter((id) => graph.connections.row(id) !== NONE);
  graph.closed.length = 0;
  for (const id of left) graph.closed.push(id);
}

function forgetConnection(graph: Graph, connection: ConnectionIndex): void {
  const { connections, edges, processes } = graph;
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = connections.edges.get(connection)) {
    processes.setFlag(edges.process.get(edge), PROCESS_FLAG.HISTORY_FORGOTTEN);
    edges.remove(edge);
    graph.forgotten.edges++;
  }
  connections.remove(connection);
  graph.forgotten.connections++;
}
