import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { imageAt } from "../graph/provenance.ts";
import { nameAt } from "../graph/roles.ts";
import { errnoName } from "../query/errno.ts";
import { commandOf, commandOfImage } from "../query/names.ts";

/** Names of numbers, from outside: core knows none. */
export interface Names {
  user(uid: number): string;
}

export const NUMBERS: Names = { user: (uid) => `uid ${uid}` };

/** "4 ms", "0.5 s", "38 s", "4 min", "3 h", "12 days". */
export function duration(ns: number): string {
  const seconds = Math.max(0, ns) / 1e9;
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** "20991 curl", by what it ran at that moment. */
export function who(graph: Graph, process: ProcessIndex, timeNs: number): string {
  return `${graph.processes.tgid.get(process)} ${nameAt(graph, process, timeNs) || "(not seen)"}`;
}

/** "20991 curl -s http://cdn.x/i.sh", by what it ran at that moment. */
export function processTitle(graph: Graph, process: ProcessIndex, timeNs: number): string {
  const image = imageAt(graph, process, timeNs);
  const command = image === NONE ? "" : commandOfImage(graph, image);
  return `${graph.processes.tgid.get(process)} ${command === "" ? commandOf(graph, process) : command}`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${Math.round(count / 1024)} KB`;
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

/** How a connection came about: one that failed was only tried. */
export function openedBy(graph: Graph, connection: ConnectionIndex, name: string): string {
  const error = graph.connections.error.get(connection);
  return error === 0 ? `opened by ${name}` : `tried by ${name}: ${errnoName(error)}`;
}
