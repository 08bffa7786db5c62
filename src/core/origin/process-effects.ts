import { CONNECTION_FLAG } from "../graph/connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import { FILE_FLAG } from "../graph/files.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex, EdgeIndex, FileIndex, ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { processAt } from "../graph/peers.ts";
import { HUB, imageAt, pipeHolders, scriptPath, writtenLibraries } from "../graph/provenance.ts";
import { acceptedBefore, facesNetwork, isServerSide, lastAccept } from "../graph/roles.ts";
import { edgeCertainty } from "../query/certainty.ts";
import { connectionTitle } from "../query/connections.ts";
import { wasDone } from "../query/deeds.ts";
import { RANK } from "./cause.ts";
import { type Budget, COST, type Effect, type Place } from "./effect.ts";
import { codeCauses, commandCauses, parentCauses, REQUEST_WINDOW_NS } from "./process-causes.ts";
import { rewrote } from "./reach-causes.ts";
import { openedBy, who } from "./words.ts";

/** What a process did from a moment on, as far as it is an effect of the place it stands at. */
export function processEffects(
  graph: Graph,
  process: ProcessIndex,
  place: Place,
  gaps: Set<string>,
  budget: Budget,
): Effect[] {
  const passed = [
    ...written(graph, process, place, budget),
    ...piped(graph, process, place, budget),
    ...served(graph, process, place, gaps),
  ];
  if (place.passes) return passed;
  return [
    ...passed,
    ...reached(graph, process, place, budget),
    ...spawned(graph, process, place, budget),
    ...connected(graph, process, place, budget),
  ];
}

/** Who received what a server had read: the clients whose requests it answered then. */
function served(graph: Graph, process: ProcessIndex, { node, readNs }: Place, gaps: Set<string>): Effect[] {
  const { connections, edges } = graph;
  if (readNs === undefined || !facesNetwork(graph, process)) return [];
  const name = who(graph, process, readNs);
  gaps.add(`${name} may have passed it on without reading it anew`);
  const effects = new Map<ConnectionIndex, Effect>();
  for (const atNs of new Set([node.atNs, readNs])) {
    const accepted = acceptedBefore(graph, process, atNs);
    const connection = accepted === undefined ? NONE : edges.object.get(accepted.edge);
    if (accepted === undefined || effects.has(connection)) continue;
    const client = processAt(graph, connection, connections.clientSide.get(connection));
    if (client === NONE) {
      gaps.add(`what was done with it at the other end of ${connectionTitle(graph, connection)} is not seen`);
      continue;
    }
    const others = accepted.openThen > 1 ? `, the newest of ${accepted.openThen} connections then` : "";
    effects.set(connection, {
      to: { node: { kind: "process", row: client, atNs }, passes: true },
      link: "connected",
      atNs,
      certainty: "inferred",
      explanation: `was served by ${name} over ${connectionTitle(graph, connection)}${others}`,
      cost: COST.READ,
    });
  }
  return [...effects.values()];
}

/** Whether what it did at a moment belongs to the place: a server acts for the client it had accepted last. */
function belongs(graph: Graph, process: ProcessIndex, { node, only }: Place, timeNs: number): boolean {
  if (timeNs < node.atNs) return false;
  if (only === undefined) return true;
  const { connections } = graph;
  if (connections.has(only, CONNECTION_FLAG.CLOSED) && connections.closedNs.get(only) < timeNs) return false;
  const local = processAt(graph, only, connections.clientSide.get(only)) !== NONE;
  if (local && timeNs - node.atNs > REQUEST_WINDOW_NS) return false;
  const last = lastAccept(graph, process, timeNs);
  const edge = last === NONE ? acceptedBefore(graph, process, timeNs)?.edge : last;
  return edge !== undefined && graph.edges.object.get(edge) === only;
}

