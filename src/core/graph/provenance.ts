import { EDGE, EDGE_FLAG, FAMILY } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import { STDIO } from "./images.ts";
import type { ChannelIndex, EdgeIndex, FileIndex, ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { baseName, resolvePath } from "./paths.ts";

/** What more than this many have, act on or read explains nothing (a shared log, a lock). */
export const HUB = 256;

/** Of a process that read more than this many files, or had more pipes, so many are looked at. */
const MAX_READS = 2048;
export const MAX_PIPES = 2048;

/** Whether what runs is an interpreter that takes its program from standard input: it was given neither a script nor -c. */
export function obeysStdin(graph: Graph, image: ImageIndex): boolean {
  return graph.images.program(image)?.from === "stdin";
}

/** What a process ran at a moment: the image it had executed or inherited by then. */
export function imageAt(graph: Graph, process: ProcessIndex, timeNs: number): ImageIndex {
  const { images, processes } = graph;
  let image = processes.image.get(process);
  while (image !== NONE && images.atNs.get(image) > timeNs && images.previous.get(image) !== NONE)
    image = images.previous.get(image);
  return image;
}

/** A file whose contents a process runs: its executable, or the script its interpreter was given. */
export interface Code {
  readonly file: FileIndex;
  readonly script: boolean;
  /** What it was called does not lead to it: it is the first that the interpreter opened. */
  readonly inferred?: boolean;
}

/** The files an image runs that somebody wrote while we looked; the script first. */
export function writtenCode(graph: Graph, image: ImageIndex): Code[] {
  const { images, files } = graph;
  const named = scriptNamed(graph, image);
  const script = named === "" ? undefined : scriptCode(graph, image, named);
  const found = script === undefined ? [] : [script];
  const redirected = script === undefined ? stdinFile(graph, image) : NONE;
  if (redirected !== NONE) found.push({ file: redirected, script: true });
  const executable = files.row(images.fileId.get(image));
  if (executable !== NONE && executable !== script?.file && files.writers.get(executable) !== NONE)
    found.push({ file: executable, script: false });
  return found;
}

/** The script that an interpreter opened: what it is called may be a link, a descriptor or another mount's name. */
function scriptCode(graph: Graph, image: ImageIndex, named: string): Code | undefined {
  const { edges, files } = graph;
  const path = scriptPath(graph, image);
  const file = path === "" ? NONE : files.atPath(path);
  const opened = programReads(graph, image).map((edge): FileIndex => edges.object.get(edge));
  if (opened.includes(file)) return { file, script: true };
  const alike = opened.find((one) => baseName(files.path.get(one)) === baseName(named));
  if (alike !== undefined) return { file: alike, script: true };
  if (file !== NONE) return { file, script: true };
  return opened[0] === undefined ? undefined : { file: opened[0], script: true, inferred: true };
}

/** An interpreter opens its program so soon after it was executed. */
export const OPENING_NS = 2e9;

/** Files somebody wrote that a process opened right after it executed an image, the first one first. */
export function programReads(graph: Graph, image: ImageIndex): readonly EdgeIndex[] {
  const { edges, files, images, processes } = graph;
  const process = processes.row(images.processId.get(image));
  const ranNs = images.atNs.get(image);
  const found: EdgeIndex[] = [];
  let left = MAX_READS;
  let edge = process === NONE ? NONE : (processes.edges[FAMILY.READS]?.get(process) ?? NONE);
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    const file = edges.object.get(edge);
    if (edges.kind.get(edge) !== EDGE.READ || files.writers.get(file) === NONE) continue;
    const openedNs = openedSince(graph, edge, ranNs);
    if (openedNs < ranNs || openedNs > ranNs + OPENING_NS || imageAt(graph, process, openedNs) !== image) continue;
    if (!files.has(file, FILE_FLAG.LIBRARY)) found.push(edge);
  }
  return found.sort((a, b) => openedSince(graph, a, ranNs) - openedSince(graph, b, ranNs));
}

/** When an edge happened first, or had before a moment, last. */
function openedSince({ edges }: Graph, edge: EdgeIndex, sinceNs: number): number {
  return edges.firstNs.get(edge) >= sinceNs ? edges.firstNs.get(edge) : edges.lastNs.get(edge);
}

/** The pipe an interpreter reads its program from: its standard input, or one it was given as its script. */
export function programPipe(graph: Graph, process: ProcessIndex, image: ImageIndex, timeNs: number): EdgeIndex {
  if (obeysStdin(graph, image)) return stdinPipe(graph, process, timeNs);
  if (scriptNamed(graph, image) === "") return NONE;
  const { edges, images, processes } = graph;
  const ranNs = images.atNs.get(image);
  let best: EdgeIndex = NONE;
  let left = MAX_PIPES;
  let edge = processes.edges[FAMILY.CHANNELS]?.get(process) ?? NONE;
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    if (edges.kind.get(edge) !== EDGE.PIPE_READ || edges.has(edge, EDGE_FLAG.STDIN)) continue;
    // One that it makes itself is not what it runs; one that it had made before it ran this may be.
    if (edges.has(edge, EDGE_FLAG.CREATED) && edges.firstNs.get(edge) >= ranNs) continue;
    const openedNs = openedSince(graph, edge, ranNs);
    if (openedNs < ranNs || openedNs > Math.min(timeNs, ranNs + OPENING_NS)) continue;
    if (best === NONE || openedNs < openedSince(graph, best, ranNs)) best = edge;
  }
  return best;
}

