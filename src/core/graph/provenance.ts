import { EDGE, EDGE_FLAG, FAMILY } from "./edges.ts";
import type { Graph } from "./graph.ts";
import { STDIO } from "./images.ts";
import type { ChannelIndex, EdgeIndex, FileIndex, ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { type Program, programOf } from "./interpreters.ts";
import { resolvePath } from "./paths.ts";

/** What more than this many have, act on or read explains nothing (a shared log, a lock). */
export const HUB = 256;

/** Of a process that read more than this many files, or had more pipes, so many are looked at. */
const MAX_READS = 2048;
export const MAX_PIPES = 2048;

/** Where an image takes its program from when it is an interpreter that nothing but its command line tells the program of. */
function programNamed(graph: Graph, image: ImageIndex): Program | undefined {
  const { images } = graph;
  return images.script.get(image) === ""
    ? programOf(images.exe.get(image), images.argv.get(image).replace(/\0$/, "").split("\0"))
    : undefined;
}

/** Whether what runs is an interpreter that takes its program from standard input: it was given neither a script nor -c. */
export function obeysStdin(graph: Graph, image: ImageIndex): boolean {
  return programNamed(graph, image)?.from === "stdin";
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
}

/** The files an image runs that somebody wrote while we looked; the script first. */
export function writtenCode(graph: Graph, image: ImageIndex): Code[] {
  const { images, files } = graph;
  const found: Code[] = [];
  const script = scriptPath(graph, image);
  const file = script === "" ? NONE : files.atPath(script);
  if (file !== NONE) found.push({ file, script: true });
  const redirected = script === "" ? stdinFile(graph, image) : NONE;
  if (redirected !== NONE) found.push({ file: redirected, script: true });
  const executable = files.row(images.fileId.get(image));
  if (executable !== NONE && executable !== file && files.writers.get(executable) !== NONE)
    found.push({ file: executable, script: false });
  return found;
}

const LIBRARY = /\.so(\.[\d.]+)?$/;

/** Whether a file's name says that programs load it as code. */
export function isLibrary(path: string): boolean {
  return LIBRARY.test(path);
}

/** Libraries somebody wrote while we looked that an image had loaded by a moment: the edges of their opening. */
export function writtenLibraries(graph: Graph, image: ImageIndex, timeNs: number): EdgeIndex[] {
  const { images, edges, files, processes } = graph;
  const found: EdgeIndex[] = [];
  const process = processes.row(images.processId.get(image));
  let left = MAX_READS;
  let edge = process === NONE ? NONE : (processes.edges[FAMILY.READS]?.get(process) ?? NONE);
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    const file = edges.object.get(edge);
    if (edges.kind.get(edge) !== EDGE.READ || files.writers.get(file) === NONE) continue;
    const openedNs = edges.firstNs.get(edge);
    if (openedNs < images.atNs.get(image) || openedNs > timeNs || !isLibrary(files.path.get(file))) continue;
    found.push(edge);
  }
  return found;
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
  const program = programNamed(graph, image);
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

/** Whether one process descends from (or is) another. */
export function descendsFrom(graph: Graph, process: ProcessIndex, ancestor: ProcessIndex): boolean {
  for (let at = process; at !== NONE; at = graph.processes.parent.get(at)) if (at === ancestor) return true;
  return false;
}
