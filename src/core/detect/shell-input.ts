import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import { FILE_FLAG } from "../graph/files.ts";
import type { Graph } from "../graph/graph.ts";
import { STDIO } from "../graph/images.ts";
import type { ConnectionIndex, EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { imageAt, obeysStdin, programPipe, scriptPath } from "../graph/provenance.ts";
import { interpretsAt, nameAt } from "../graph/roles.ts";
import { contentWrites } from "../graph/writes.ts";
import { duration, who } from "../origin/words.ts";
import { argvOf } from "../query/names.ts";
import { chainRoot } from "./chain.ts";
import { type Deed, downloadInShell, GUESSED, type Severities, SHELL, TOLD } from "./deed.ts";
import { downloadedBy, fetchedInto } from "./downloaded.ts";
import { foreignRead } from "./foreign-code.ts";
import { fedByParent, handedOver } from "./handed-text.ts";
import type { Signal } from "./signal.ts";

/**
 * An interpreter runs text that it, or who handed it the text, took in itself: `. FILE`, `eval "$(curl ...)"`, `sh -c "$(curl ...)"`,
 * `curl | xargs sh -c`. The kernel shows only that the file or the pipe was read, and what was done next; so all that is said here is
 * inferred, and only where reading alone is a poor explanation. Known gaps: a script that evaluates a pipe, text that starts nothing,
 * commands that a program makes of a download's lines (awk, `while read`). Known false positives: loops over the lines of a downloaded
 * list, tokens that are fetched and used by a command right away in an interactive shell.
 */

/** In the text a shell was given: evaluates something, or sources what a command prints. */
const EVALUATES = /(^|[\s;&|({])(eval\s|(source|\.)\s+<\()/;

/** What a shell does is a consequence of what it read so soon before. */
const FILE_WINDOW_NS = 2e9;
const PIPE_WINDOW_NS = 10e9;
/** Nobody types the next command so fast. */
const TYPING_NS = 300e6;
/** Of the files and pipes of a shell the newest so many are looked at. */
const MAX_INPUTS = 16;

/** A program that a shell started right after it had read what may have told it to. */
export function startedByInput(graph: Graph, child: ProcessIndex): Signal | undefined {
  const { processes, images } = graph;
  const shell = processes.parent.get(child);
  const image = processes.image.get(child);
  if (image === NONE || images.processId.get(image) !== processes.id(child)) return undefined;
  const handed = handedOver(graph, child, image);
  // What a process executes in place was decided when it was forked.
  if (handed !== undefined || shell === NONE) return handed;
  const atNs = processes.startNs.get(child);
  return interpretsAt(graph, shell, atNs) ? judgedStart(graph, shell, atNs, child) : undefined;
}

function judgedStart(graph: Graph, shell: ProcessIndex, atNs: number, child: ProcessIndex): Signal | undefined {
  const words = (): string => {
    const image = graph.processes.image.get(child);
    return `started ${who(graph, child, graph.images.atNs.get(image))}`;
  };
  return judged(graph, { shell, atNs, child, words });
}

/** A connection that a shell itself made right after it had read what may have told it to. */
export function connectedByInput(graph: Graph, socket: EdgeIndex): Signal | undefined {
  const { edges, connections } = graph;
  const connection = edges.object.get(socket);
  if (connections.isUnix(connection) || connections.isListening(connection)) return undefined;
  if (!edges.has(socket, EDGE_FLAG.OPENER)) return undefined;
  const shell = edges.process.get(socket);
  const atNs = edges.firstNs.get(socket);
  return interpretsAt(graph, shell, atNs) ? judgedConnect(graph, shell, atNs, connection) : undefined;
}

function judgedConnect(
  graph: Graph,
  shell: ProcessIndex,
  atNs: number,
  connection: ConnectionIndex,
): Signal | undefined {
  const words = (): string => {
    const server = 2 * connection + 1 - graph.connections.clientSide.get(connection);
    return `connected to ${graph.connections.endpoint(server)}`;
  };
  return judged(graph, { shell, atNs, child: NONE, words });
}

function judged(graph: Graph, deed: Deed): Signal | undefined {
  const own = SHELL.test(nameAt(graph, deed.shell, deed.atNs))
    ? (fromFile(graph, deed) ?? fromPipe(graph, deed))
    : undefined;
  return own ?? fedByParent(graph, deed);
}

function fromFile(graph: Graph, deed: Deed): Signal | undefined {
  const { edges, files, processes } = graph;
  const { shell, atNs } = deed;
  const image = imageAt(graph, shell, atNs);
  const script = image === NONE ? "" : scriptPath(graph, image);
  let left = MAX_INPUTS;
  let edge = processes.edges[FAMILY.READS]?.get(shell) ?? NONE;
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    const file = edges.object.get(edge);
    const readNs = graph.edges.lastBefore(edge, atNs);
    if (edges.kind.get(edge) !== EDGE.READ || readNs > atNs || atNs - readNs > FILE_WINDOW_NS) continue;
    if (files.has(file, FILE_FLAG.LIBRARY)) continue;
    const path = files.path.get(file);
    if (path === script) continue;
    if (edges.has(edge, EDGE_FLAG.FOREIGN)) return foreignRead(graph, deed.shell, edge, atNs, deed.words());
    if (files.writers.get(file) === NONE) continue;
    for (const write of contentWrites(graph, file, readNs, shell)) {
      const writer = edges.process.get(write);
      if (chainRoot(graph, writer) !== chainRoot(graph, shell)) continue;
      const download = downloadedBy(graph, file, write, readNs);
      if (download === undefined) continue;
      const wroteNs = graph.edges.lastBefore(write, readNs);
      const how = `read ${path}, which ${who(graph, writer, wroteNs)} wrote ${duration(readNs - wroteNs)} earlier`;
      return downloadInShell(graph, deed, download, how, { kind: "file", id: files.id(file) }, ["low", "medium"]);
    }
  }
  return undefined;
}

function fromPipe(graph: Graph, deed: Deed): Signal | undefined {
  const { edges, processes } = graph;
  const { shell, atNs } = deed;
  const image = imageAt(graph, shell, atNs);
  const program = image === NONE ? NONE : programPipe(graph, shell, image, atNs);
  let left = MAX_INPUTS;
  let edge = processes.edges[FAMILY.CHANNELS]?.get(shell) ?? NONE;
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    if (edges.kind.get(edge) !== EDGE.PIPE_READ || edge === program || edges.firstNs.get(edge) > atNs) continue;
    if (edges.has(edge, EDGE_FLAG.STDIN)) continue;
    const download = fetchedInto(graph, edges.object.get(edge), shell, atNs);
    if (download === undefined || atNs - download.endNs > PIPE_WINDOW_NS) continue;
    // It opened one that it had not made: /dev/stdin, a named pipe.
    const severities = edges.has(edge, EDGE_FLAG.CREATED) ? weigh(graph, deed, atNs - download.endNs) : TOLD;
    if (severities === undefined) continue;
    const how = `read through a pipe what ${who(graph, download.by, download.endNs)} fetched`;
    const source = { kind: "process", id: processes.id(download.by) } as const;
    return downloadInShell(graph, deed, download, how, source, severities);
  }
  return undefined;
}

/** How much a deed says that a shell ran what it read through a pipe; undefined when it is as well explained by using it as data. */
function weigh(graph: Graph, { shell, child, atNs }: Deed, afterNs: number): Severities | undefined {
  const { images } = graph;
  const image = imageAt(graph, shell, atNs);
  if (image === NONE) return undefined;
  if (EVALUATES.test(argvOf(graph, image).slice(1).join(" "))) return TOLD;
  if (child === NONE) return GUESSED;
  const interactive = obeysStdin(graph, image) && images.stdioKind(image, 0) === STDIO.DEVICE;
  // The prompt's own commands are read through pipes.
  const piped = images.stdioKind(graph.processes.image.get(child), 1) === STDIO.PIPE;
  return interactive && afterNs <= TYPING_NS && !piped ? GUESSED : undefined;
}
