import { EDGE, EDGE_FLAG } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import { STDIO } from "../graph/images.ts";
import type { ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { interprets, programOf } from "../graph/interpreters.ts";
import { baseName } from "../graph/paths.ts";
import { MAX_PAST_OWNERS, ownersOf } from "../graph/peers.ts";
import { imageAt, pipeHolders, stdinPipe } from "../graph/provenance.ts";
import { eachSocket } from "../graph/roles.ts";
import { isLoginServer } from "../graph/trust.ts";
import { argvOf } from "../query/names.ts";

/**
 * Program text that a process put together itself, and handed to an interpreter as an argument or as its standard input. What it had
 * taken in before may be that text.
 */

/** What runs a command line that it was given: `timeout 5 nice sh -c ...`. */
const MAX_WRAPPERS = 16;
/** A process forked from one that was forked from one ... and none of them executed anything. */
const MAX_FORKS = 4;

/** Its programs pick values out of data and are spelled out, in scripts too. */
const AWK = /^[gm]?awk$/;

export interface Composed {
  /** Who may have put it together: the one that did and those it was forked from, which run the same program. */
  readonly by: readonly ProcessIndex[];
  readonly image: ImageIndex;
  readonly text: string;
  /** When it was handed over, to the interpreter or to what passed it on. */
  readonly atNs: number;
}

/** Who put together the text that an interpreter runs as an argument; undefined when it has none, or somebody spelled it out. */
export function composedArgument(graph: Graph, process: ProcessIndex, image: ImageIndex): Composed | undefined {
  const { images, processes } = graph;
  const exe = images.exe.get(image);
  const program = interprets(exe) ? programOf(exe, argvOf(graph, image)) : undefined;
  if (program?.from !== "argument" || program.text === "" || AWK.test(baseName(exe))) return undefined;
  const { text } = program;
  let at = process;
  let own = image;
  for (let wrapper = 0; wrapper < MAX_WRAPPERS && at !== NONE; wrapper++) {
    const before = images.previous.get(own);
    if (before === NONE) return undefined;
    const words = argvOf(graph, before);
    if (!words.includes(text))
      return words.some((word) => word.includes(text))
        ? undefined
        : { by: forkedFrom(graph, at, before), image: before, text, atNs: images.atNs.get(own) };
    own = before;
    at = processes.row(images.processId.get(before));
  }
  return undefined;
}

/** Who writes what an interpreter obeys as its standard input, where no other program does; nobody when one does. */
export function feeders(graph: Graph, process: ProcessIndex, image: ImageIndex, atNs: number): readonly ProcessIndex[] {
  switch (graph.images.stdioKind(image, 0)) {
    case STDIO.PIPE:
      return pipeFeeders(graph, process, image, atNs);
    case STDIO.SOCKET:
      return socketFeeders(graph, process, atNs);
    case STDIO.DEVICE:
      return terminalFeeders(graph, process, atNs);
    default:
      return [];
  }
}

/** Nobody but who made the pipe can write into it: the parent, or what it was itself before it executed this (`sh <<< TEXT`). */
function pipeFeeders(graph: Graph, process: ProcessIndex, image: ImageIndex, atNs: number): readonly ProcessIndex[] {
  const { edges, images } = graph;
  const pipe = stdinPipe(graph, process, atNs);
  if (pipe === NONE) return [];
  const standard = EDGE_FLAG.STDOUT | EDGE_FLAG.STDERR;
  const [writer, ...others] = pipeHolders(graph, edges.object.get(pipe), EDGE.PIPE_WRITE, NONE);
  if (writer === undefined || others.length > 0 || edges.has(writer, standard)) return [];
  const maker = edges.process.get(writer);
  const before = maker === process ? images.previous.get(image) : imageAt(graph, maker, atNs);
  return before === NONE ? [] : forkedFrom(graph, maker, before);
}

function socketFeeders(graph: Graph, process: ProcessIndex, atNs: number): readonly ProcessIndex[] {
  const { connections, edges } = graph;
  const found: ProcessIndex[] = [];
  eachSocket(graph, process, (edge) => {
    const connection = edges.object.get(edge);
    if (!edges.has(edge, EDGE_FLAG.STDIN) || !connections.isUnix(connection)) return;
    const other = 1 - (edges.kind.get(edge) - EDGE.SIDE_0);
    for (const owner of ownersOf(graph, connection, other, MAX_PAST_OWNERS))
      if (owner !== process) found.push(...forkedFrom(graph, owner, imageAt(graph, owner, atNs)));
  });
  return found;
}

/** Who made the terminal's session types into it: a terminal, or a program that plays one. */
function terminalFeeders(graph: Graph, process: ProcessIndex, atNs: number): readonly ProcessIndex[] {
  const { processes } = graph;
  const session = processes.sid.get(process);
  if (processes.tty.get(process) === 0) return [];
  let leader = process;
  while (leader !== NONE && processes.tgid.get(leader) !== session) leader = processes.parent.get(leader);
  const parent = leader === NONE ? NONE : processes.parent.get(leader);
  return parent === NONE || isLoginServer(graph, parent, atNs) ? [] : [parent];
}

/** A process and those it was forked from, up to who executed the program that all of them run. */
function forkedFrom({ images, processes }: Graph, process: ProcessIndex, image: ImageIndex): readonly ProcessIndex[] {
  const found = [process];
  const owner = image === NONE ? NONE : images.processId.get(image);
  let at = process;
  while (processes.id(at) !== owner && found.length < MAX_FORKS) {
    at = processes.parent.get(at);
    if (at === NONE) break;
    found.push(at);
  }
  return found;
}
