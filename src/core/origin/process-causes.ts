import { EDGE, EDGE_FLAG } from "../graph/edges.ts";
import { FILE_FLAG } from "../graph/files.ts";
import type { Graph } from "../graph/graph.ts";
import { STDIO } from "../graph/images.ts";
import type { EdgeIndex, FileIndex, ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { processAt } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import {
  imageAt,
  obeysStdin,
  pipeHolders,
  programPipe,
  stdinPipe,
  writtenCode,
  writtenLibraries,
} from "../graph/provenance.ts";
import { acceptedBefore, eachSocket } from "../graph/roles.ts";
import { isPackageManager } from "../graph/trust.ts";
import { contentWrites, MAX_PAST_WRITERS, opensForWriting, unseenWriters, writersGap } from "../graph/writes.ts";
import { edgeCertainty, weakest } from "../query/certainty.ts";
import { socketName } from "../query/connections.ts";
import type { Certainty } from "../query/model.ts";
import { type Cause, RANK } from "./cause.ts";
import { deviceCauses } from "./device-causes.ts";
import { reachCauses } from "./reach-causes.ts";
import { readCauses } from "./read-causes.ts";
import { duration, who } from "./words.ts";

/** A local client explains what its server does only so soon after it connected: servers are kept busy by many. */
export const REQUEST_WINDOW_NS = 2e9;
/** A server that forks this soon after an accept forks for that client. */
const FORK_WINDOW_NS = 1e9;

/** Of a file of code that several wrote, so many beside the last one are told. */
const MAX_OTHERS = 8;

/** Why a process did what it did at a moment, most telling first. Every cause is earlier than that moment. */
export function processCauses(graph: Graph, process: ProcessIndex, atNs: number, gaps: Set<string>): Cause[] {
  return [
    ...reachCauses(graph, process, atNs, gaps),
    ...codeCauses(graph, process, atNs, gaps),
    ...commandCauses(graph, process, atNs),
    ...readCauses(graph, process, atNs),
    ...deviceCauses(graph, process, atNs, gaps),
    ...stdioCauses(graph, process, atNs),
    ...clientCauses(graph, process, atNs),
    ...parentCauses(graph, process),
  ].sort((a, b) => a.rank - b.rank);
}

/** A process that executes again and again is looked back on for so many programs. */
const MAX_PROGRAMS = 16;

/** What a process ran up to a moment, and until when: what it runs then, or inherited, and before it what it had executed itself. */
function programsUntil(
  graph: Graph,
  process: ProcessIndex,
  atNs: number,
): readonly { image: ImageIndex; untilNs: number }[] {
  const { images, processes } = graph;
  const found: { image: ImageIndex; untilNs: number }[] = [];
  let untilNs = atNs;
  for (let image = imageAt(graph, process, atNs); image !== NONE && found.length < MAX_PROGRAMS; ) {
    found.push({ image, untilNs });
    // The last moment at which it ran the one before.
    untilNs = Math.min(untilNs, images.atNs.get(image) - 1);
    image = images.previous.get(image);
    if (image === NONE || images.processId.get(image) !== processes.id(process)) break;
  }
  return found;
}

/**
 * The executable or script of a program it ran was written by somebody. What a package manager installed is the system, not a cause.
 */
export function codeCauses(graph: Graph, process: ProcessIndex, atNs: number, gaps: Set<string>): Cause[] {
  const told = new Set<FileIndex>();
  return programsUntil(graph, process, atNs).flatMap(({ image, untilNs }) =>
    codeOf(graph, process, image, untilNs, told, gaps),
  );
}

/** Files in `told` are left out, those that are told are added. */
function codeOf(
  graph: Graph,
  process: ProcessIndex,
  image: ImageIndex,
  atNs: number,
  told: Set<FileIndex>,
  gaps: Set<string>,
): Cause[] {
  const { images, files, edges } = graph;
  const causes: Cause[] = [];
  const startNs = Math.min(atNs, images.atNs.get(image));
  const code = [
    ...writtenCode(graph, image).map(({ file, script, inferred = false }) => ({
      file,
      inferred,
      verb: script ? "interpreted" : "ran",
      ranNs: startNs,
      rank: RANK.CODE,
    })),
    ...writtenLibraries(graph, image, atNs).map((edge) => ({
      file: edges.object.get(edge),
      inferred: !files.has(edges.object.get(edge), FILE_FLAG.LIBRARY),
      verb: "loaded",
      ranNs: edges.firstNs.get(edge),
      rank: RANK.LIBRARY,
    })),
  ];
  for (const { file, inferred, verb, ranNs, rank } of code) {
    if (told.has(file)) continue;
    told.add(file);
    const path = files.path.get(file);
    const [write, ...others] = contentWrites(graph, file, ranNs, process, MAX_PAST_WRITERS);
    if (write === undefined) continue;
    const writer = edges.process.get(write);
    const wroteNs = graph.edges.lastBefore(write, ranNs);
    if (isPackageManager(graph, writer, wroteNs)) continue;
    const seen = edges.has(write, EDGE_FLAG.WRITTEN);
    causes.push({
      from: { kind: "process", row: writer, atNs: wroteNs },
      link: "executed",
      atNs: ranNs,
      certainty: weakest(edgeCertainty(graph, write), seen && !inferred ? "observed" : "inferred"),
      explanation: `${verb} ${path}, which ${who(graph, writer, wroteNs)} ${seen ? "wrote" : "opened for writing"} ${duration(ranNs - wroteNs)} earlier`,
      aside: `wrote ${path}, which ${who(graph, process, ranNs)} ran`,
      rank,
      through: file,
    });
    const more = seen ? [...others, ...opensForWriting(graph, file, wroteNs, ranNs, MAX_PAST_WRITERS)] : others;
    for (const other of more.slice(0, MAX_OTHERS)) causes.push(otherWriter(graph, other, path, ranNs));
    const untold = Math.max(0, more.length - MAX_OTHERS) + unseenWriters(graph, file, MAX_PAST_WRITERS);
    if (untold > 0) gaps.add(writersGap(graph, file, untold));
  }
  return causes;
}

/** Somebody else whose writes the code may hold, or who opened it for writing without being seen to write. */
function otherWriter(graph: Graph, write: EdgeIndex, path: string, ranNs: number): Cause {
  const wroteNs = graph.edges.lastBefore(write, ranNs);
  const aside = graph.edges.has(write, EDGE_FLAG.WRITTEN)
    ? `wrote into ${path} before`
    : `opened ${path} for writing after that; no write was seen`;
  return {
    from: { kind: "process", row: graph.edges.process.get(write), atNs: wroteNs },
    link: "wrote",
    atNs: wroteNs,
    certainty: edgeCertainty(graph, write),
    explanation: "",
    aside: `${aside}, ${duration(ranNs - wroteNs)} before it was run`,
    rank: RANK.SOURCE,
  };
}

/** Its standard input is a pipe: for a shell without a script that is its program, for anything else its data. */
export function commandCauses(graph: Graph, process: ProcessIndex, atNs: number): Cause[] {
  const { edges, processes } = graph;
  let program: EdgeIndex = NONE;
  let ranNs = Number.NEGATIVE_INFINITY;
  for (const { image, untilNs } of programsUntil(graph, process, atNs)) {
    if (program !== NONE) break;
    program = programPipe(graph, process, image, untilNs);
    // It may have made the pipe before it ran what reads from it.
    if (program !== NONE) ranNs = Math.min(atNs, graph.images.atNs.get(image));
  }
  const obeys = program !== NONE;
  const pipe = obeys ? program : stdinPipe(graph, process, atNs);
  if (pipe === NONE) return [];
  const where = edges.has(pipe, EDGE_FLAG.STDIN) ? "its standard input" : "the pipe it was given as its script";
  const causes: Cause[] = [];
  for (const holder of pipeHolders(graph, edges.object.get(pipe), EDGE.PIPE_WRITE, process)) {
    const writer = edges.process.get(holder);
    // Who made the pipe and then forked both is the parent, and told as such.
    if (!edges.has(holder, EDGE_FLAG.STDOUT | EDGE_FLAG.STDERR) && writer === processes.parent.get(process)) continue;
    // The stages of a pipeline execute in any order; what counts is that the writer was there.
    const startNs = processes.startNs.get(writer);
    if (startNs > atNs) continue;
    const namedNs = edges.firstNs.get(holder);
    const name = who(graph, writer, namedNs);
    causes.push({
      from: { kind: "process", row: writer, atNs: Math.min(Math.max(namedNs, startNs), atNs), namedNs },
      link: "piped",
      atNs: Math.max(ranNs, startNs, edges.firstNs.get(pipe)),
      certainty: weakest(edgeCertainty(graph, pipe), edgeCertainty(graph, holder)),
      explanation: obeys ? `ran what ${name} wrote into ${where}` : `read from ${name} through a pipe`,
      aside: `wrote into the standard input of ${who(graph, process, atNs)}`,
      rank: obeys ? RANK.COMMANDS : RANK.SOURCE,
    });
  }
  return causes;
}

/** Standard input or output is a socket: whoever is at the other end drives it. */
function stdioCauses(graph: Graph, process: ProcessIndex, atNs: number): Cause[] {
  const { edges, connections, images } = graph;
  const causes: Cause[] = [];
  const image = imageAt(graph, process, atNs);
  if (image !== NONE && images.stdioKind(image, 0) !== STDIO.SOCKET) return causes;
  eachSocket(graph, process, (edge) => {
    if (!edges.has(edge, EDGE_FLAG.STDIN) || edges.firstNs.get(edge) > atNs) return;
    const connection = edges.object.get(edge);
    if (connections.isListening(connection)) return;
    const side = edges.kind.get(edge) - EDGE.SIDE_0;
    const peer = processAt(graph, connection, 1 - side);
    // One half of a socketpair is a pipe: from who made it and forked both, the parent, or to be read as data.
    const half = connections.isUnix(connection) && connections.path.get(connection) === "";
    if (half && peer === graph.processes.parent.get(process)) return;
    const sinceNs = Math.min(connections.openedNs.get(connection), atNs);
    const common = {
      link: "stdin",
      atNs: edges.firstNs.get(edge),
      certainty: edgeCertainty(graph, edge),
      rank: half && image !== NONE && !obeysStdin(graph, image) ? RANK.SOURCE : RANK.STDIO,
    } as const;
    const local = peer !== NONE && peer !== process;
    causes.push({
      ...common,
      from: local
        ? { kind: "process", row: peer, atNs: sinceNs }
        : { kind: "connection", row: connection, atNs: sinceNs },
      explanation: local
        ? `has a connection to ${who(graph, peer, sinceNs)} as standard input`
        : "has this connection as standard input",
      aside: `drives ${who(graph, process, atNs)} through its standard input`,
    });
  });
  return causes;
}

/** It serves a client. Remote: where it began. On this host: the client is the cause, if it asked just before. */
function clientCauses(graph: Graph, process: ProcessIndex, atNs: number): Cause[] {
  const { edges, connections } = graph;
  const accepted = acceptedBefore(graph, process, atNs);
  if (accepted === undefined) return [];
  const { edge, openThen } = accepted;
  const connection = edges.object.get(edge);
  const client = processAt(graph, connection, connections.clientSide.get(connection));
  const acceptedNs = Math.min(edges.firstNs.get(edge), atNs);
  const laterNs = atNs - acceptedNs;
  const known = edgeCertainty(graph, edge);
  const only = openThen === 1 || laterNs < FORK_WINDOW_NS;
  const certainty: Certainty = known !== "observed" ? known : only && client === NONE ? "observed" : "inferred";
  const common = { atNs: acceptedNs, certainty, rank: RANK.CLIENT } as const;
  if (client === NONE) {
    if (connections.isUnix(connection)) return [];
    const among = openThen > 1 && laterNs >= FORK_WINDOW_NS ? `; ${openThen} clients were connected` : "";
    return [
      {
        ...common,
        from: { kind: "connection", row: connection, atNs: acceptedNs },
        link: "accepted",
        explanation: `accepted this connection ${duration(laterNs)} before${among}`,
        aside: `was served by ${who(graph, process, atNs)}`,
      },
    ];
  }
  if (client === process || laterNs > REQUEST_WINDOW_NS) return [];
  const through = connections.isUnix(connection)
    ? socketName(graph, connection) || "a local socket"
    : connections.endpoint(2 * connection + 1 - connections.clientSide.get(connection));
  const openedNs = Math.min(connections.openedNs.get(connection), acceptedNs);
  return [
    {
      ...common,
      from: { kind: "process", row: client, atNs: openedNs },
      link: "local socket",
      explanation: `acted ${duration(atNs - openedNs)} after ${who(graph, client, openedNs)} connected to ${through}`,
      aside: `connected to ${through} just before`,
    },
  ];
}

/** The process that forked it, also when it was adopted since. */
export function parentCauses(graph: Graph, process: ProcessIndex): Cause[] {
  const { processes, images } = graph;
  const parent = processes.parent.get(process);
  if (parent === NONE) return [];
  const startNs = processes.startNs.get(process);
  const image = processes.image.get(process);
  const executed = image !== NONE && images.processId.get(image) === processes.id(process);
  const name = who(graph, parent, startNs);
  const distant = processes.has(process, PROCESS_FLAG.DISTANT);
  const observed = processes.has(process, PROCESS_FLAG.PARENT_OBSERVED) && !distant;
  const polled = processes.has(process, PROCESS_FLAG.POLLED);
  const orphaned = processes.has(parent, PROCESS_FLAG.EXITED) && !processes.has(process, PROCESS_FLAG.EXITED);
  const adopted = orphaned ? ", which has exited since: adopted by pid 1" : "";
  return [
    {
      from: { kind: "process", row: parent, atNs: startNs },
      link: "spawned",
      atNs: startNs,
      certainty:
        observed && !polled
          ? "observed"
          : processes.has(process, PROCESS_FLAG.BEFORE_START) && !distant
            ? "before start"
            : "inferred",
      explanation: distant
        ? `descends from ${name}; those between them are forgotten`
        : `${executed ? "started" : "forked"} by ${name}${adopted}`,
      aside: `${distant ? "led to" : "started"} ${who(graph, process, Number.POSITIVE_INFINITY)}`,
      rank: RANK.PARENT,
    },
  ];
}