function spawned(graph: Graph, process: ProcessIndex, place: Place, budget: Budget): Effect[] {
  const { processes } = graph;
  const effects: Effect[] = [];
  for (let at = processes.firstChild.get(process); at !== NONE && budget.left > 0; at = processes.nextSibling.get(at)) {
    budget.left--;
    const startNs = processes.startNs.get(at);
    if (!belongs(graph, process, place, startNs)) continue;
    for (const cause of parentCauses(graph, at))
      effects.push({ ...told(cause), to: { node: { kind: "process", row: at, atNs: startNs } }, cost: COST.SPAWNED });
  }
  return effects;
}

/** Processes it acted on: what was written into goes on as its doing, what was signalled does not. */
function reached(graph: Graph, process: ProcessIndex, place: Place, budget: Budget): Effect[] {
  const { edges } = graph;
  const effects: Effect[] = [];
  each(graph, process, [FAMILY.OTHERS], budget, (edge) => {
    const firstNs = edges.firstNs.get(edge);
    const atNs = belongs(graph, process, place, firstNs) ? firstNs : edges.lastNs.get(edge);
    if (!belongs(graph, process, place, atNs)) return;
    const kind = edges.kind.get(edge);
    const node = { kind: "process", row: edges.object.get(edge), atNs } as const;
    effects.push({
      to: rewrote(graph, edge) ? { node } : { node, passes: true },
      link: kind === EDGE.INJECTED ? "injected" : kind === EDGE.SIGNALLED ? "signalled" : "passed descriptor",
      atNs,
      certainty: edgeCertainty(graph, edge),
      explanation: `${wasDone(graph, edge)} ${who(graph, process, atNs)}`,
      cost: rewrote(graph, edge) ? COST.RAN : COST.READ,
    });
  });
  return effects;
}

/** Connections it opened; a unix one counts when something comes of it. */
function connected(graph: Graph, process: ProcessIndex, place: Place, budget: Budget): Effect[] {
  const { connections } = graph;
  const effects: Effect[] = [];
  each(graph, process, [FAMILY.SOCKETS, FAMILY.CLOSED], budget, (edge) => {
    const row = graph.edges.object.get(edge);
    if (connections.isListening(row) || isServerSide(graph, edge)) return;
    const atNs = connections.openedNs.get(row);
    if (!belongs(graph, process, place, atNs)) return;
    if (processAt(graph, row, connections.clientSide.get(row)) !== process) return;
    effects.push({
      to: { node: { kind: "connection", row, atNs } },
      link: "connected",
      atNs,
      certainty: edgeCertainty(graph, edge),
      explanation: openedBy(graph, row, who(graph, process, atNs)),
      cost: connections.isUnix(row) ? COST.READ : COST.CONNECTED,
    });
  });
  return effects;
}

/** Files it wrote: who ran them, else the files. */
function written(graph: Graph, process: ProcessIndex, place: Place, budget: Budget): Effect[] {
  const { edges } = graph;
  const effects: Effect[] = [];
  each(graph, process, [FAMILY.WRITES], budget, (edge) => {
    if (edges.kind.get(edge) !== EDGE.WROTE) return;
    const firstNs = edges.firstNs.get(edge);
    const atNs = belongs(graph, process, place, firstNs) ? firstNs : edges.lastNs.get(edge);
    if (!belongs(graph, process, place, atNs)) return;
    const file = edges.object.get(edge);
    const runs = runsOf(graph, file, atNs, budget).flatMap((run) => ranFrom(graph, run, file, process));
    if (runs.length > 0) effects.push(...runs);
    else
      effects.push({
        to: { node: { kind: "file", row: file, atNs } },
        link: "wrote",
        atNs,
        certainty: edgeCertainty(graph, edge),
        explanation: `${edges.has(edge, EDGE_FLAG.CREATED) ? "created" : "written"} by ${who(graph, process, atNs)}`,
        cost: COST.WROTE,
      });
  });
  return effects;
}

/** A process at the moment it ran a file. */
export interface Run {
  readonly process: ProcessIndex;
  readonly image: ImageIndex;
  readonly atNs: number;
}

