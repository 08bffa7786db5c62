import type { Graph } from "../graph/graph.ts";
import { NONE } from "../graph/indexes.ts";
import { processAt } from "../graph/peers.ts";
import type { Reached } from "./impact.ts";

/** So many of a kind are named. */
const MAX_NAMES = 3;

/** What came of it, and whom it served: "Led to 4 processes, 2 connections elsewhere (192.0.2.77:4444, …) and 1 written file that was run (/dev/shm/k)". */
export function summaryOf(graph: Graph, reached: readonly Reached[], clients: readonly string[]): string {
  const { connections, files } = graph;
  const processes = new Set<number>();
  const away = new Set<string>();
  const here = new Set<number>();
  const ran = new Set<string>();
  const written = new Set<string>();
  let more = false;
  for (const { place, effect, left } of reached) {
    if (left > 0) more = true;
    if (effect?.through !== undefined) ran.add(files.path.get(effect.through));
    if (effect === undefined) continue;
    const { node } = place;
    if (node.kind === "process") processes.add(node.row);
    if (node.kind === "file") written.add(files.path.get(node.row));
    // Who came to a listening socket is among the clients.
    if (node.kind !== "connection" || effect.link === "accepted") continue;
    const server = 1 - connections.clientSide.get(node.row);
    const end = 2 * node.row + server;
    if (connections.endIsLoopback(end) || processAt(graph, node.row, server) !== NONE) here.add(node.row);
    else away.add(connections.endpoint(end));
  }
  const parts = [
    counted(processes.size, "process", "processes"),
    named(away, "connection out", "connections out"),
    counted(here.size, "connection on this host", "connections on this host"),
    named(ran, "written file that was run", "written files that were run"),
    named(written, "other written file", "other written files"),
  ].filter((part) => part !== "");
  const served = named(new Set(clients), "client", "clients");
  if (parts.length === 0) return served === "" ? "Nothing was seen to come of it." : `Served ${served}`;
  const last = parts.pop() as string;
  const led = `Led to ${more ? "at least " : ""}${parts.length === 0 ? last : `${parts.join(", ")} and ${last}`}`;
  return served === "" ? led : `${led}; served ${served}`;
}

function counted(count: number, one: string, many: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? one : many}`;
}

function named(names: ReadonlySet<string>, one: string, many: string): string {
  if (names.size === 0) return "";
  const shown = [...names].slice(0, MAX_NAMES).join(", ");
  return `${counted(names.size, one, many)} (${shown}${names.size > MAX_NAMES ? ", …" : ""})`;
}
