import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import { STDIO } from "../graph/images.ts";
import type { EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { programOf } from "../graph/interpreters.ts";
import { imageAt, isLibrary, obeysStdin, programPipe, scriptPath } from "../graph/provenance.ts";
import { nameAt } from "../graph/roles.ts";
import { isPackageManager } from "../graph/trust.ts";
import { contentWrites } from "../graph/writes.ts";
import { duration, who } from "../origin/words.ts";
import type { Severity, Subject } from "../query/model.ts";
import { argvOf, commandOf } from "../query/names.ts";
import { chainOf, chainRoot } from "./chain.ts";
import { isInstaller } from "./download-execute.ts";
import { type Download, downloadedBy, fetchedInto } from "./downloaded.ts";
import { foreignRead } from "./foreign-code.ts";
import type { Signal } from "./signal.ts";

/**
 * A shell runs text that it took in itself: `. FILE`, `eval "$(curl ...)"`. The kernel shows only that it read the file or the pipe, and
 * what it did next; so all that is said here is inferred, and only where reading alone is a poor explanation. Known gaps: a script that
 * evaluates a pipe, and text that starts nothing. Known false positives: loops over the lines of a downloaded list, tokens that are
 * fetched and used by a command right away in an interactive shell.
 */

const SHELL = /^(ba|da|z|k|a|mk)?sh$/;
/** In the text a shell was given: evaluates something, or sources what a command prints. */
const EVALUATES = /(^|[\s;&|({])(eval\s|(source|\.)\s+<\()/;

/** What a shell does is a consequence of what it read so soon before. */
const FILE_WINDOW_NS = 2e9;
const PIPE_WINDOW_NS = 10e9;
/** Nobody types the next command so fast. */
const TYPING_NS = 300e6;
/** Program text is passed on so soon. */
const ARGUMENT_NS = 1e9;
/** Of the files and pipes of a shell the newest so many are looked at. */
const MAX_INPUTS = 16;

/** Something a shell did: it started a program, or connected. */
interface Deed {
  readonly shell: ProcessIndex;
  readonly atNs: number;
  /** What it started; NONE when it connected itself. */
  readonly child: ProcessIndex;
  readonly words: () => string;
}

/** A program that a shell started right after it had read what may have told it to. */
export function startedByInput(graph: Graph, child: ProcessIndex): Signal | undefined {
  const { processes, images } = graph;
  const shell = processes.parent.get(child);
  const image = processes.image.get(child);
  // What a process executes in place was decided when it was forked.
  if (shell === NONE || image === NONE || images.processId.get(image) !== processes.id(child)) return undefined;
  return judged(graph, {
    shell,
    atNs: processes.startNs.get(child),
    child,
    words: () => `started ${who(graph, child, images.atNs.get(image))}`,
  });
}

/** A connection that a shell itself made right after it had read what may have told it to. */
export function connectedByInput(graph: Graph, socket: EdgeIndex): Signal | undefined {
  const { edges, connections } = graph;
  const connection = edges.object.get(socket);
  if (connections.isUnix(connection) || connections.isListening(connection)) return undefined;
  if (!edges.has(socket, EDGE_FLAG.OPENER)) return undefined;
  const words = (): string => {
    const server = 2 * connection + 1 - connections.clientSide.get(connection);
    return `connected to ${connections.endpoint(server)}`;
  };
  return judged(graph, { shell: edges.process.get(socket), atNs: edges.firstNs.get(socket), child: NONE, words });
}

function judged(graph: Graph, deed: Deed): Signal | undefined {
  if (!SHELL.test(nameAt(graph, deed.shell, deed.atNs))) return undefined;
  return fromFile(graph, deed) ?? fromPipe(graph, deed);
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
    const path = files.path.get(file);
    const readNs = graph.edges.lastBefore(edge, atNs);
    if (edges.kind.get(edge) !== EDGE.READ || readNs > atNs || atNs - readNs > FILE_WINDOW_NS) continue;
    if (path === script || isLibrary(path)) continue;
    if (edges.has(edge, EDGE_FLAG.FOREIGN)) return foreignRead(graph, deed.shell, edge, atNs, deed.words());
    if (files.writers.get(file) === NONE) continue;
    for (const write of contentWrites(graph, file, readNs, shell)) {
      const writer = edges.process.get(write);
      if (chainRoot(graph, writer) !== chainRoot(graph, shell)) continue;
      const download = downloadedBy(graph, file, write, readNs);
      if (download === undefined) continue;
      const wroteNs = graph.edges.lastBefore(write, readNs);
      const how = `read ${path}, which ${who(graph, writer, wroteNs)} wrote ${duration(readNs - wroteNs)} earlier`;
      return signalOf(graph, deed, download, how, { kind: "file", id: files.id(file) }, ["low", "medium"]);
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
    return signalOf(graph, deed, download, how, source, severities);
  }
  return undefined;
}

/** Of a download from this host, and from elsewhere. */
type Severities = readonly [local: Severity, remote: Severity];
const TOLD: Severities = ["medium", "high"];
const GUESSED: Severities = ["low", "medium"];

/** How much a deed says that a shell ran what it read through a pipe; undefined when it is as well explained by using it as data. */
function weigh(graph: Graph, { shell, child, atNs }: Deed, afterNs: number): Severities | undefined {
  const { images } = graph;
  const image = imageAt(graph, shell, atNs);
  if (image === NONE) return undefined;
  if (EVALUATES.test(argvOf(graph, image).slice(1).join(" "))) return TOLD;
  if (child === NONE) return GUESSED;
  const own = graph.processes.image.get(child);
  const piped = (fd: 0 | 1): boolean => images.stdioKind(own, fd) === STDIO.PIPE;
  if (afterNs <= ARGUMENT_NS && !piped(0) && programOf(images.exe.get(own), argvOf(graph, own))?.from === "argument")
    return TOLD;
  const interactive = obeysStdin(graph, image) && images.stdioKind(image, 0) === STDIO.DEVICE;
  // The prompt's own commands are read through pipes.
  return interactive && afterNs <= TYPING_NS && !piped(1) ? GUESSED : undefined;
}

function signalOf(
  graph: Graph,
  { shell, atNs, words }: Deed,
  download: Download,
  how: string,
  source: Subject,
  [near, far]: Severities,
): Signal | undefined {
  const { edges, connections, processes } = graph;
  const chain = chainOf(graph, shell);
  if ([...chain, download.by].some((one) => isInstaller(graph, one) || isPackageManager(graph, one, atNs)))
    return undefined;
  const connection = edges.object.get(download.edge);
  const server = 2 * connection + 1 - connections.clientSide.get(connection);
  const local = connections.endIsLoopback(server);
  const from = `${connections.endpoint(server)}${local ? " (this host)" : ""}`;
  return {
    rule: "download-in-shell",
    title: "A shell may have run a download",
    reason: `${who(graph, shell, atNs)} ${how}, and then ${words()}: it may have run it; ${who(graph, download.by, atNs)} was connected to ${from}`,
    severity: local ? near : far,
    techniques: ["T1105", "T1059.004"],
    atNs,
    process: shell,
    others: [download.by, ...download.through],
    evidence: [source, { kind: "connection", id: connections.id(connection) }],
    certainty: "inferred",
    key: `${processes.keyOf(chain[0] ?? shell)}|${commandOf(graph, shell)}|${from}`,
  };
}
