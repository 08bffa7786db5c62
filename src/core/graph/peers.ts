import { EDGE, EDGE_FLAG, signalBit } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EdgeIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { PROCESS_FLAG } from "./processes.ts";

/** Of those that held a connection and are gone so many are looked at, where every event would ask. */
export const MAX_PAST_OWNERS = 64;

/** The edges of a connection, at either side: those of processes that live, then of so many that are gone, who went last first. */
export function* holdersOf(
  { connections, edges }: Graph,
  connection: ConnectionIndex,
  mostPast: number,
): Generator<EdgeIndex, void, void> {
  let left = mostPast;
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    if (edges.has(edge, EDGE_FLAG.PAST) && left-- <= 0) return;
    yield edge;
  }
}

/**
 * Processes that hold, or held, one side of a connection: who opened it first, then the others, those that live first. Generations of
 * children may have held it: of those that are gone only so many are looked at (holdersOf).
 */
export function ownersOf(
  graph: Graph,
  connection: ConnectionIndex,
  side: number,
  mostPast = Number.POSITIVE_INFINITY,
): ProcessIndex[] {
  const { edges } = graph;
  const openers: ProcessIndex[] = [];
  const others: ProcessIndex[] = [];
  for (const edge of holdersOf(graph, connection, mostPast)) {
    if (edges.kind.get(edge) !== EDGE.SIDE_0 + side) continue;
    if (edges.has(edge, EDGE_FLAG.OPENER)) openers.push(edges.process.get(edge));
    else others.push(edges.process.get(edge));
  }
  return [...openers.reverse(), ...others];
}

/**
 * The process at one side of a connection on this host, NONE when it is elsewhere or unknown. The credentials the other side was told
 * (SO_PEERCRED) stand in for a unix end nobody reported.
 */
export function processAt(graph: Graph, connection: ConnectionIndex, side: number): ProcessIndex {
  const { connections, processes } = graph;
  const owner = firstOwner(graph, connection, side);
  if (owner !== NONE) return owner;
  const tgid = connections.unixEnds.credTgid(2 * connection + side);
  return tgid === 0 ? NONE : processes.at(tgid, connections.openedNs.get(connection));
}

/** Of those of `ownersOf` that live the first; of others only when none does. */
function firstOwner(graph: Graph, connection: ConnectionIndex, side: number): ProcessIndex {
  const { connections, edges, processes } = graph;
  let opener: EdgeIndex = NONE;
  let other: EdgeIndex = NONE;
  let gone: EdgeIndex = NONE;
  for (let edge = connections.edges.get(connection); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    // Behind the living.
    if (edges.has(edge, EDGE_FLAG.PAST) && (opener !== NONE || other !== NONE)) break;
    if (edges.kind.get(edge) !== EDGE.SIDE_0 + side) continue;
    const opened = edges.has(edge, EDGE_FLAG.OPENER);
    if (processes.has(edges.process.get(edge), PROCESS_FLAG.EXITED)) {
      if (gone === NONE || opened) gone = edge;
    } else if (opened) opener = edge;
    else if (other === NONE) other = edge;
  }
  const first = opener !== NONE ? opener : other !== NONE ? other : gone;
  return first === NONE ? NONE : edges.process.get(first);
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
