import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ChannelIndex, EdgeIndex, FileIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { holdersOf, MAX_PAST_OWNERS } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import { pipeHolders, programPipe, stdinPipe } from "../graph/provenance.ts";
import { eachSocket, isServerSide, nameAt } from "../graph/roles.ts";
import { isPackageManager } from "../graph/trust.ts";
import { contentWrites, lastWrite } from "../graph/writes.ts";

/** Content that came over the network: who fetched it, over which connection. */
export interface Download {
  readonly by: ProcessIndex;
  readonly edge: EdgeIndex;
  /** Who passed it on to the end, last one first: `cp`, `base64 -d`. */
  readonly through: readonly ProcessIndex[];
}

/** Copies and pipelines are followed this far. */
const MAX_STAGES = 4;
const MAX_EDGES = 512;
/** Of the writers of a file that was copied, so many are looked at. */
const MAX_SOURCES = 16;

/** The network connection a process had made last before a moment; NONE when it had none. One to this host counts. */
export function connectionBefore(graph: Graph, process: ProcessIndex, timeNs: number): EdgeIndex {
  const { edges, connections } = graph;
  let best: EdgeIndex = NONE;
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
    const head = graph.processes.edges[family];
    let left = MAX_EDGES;
    for (
      let edge = head?.get(process) ?? NONE;
      edge !== NONE && left > 0;
      edge = edges.nextOfProcess.get(edge), left--
    ) {
      const connection = edges.object.get(edge);
      if (connections.isUnix(connection) || connections.isListening(connection) || isServerSide(graph, edge)) continue;
      // Name look-ups are datagrams to port 53 and fetch no content.
      const server = 2 * connection + 1 - connections.clientSide.get(connection);
      if (connections.error.get(connection) !== 0 || connections.port.get(server) === 53) continue;
      if (edges.firstNs.get(edge) > timeNs) continue;
      if (best === NONE || edges.firstNs.get(edge) > edges.firstNs.get(best)) best = edge;
    }
  }
  return best;
}

/** Whether what a writer put into a file was fetched by it, or copied from something that was. */
export function downloadedBy(
  graph: Graph,
  file: FileIndex,
  write: EdgeIndex,
  timeNs: number,
  stages = MAX_STAGES,
): Download | undefined {
  const writer = graph.edges.process.get(write);
  const beforeNs = graph.edges.lastBefore(write, timeNs);
  if (isPackageManager(graph, writer, beforeNs)) return undefined;
  const edge = connectionBefore(graph, writer, beforeNs);
  if (edge !== NONE) return { by: writer, edge, through: [] };
  const piped = pipedDownload(graph, writer, beforeNs);
  if (piped !== undefined) return { ...piped, through: [writer, ...piped.through] };
  const source = stages > 1 ? lastReadWritten(graph, writer, file, beforeNs) : NONE;
  if (source === NONE) return undefined;
  for (const earlier of contentWrites(graph, source, beforeNs, writer).slice(0, MAX_SOURCES)) {
    const copied = downloadedBy(graph, source, earlier, beforeNs, stages - 1);
    if (copied !== undefined) return { ...copied, through: [writer, ...copied.through] };
  }
  return undefined;
}

/** Whether what a process reads from its standard input is fetched by a process up the pipeline. */
export function pipedDownload(graph: Graph, process: ProcessIndex, timeNs: number): Download | undefined {
  const { edges } = graph;
  const through: ProcessIndex[] = [];
  let at = process;
  for (let stage = 0; stage < MAX_STAGES; stage++) {
    const image = graph.processes.image.get(at);
    const program = stage === 0 && image !== NONE ? programPipe(graph, at, image, timeNs) : NONE;
    const pipe = program === NONE ? stdinPipe(graph, at, timeNs) : program;
    if (pipe === NONE) return undefined;
    const standard = EDGE_FLAG.STDOUT | EDGE_FLAG.STDERR;
    // Who only made the pipe has a part in it for those it forked.
    const holder = pipeHolders(graph, edges.object.get(pipe), EDGE.PIPE_WRITE, at).find(
      (one) => edges.has(one, standard) || !edges.has(one, EDGE_FLAG.CREATED),
    );
    if (holder === undefined) return undefined;
    at = edges.process.get(holder);
    const edge = connectionBefore(graph, at, timeNs);
    if (edge !== NONE) return { by: at, edge, through };
    if (at === process || through.includes(at)) return undefined;
    through.push(at);
  }
  return undefined;
}