/** Who ran a file after a moment: as its executable, the script of an interpreter, or a library. */
export function runsOf(graph: Graph, file: FileIndex, sinceNs: number, budget: Budget): Run[] {
  const { edges, files, images, processes } = graph;
  const runs: Run[] = [];
  if (files.readerCount.get(file) > HUB) return runs;
  const fileId = files.id(file);
  const path = files.path.get(file);
  const library = files.has(file, FILE_FLAG.LIBRARY);
  const seen = new Set<ProcessIndex>();
  for (let edge = files.readers.get(file); edge !== NONE && budget.left > 0; edge = edges.nextOfObject.get(edge)) {
    budget.left--;
    const process = edges.process.get(edge);
    if (edges.lastNs.get(edge) < sinceNs || seen.has(process)) continue;
    const id = processes.id(process);
    let image = processes.image.get(process);
    for (; image !== NONE && images.processId.get(image) === id; image = images.previous.get(image)) {
      const runsIt = images.fileId.get(image) === fileId || scriptPath(graph, image) === path;
      if (!runsIt || images.atNs.get(image) < sinceNs) continue;
      seen.add(process);
      runs.push({ process, image, atNs: images.atNs.get(image) });
    }
    if (seen.has(process) || edges.kind.get(edge) !== EDGE.READ) continue;
    const atNs = Math.max(edges.firstNs.get(edge), sinceNs);
    const ran = imageAt(graph, process, atNs);
    const loaded = library || (ran !== NONE && writtenLibraries(graph, ran, Number.POSITIVE_INFINITY).includes(edge));
    if (loaded) runs.push({ process, image: ran, atNs });
  }
  return runs;
}

/** That a process ran a file which another had written last. */
function ranFrom(graph: Graph, { process, atNs }: Run, file: FileIndex, writer: ProcessIndex): Effect[] {
  return codeCauses(graph, process, atNs, new Set())
    .filter(({ from, rank, through }) => from.row === writer && through === file && rank < RANK.SOURCE)
    .map((cause) => ({
      ...told(cause),
      to: { node: { kind: "process", row: process, atNs } },
      through: file,
      cost: COST.RAN,
    }));
}

/** Who has a pipe that it writes into as standard input. */
function piped(graph: Graph, process: ProcessIndex, place: Place, budget: Budget): Effect[] {
  const { edges, processes } = graph;
  const effects: Effect[] = [];
  each(graph, process, [FAMILY.CHANNELS], budget, (edge) => {
    if (edges.kind.get(edge) !== EDGE.PIPE_WRITE || edges.lastNs.get(edge) < place.node.atNs) return;
    for (const holder of pipeHolders(graph, edges.object.get(edge), EDGE.PIPE_READ, process)) {
      const reader = edges.process.get(holder);
      if (!edges.has(holder, EDGE_FLAG.STDIN)) continue;
      const beganNs = Math.max(edges.firstNs.get(holder), processes.startNs.get(reader), place.node.atNs);
      if (!belongs(graph, process, place, beganNs)) continue;
      const image = imageAt(graph, reader, Number.POSITIVE_INFINITY);
      const atNs = image === NONE ? beganNs : Math.max(beganNs, graph.images.atNs.get(image));
      for (const cause of commandCauses(graph, reader, atNs)) {
        if (cause.from.row !== process) continue;
        const node = { kind: "process", row: reader, atNs: beganNs } as const;
        const obeys = cause.rank === RANK.COMMANDS;
        effects.push({
          ...told(cause),
          to: obeys ? { node } : { node, passes: true },
          cost: obeys ? COST.RAN : COST.READ,
        });
      }
    }
  });
  return effects;
}

function told({ link, atNs, certainty, explanation }: Omit<Effect, "to" | "cost">): Omit<Effect, "to" | "cost"> {
  return { link, atNs, certainty, explanation };
}

/** The edges of a process in some of its lists, as far as the budget goes. */
export function each(
  graph: Graph,
  process: ProcessIndex,
  families: readonly number[],
  budget: Budget,
  visit: (edge: EdgeIndex) => void,
): void {
  for (const family of families) {
    const head = graph.processes.edges[family];
    for (
      let edge = head?.get(process) ?? NONE;
      edge !== NONE && budget.left > 0;
      edge = graph.edges.nextOfProcess.get(edge)
    ) {
      budget.left--;
      visit(edge);
    }
  }
}
