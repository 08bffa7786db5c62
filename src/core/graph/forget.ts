import { CONNECTION_FLAG } from "./connections.ts";
import { EDGE, FAMILY, isChannelKind, isFileKind, isProcessKind } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import type { ChannelIndex, ConnectionIndex, EdgeIndex, FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { noteLine } from "./lines.ts";
import { PROCESS_FLAG } from "./processes.ts";
import { HUB } from "./provenance.ts";

/**
 * Forgets who read a file, and unless it is `readsOnly` who wrote it. What a process runs stays, and so does what a finding rests on;
 * of readers only, what processes of a finding read. Returns whether the file went with them.
 */
export function forgetFile(graph: Graph, file: FileIndex, readsOnly: boolean): boolean {
  const { files, edges, processes } = graph;
  if (files.has(file, FILE_FLAG.EVIDENCE)) return false;
  for (const head of readsOnly ? [files.readers] : [files.readers, files.writers]) {
    for (let edge = head.get(file); edge !== NONE; ) {
      const next = edges.nextOfObject.get(edge);
      const process = edges.process.get(edge);
      const kept =
        edges.kind.get(edge) === EDGE.EXECUTED || (readsOnly && processes.has(process, PROCESS_FLAG.EVIDENCE));
      if (!kept) forgetEdge(graph, edge);
      edge = next;
    }
  }
  return dropFileIfLoose(graph, file);
}

export function forgetConnection(graph: Graph, connection: ConnectionIndex): void {
  const { connections } = graph;
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = connections.edges.get(connection))
    forgetEdge(graph, edge);
  connections.remove(connection);
  graph.forgotten.connections++;
}

export function forgetChannel(graph: Graph, channel: ChannelIndex): void {
  const { channels } = graph;
  for (let edge = channels.edges.get(channel); edge !== NONE; edge = channels.edges.get(channel))
    forgetEdge(graph, edge);
  channels.remove(channel);
}

/** Forgets an exited process that nothing hangs from; then those that were kept for it, when nothing else keeps them. */
export function forgetProcess(graph: Graph, process: ProcessIndex): void {
  const { processes } = graph;
  const candidates = [process];
  for (let at = candidates.pop(); at !== undefined; at = candidates.pop()) {
    if (!processes.isLive(at)) continue;
    if (!isForgettable(graph, at)) {
      noteLine(graph, at);
      continue;
    }
    const parent = processes.parent.get(at);
    candidates.push(...forgetActors(graph, at));
    remove(graph, at);
    if (parent !== NONE) candidates.push(parent);
  }
}

/** Forgets one that others descend from, unless it is kept for what it did. Returns whether it did: its children say so. */
export function forgetBetween(graph: Graph, process: ProcessIndex): boolean {
  const { processes } = graph;
  if (!isPast(graph, process)) return false;
  for (let child = processes.firstChild.get(process); child !== NONE; child = processes.nextSibling.get(child))
    processes.setFlag(child, PROCESS_FLAG.HISTORY_FORGOTTEN | PROCESS_FLAG.DISTANT);
  processes.replaceByChildren(process);
  forgetActors(graph, process);
  remove(graph, process);
  return true;
}

/** What acted on a process that goes. Returns who did. */
function forgetActors(graph: Graph, process: ProcessIndex): readonly ProcessIndex[] {
  const { edges, processes } = graph;
  const actors: ProcessIndex[] = [];
  for (let edge = processes.actors.get(process); edge !== NONE; edge = processes.actors.get(process)) {
    actors.push(edges.process.get(edge));
    forgetEdge(graph, edge);
  }
  return actors;
}

function isForgettable(graph: Graph, process: ProcessIndex): boolean {
  return graph.processes.firstChild.get(process) === NONE && isPast(graph, process);
}

/** Exited, of no finding, and part of nobody's history but that of its descendants. */
function isPast(graph: Graph, process: ProcessIndex): boolean {
  const { processes } = graph;
  return (
    processes.has(process, PROCESS_FLAG.EXITED) &&
    !processes.has(process, PROCESS_FLAG.EVIDENCE) &&
    !reachedIntoLiving(graph, process)
  );
}

/** What reached into a process that lives is part of its history. A target of a great many is a hub, and keeps none of them. */
function reachedIntoLiving(graph: Graph, process: ProcessIndex): boolean {
  const { processes, edges } = graph;
  const head = processes.edges[FAMILY.OTHERS];
  for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
    const target = edges.object.get(edge);
    if (edges.kind.get(edge) === EDGE.SIGNALLED || processes.has(target, PROCESS_FLAG.EXITED)) continue;
    if (processes.actorCount.get(target) <= HUB) return true;
  }
  return false;
}

function remove(graph: Graph, process: ProcessIndex): void {
  const { processes, images, marks } = graph;
  for (const head of processes.edges) {
    for (let edge = head.get(process); edge !== NONE; edge = head.get(process)) dropEdge(graph, edge);
  }
  marks.removeOf(process);
  graph.accepts.forget(processes.id(process));
  const image = processes.image.get(process);
  if (image !== NONE) images.release(image);
  processes.remove(process);
  graph.forgotten.processes++;
}

/** An edge of a process that stays. */
function forgetEdge(graph: Graph, edge: EdgeIndex): void {
  graph.processes.setFlag(graph.edges.process.get(edge), PROCESS_FLAG.HISTORY_FORGOTTEN);
  graph.edges.remove(edge);
  graph.forgotten.edges++;
}

/** An edge of a process that goes, and its object with the last of its edges. */
function dropEdge(graph: Graph, edge: EdgeIndex): void {
  const { edges, channels, connections, processes } = graph;
  const kind = edges.kind.get(edge);
  const object = edges.object.get(edge);
  edges.remove(edge);
  graph.forgotten.edges++;
  if (isFileKind(kind)) dropFileIfLoose(graph, object);
  else if (isChannelKind(kind)) {
    if (channels.edges.get(object) === NONE) channels.remove(object);
  } else if (isProcessKind(kind)) processes.setFlag(object, PROCESS_FLAG.HISTORY_FORGOTTEN);
  else if (connections.edges.get(object) === NONE && !connections.has(object, CONNECTION_FLAG.EVIDENCE)) {
    connections.remove(object);
    graph.forgotten.connections++;
  }
}

function dropFileIfLoose(graph: Graph, file: FileIndex): boolean {
  const { files } = graph;
  if (files.readers.get(file) !== NONE || files.writers.get(file) !== NONE || files.has(file, FILE_FLAG.EVIDENCE))
    return false;
  files.remove(file);
  graph.forgotten.files++;
  return true;
}