/** Libraries somebody wrote while we looked that an image had loaded by a moment: the edges of their opening. */
export function writtenLibraries(graph: Graph, image: ImageIndex, timeNs: number): EdgeIndex[] {
  const { images, edges, files, processes } = graph;
  const found: EdgeIndex[] = [];
  const process = processes.row(images.processId.get(image));
  const ranNs = images.atNs.get(image);
  const opened: EdgeIndex[] = [];
  let loadedNs = Number.NEGATIVE_INFINITY;
  let left = MAX_READS;
  let edge = process === NONE ? NONE : (processes.edges[FAMILY.READS]?.get(process) ?? NONE);
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    if (edges.kind.get(edge) !== EDGE.READ) continue;
    const openedNs = openedSince(graph, edge, ranNs);
    if (openedNs < ranNs || openedNs > timeNs) continue;
    const file = edges.object.get(edge);
    if (files.has(file, FILE_FLAG.C_LIBRARY) && imageAt(graph, process, openedNs) === image) loadedNs = openedNs;
    if (files.writers.get(file) === NONE) continue;
    if (files.has(file, FILE_FLAG.LIBRARY)) found.push(edge);
    else opened.push(edge);
  }
  // What was opened before the C library was, the loader opened.
  return [...found, ...opened.filter((one) => openedSince(graph, one, ranNs) < loadedNs)];
}

/** `sh < file`: the written file its process had opened last when it executed a shell that obeys a file as standard input. */
function stdinFile(graph: Graph, image: ImageIndex): FileIndex {
  const { images, edges, files, processes } = graph;
  const process = processes.row(images.processId.get(image));
  if (process === NONE || images.stdioKind(image, 0) !== STDIO.FILE || !obeysStdin(graph, image)) return NONE;
  const atNs = images.atNs.get(image);
  let best: EdgeIndex = NONE;
  let edge = processes.edges[FAMILY.READS]?.get(process) ?? NONE;
  for (; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
    if (edges.kind.get(edge) !== EDGE.READ || edges.firstNs.get(edge) > atNs) continue;
    if (files.writers.get(edges.object.get(edge)) === NONE) continue;
    if (best === NONE || edges.firstNs.get(edge) > edges.firstNs.get(best)) best = edge;
  }
  return best === NONE ? NONE : edges.object.get(best);
}

/** The absolute path of the program text an interpreter was given; empty when it has none. */
export function scriptPath(graph: Graph, image: ImageIndex): string {
  return resolvePath(scriptNamed(graph, image), graph.images.cwd.get(image));
}

/** The file an interpreter was given to run, as it was named; empty when it has none, or runs an argument or a module. */
export function scriptNamed(graph: Graph, image: ImageIndex): string {
  const program = graph.images.program(image);
  return program?.from === "file" ? program.path : graph.images.script.get(image);
}

/** The pipe that is the standard input of a process since before a moment. */
export function stdinPipe(graph: Graph, process: ProcessIndex, timeNs: number): EdgeIndex {
  const { edges, images, processes } = graph;
  const image = imageAt(graph, process, timeNs);
  if (image !== NONE && images.stdioKind(image, 0) !== STDIO.PIPE) return NONE;
  const head = processes.edges[FAMILY.CHANNELS];
  let best: EdgeIndex = NONE;
  let left = MAX_PIPES;
  for (let edge = head?.get(process) ?? NONE; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    if (
      edges.kind.get(edge) !== EDGE.PIPE_READ ||
      !edges.has(edge, EDGE_FLAG.STDIN) ||
      edges.firstNs.get(edge) > timeNs
    )
      continue;
    if (best === NONE || edges.firstNs.get(edge) > edges.firstNs.get(best)) best = edge;
  }
  return best;
}

/** Who writes into a pipe (`kind` PIPE_WRITE) or reads from it: those that have it as a standard descriptor, else who made it. */
export function pipeHolders(graph: Graph, channel: ChannelIndex, kind: number, except: ProcessIndex): EdgeIndex[] {
  const { edges, channels } = graph;
  const standard = EDGE_FLAG.STDIN | EDGE_FLAG.STDOUT | EDGE_FLAG.STDERR;
  const holders: EdgeIndex[] = [];
  const makers: EdgeIndex[] = [];
  if (channels.edgeCount.get(channel) > HUB) return holders;
  for (let edge = channels.edges.get(channel); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    if (edges.kind.get(edge) !== kind || edges.process.get(edge) === except) continue;
    if (edges.has(edge, standard)) holders.push(edge);
    else makers.push(edge);
  }
  return holders.length > 0 ? holders : makers;
}