/** Undo what hides code on its way; what picks values out of an answer passes no code on. */
const DECODERS =
  /^(base(32|64|nc)|xxd|tr|rev|cat|tee|openssl|gpgv?2?|g?zip|gunzip|zcat|bzip2|bunzip2|bzcat|xz|unxz|xzcat|zstd|unzstd|zstdcat|lz4c?)$/;

/** Whether what was written into a pipe, by those who have ended since, was fetched: directly, or through what decodes it. */
export function fetchedInto(
  graph: Graph,
  channel: ChannelIndex,
  reader: ProcessIndex,
  timeNs: number,
): (Download & { readonly endNs: number }) | undefined {
  const { edges, processes } = graph;
  let endNs = Number.NEGATIVE_INFINITY;
  for (const holder of pipeHolders(graph, channel, EDGE.PIPE_WRITE, reader)) {
    const writer = edges.process.get(holder);
    if (!edges.has(holder, EDGE_FLAG.STDOUT)) continue;
    if (!processes.has(writer, PROCESS_FLAG.EXITED) || processes.exitNs.get(writer) > timeNs) return undefined;
    endNs = Math.max(endNs, processes.exitNs.get(writer));
    const edge = connectionBefore(graph, writer, timeNs);
    if (edge !== NONE) return { by: writer, edge, through: [], endNs };
    if (!DECODERS.test(nameAt(graph, writer, timeNs))) continue;
    const piped = pipedDownload(graph, writer, timeNs);
    const decoded = piped?.through.every((one) => DECODERS.test(nameAt(graph, one, timeNs)));
    if (piped !== undefined && decoded) return { ...piped, through: [writer, ...piped.through], endNs };
  }
  return undefined;
}

/** Of the pipes of a process so many are looked at. */
const MAX_INPUTS = 16;

/** What was fetched into a pipe, other than its standard input, that a process read not long before a moment. */
export function fetchedBefore(
  graph: Graph,
  process: ProcessIndex,
  timeNs: number,
  withinNs: number,
): Download | undefined {
  const { edges, processes } = graph;
  let left = MAX_INPUTS;
  let edge = processes.edges[FAMILY.CHANNELS]?.get(process) ?? NONE;
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    if (edges.kind.get(edge) !== EDGE.PIPE_READ || edges.has(edge, EDGE_FLAG.STDIN)) continue;
    if (edges.firstNs.get(edge) > timeNs) continue;
    const download = fetchedInto(graph, edges.object.get(edge), process, timeNs);
    if (download !== undefined && timeNs - download.endNs <= withinNs) return download;
  }
  return undefined;
}

/** What was fetched by a process whose standard output is a socket that another one made for it: `socat EXEC:curl EXEC:sh`. */
export function relayedDownload(graph: Graph, process: ProcessIndex, timeNs: number): Download | undefined {
  const { connections, edges } = graph;
  let found: Download | undefined;
  eachSocket(graph, process, (own) => {
    const connection = edges.object.get(own);
    if (found !== undefined || !connections.isUnix(connection) || connections.path.get(connection) !== "") return;
    for (const edge of holdersOf(graph, connection, MAX_PAST_OWNERS)) {
      const by = edges.process.get(edge);
      if (by === process || !edges.has(edge, EDGE_FLAG.STDOUT)) continue;
      const fetched = connectionBefore(graph, by, timeNs);
      if (fetched !== NONE) found = { by, edge: fetched, through: [] };
    }
  });
  return found;
}

/** The last file a process read, before a moment, that somebody else had written. */
function lastReadWritten(graph: Graph, process: ProcessIndex, except: FileIndex, timeNs: number): FileIndex {
  const { edges, processes } = graph;
  const head = processes.edges[FAMILY.READS];
  let best: EdgeIndex = NONE;
  let left = MAX_EDGES;
  for (let edge = head?.get(process) ?? NONE; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    const file = edges.object.get(edge);
    if (edges.kind.get(edge) !== EDGE.READ || file === except || edges.firstNs.get(edge) > timeNs) continue;
    if (lastWrite(graph, file, edges.firstNs.get(edge), process) === NONE) continue;
    if (best === NONE || edges.firstNs.get(edge) > edges.firstNs.get(best)) best = edge;
  }
  return best === NONE ? NONE : edges.object.get(best);
}
