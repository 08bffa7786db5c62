import { STATE_CHANNEL, STATE_EDGE } from "../wire/layout.gen.ts";
import { StateSizes } from "./checkpoint-sizes.ts";
import { CONNECTION_FLAG } from "./connections.ts";
import { EDGE, isChannelKind, isFileKind, isProcessKind } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Forgotten, Graph } from "./graph.ts";
import type { EdgeIndex, ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { PROCESS_FLAG } from "./processes.ts";
import { HUB } from "./provenance.ts";

/** Ranks of what is kept by its age, newest highest; above them those of what is kept before anything dated. */
const DATED = 1024;
const CLASS = { CHANNEL: 1, EVIDENCE: 2, CONNECTION: 3, PROCESS: 4 } as const;
const RANKS = DATED * 5;
const MILLISECOND = 1e6;
/** Of the room for a rank that does not fit whole; the rest is for the ancestors of its last process. */
const FILLED = 0.9;
/** A single's bits from here on are its exponent and the first five of its fraction: ages are told apart by 3 %. */
const FRACTION_BITS = 18;
const ONE = 127 << 5;
/** Rows between two pauses: some tenths of a millisecond. */
export const STRIDE = 2048;
/** Work that may pause wherever it yields, as long as the graph does not change meanwhile. */
type Steps = Generator<undefined, void, void>;
const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/**
 * What of a graph goes into a checkpoint: living processes and those of findings, with their ancestors, then open connections, then what
 * findings looked at, then pipes between the living, then everything else newest first, as far as the limit goes. A process comes with
 * its ancestors and its images, an edge with both of its ends. Of the rank that does not fit whole, as much as fits.
 */
export class Selection {
  readonly #graph: Graph;
  readonly #sizes: StateSizes;
  readonly #nowNs: number;
  readonly #processes: Int32Array;
  readonly #images: Int32Array;
  readonly #files: Int32Array;
  readonly #connections: Int32Array;
  readonly #channels: Int32Array;
  readonly #edges: Int16Array;
  /** Ranks from here on are kept. */
  #least = 0;
  /** By process: 1 = some of its edges do not fit. */
  readonly cut: Uint8Array;
  /** How much does not fit. */
  readonly left: Forgotten = { processes: 0, connections: 0, files: 0, edges: 0 };

  constructor(graph: Graph) {
    const { processes, images, files, connections, channels, edges } = graph;
    this.#graph = graph;
    this.#sizes = new StateSizes(graph);
    this.#nowNs = graph.clock.nowNs;
    this.#processes = new Int32Array(processes.limit).fill(-1);
    this.#images = new Int32Array(images.limit).fill(-1);
    this.#files = new Int32Array(files.limit).fill(-1);
    this.#connections = new Int32Array(connections.limit).fill(-1);
    this.#channels = new Int32Array(channels.limit).fill(-1);
    this.#edges = new Int16Array(edges.limit).fill(-1);
    this.cut = new Uint8Array(processes.limit);
  }

  /** Chooses about limitBytes, in steps. Before it is done everything is chosen. */
  *choose(limitBytes: number): Steps {
    const bytes = new Float64Array(RANKS);
    yield* this.#rankProcesses();
    yield* this.#rankImages();
    yield* this.#rankConnections();
    yield* this.#rankEdges(bytes);
    yield* this.#weigh(bytes);
    const { least, left } = threshold(bytes, limitBytes);
    this.#least = least;
    if (least === 0) return;
    yield* this.#fill(left);
    yield* this.#countLeft();
  }

  process(row: ProcessIndex): boolean {
    return (this.#processes[row] as number) >= this.#least;
  }

  image(row: ImageIndex): boolean {
    return (this.#images[row] as number) >= this.#least;
  }

  file(row: number): boolean {
    return (this.#files[row] as number) >= this.#least;
  }

  connection(row: number): boolean {
    return (this.#connections[row] as number) >= this.#least;
  }

  channel(row: number): boolean {
    return (this.#channels[row] as number) >= this.#least;
  }

  edge(row: EdgeIndex): boolean {
    return (this.#edges[row] as number) >= this.#least;
  }

  #dated(atNs: number): number {
    single[0] = 1 + Math.max(0, this.#nowNs - atNs) / MILLISECOND;
    return Math.max(0, DATED - 1 - (((bits[0] as number) >> FRACTION_BITS) - ONE));
  }

  #pinned(above: number, atNs: number): number {
    return DATED * above + this.#dated(atNs);
  }

  *#rankProcesses(): Steps {
    const { processes } = this.#graph;
    yield* eachRow(processes.limit, (row) => {
      if (!processes.isLive(row)) return;
      const pinned = !processes.has(row, PROCESS_FLAG.EXITED) || processes.has(row, PROCESS_FLAG.EVIDENCE);
      const rank = pinned
        ? this.#pinned(CLASS.PROCESS, processes.startNs.get(row))
        : this.#dated(processes.exitNs.get(row));
      this.#raise(row, rank);
    });
  }

  /** A process comes with its parent, and with who reached into it. */
  #raise(row: ProcessIndex, rank: number, raised?: (row: ProcessIndex) => void): void {
    const { processes, edges } = this.#graph;
    const ranks = this.#processes;
    const waiting = [row];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (at === NONE || (ranks[at] as number) >= rank) continue;
      ranks[at] = rank;
      raised?.(at);
      waiting.push(processes.parent.get(at));
      if (processes.actorCount.get(at) > HUB) continue;
      for (let edge = processes.actors.get(at); edge !== NONE; edge = edges.nextOfObject.get(edge))
        if (edges.kind.get(edge) !== EDGE.SIGNALLED) waiting.push(edges.process.get(edge));
    }
  }

  *#rankImages(): Steps {
    yield* eachRow(this.#processes.length, (row) => {
      if ((this.#processes[row] as number) >= 0) this.#raiseImages(row);
    });
  }

  /** Raises the images of a process to its rank, with their files. Returns the bytes of what was raised. */
  #raiseImages(row: ProcessIndex): number {
    const { processes, images, files } = this.#graph;
    const rank = this.#processes[row] as number;
    let bytes = 0;
    for (
      let image = processes.image.get(row);
      image !== NONE && (this.#images[image] as number) < rank;
      image = images.previous.get(image)
    ) {
      this.#images[image] = rank;
      const file = files.row(images.fileId.get(image));
      bytes += this.#sizes.image(image);
      if (raise(this.#files, file, rank)) bytes += this.#sizes.file(file);
    }
    return bytes;
  }

  *#rankConnections(): Steps {
    const { connections } = this.#graph;
    yield* eachRow(connections.limit, (row) => {
      if (!connections.isLive(row)) return;
      const over = connections.has(row, CONNECTION_FLAG.CLOSED) && !connections.has(row, CONNECTION_FLAG.EVIDENCE);
      this.#connections[row] = over
        ? this.#dated(connections.closedNs.get(row))
        : this.#pinned(CLASS.CONNECTION, connections.openedNs.get(row));
    });
  }

  /** Raises objects to the ranks of their edges, and adds the bytes of the edges by rank. */
  *#rankEdges(bytes: Float64Array): Steps {
    const { edges } = this.#graph;
    yield* eachRow(edges.limit, (edge) => {
      if (!edges.isLive(edge)) return;
      const rank = this.#rankOf(edge);
      this.#edges[edge] = rank;
      bytes[rank] = (bytes[rank] as number) + STATE_EDGE.SIZE;
      const kind = edges.kind.get(edge);
      if (isFileKind(kind)) raise(this.#files, edges.object.get(edge), rank);
      else if (kind === EDGE.PIPE_READ || kind === EDGE.PIPE_WRITE) raise(this.#channels, edges.object.get(edge), rank);
    });
  }

  #rankOf(edge: EdgeIndex): number {
    const { edges, processes, files } = this.#graph;
    const process = edges.process.get(edge);
    const most = this.#processes[process] as number;
    const kind = edges.kind.get(edge);
    const object = edges.object.get(edge);
    const lastNs = edges.lastNs.get(edge);
    if (kind === EDGE.EXECUTED) return most;
    if (kind === EDGE.SIDE_0 || kind === EDGE.SIDE_1) return Math.min(most, this.#connections[object] as number);
    if (kind === EDGE.INJECTED || kind === EDGE.PASSED) return Math.min(most, this.#processes[object] as number);
    if (kind === EDGE.SIGNALLED) return Math.min(most, this.#processes[object] as number, this.#dated(lastNs));
    // Where a finding looked stays, newest first: it may be a great deal.
    const evidence =
      processes.has(process, PROCESS_FLAG.EVIDENCE) || (isFileKind(kind) && files.has(object, FILE_FLAG.EVIDENCE));
    if (evidence) return Math.min(most, this.#pinned(CLASS.EVIDENCE, lastNs));
    const pipe = isChannelKind(kind) && !processes.has(process, PROCESS_FLAG.EXITED);
    return Math.min(most, pipe ? this.#pinned(CLASS.CHANNEL, lastNs) : this.#dated(lastNs));
  }

  /** Of the rank below the least one, as much as there is room for: processes, connections, then edges with what they lead to. */
  *#fill(room: number): Steps {
    const { processes, connections, edges } = this.#graph;
    const least = this.#least;
    const sizes = this.#sizes;
    let left = room * FILLED;
    yield* eachRow(processes.limit, (row) => {
      if (left <= 0 || this.#processes[row] !== least - 1) return;
      this.#raise(row, least, (raised) => (left -= sizes.process(raised) + this.#raiseImages(raised)));
    });
    yield* eachRow(connections.limit, (row) => {
      if (left <= 0 || this.#connections[row] !== least - 1) return;
      this.#connections[row] = least;
      left -= sizes.connection(row);
    });
    yield* eachRow(edges.limit, (edge) => {
      if (this.#edges[edge] !== least - 1 || !this.process(edges.process.get(edge))) return;
      const kind = edges.kind.get(edge);
      // What a process executed comes with its images.
      if (left <= 0 && kind !== EDGE.EXECUTED) return;
      const object = edges.object.get(edge);
      if (isFileKind(kind)) {
        if (raise(this.#files, object, least)) left -= sizes.file(object);
      } else if (isChannelKind(kind)) {
        if (raise(this.#channels, object, least)) left -= STATE_CHANNEL.SIZE;
      } else if (isProcessKind(kind) ? !this.process(object) : !this.connection(object)) return;
      this.#edges[edge] = least;
      left -= STATE_EDGE.SIZE;
    });
  }

  *#countLeft(): Steps {
    const { edges } = this.#graph;
    const missing = (ranks: Int32Array): number => {
      let count = 0;
      for (const rank of ranks) if (rank >= 0 && rank < this.#least) count++;
      return count;
    };
    this.left.processes = missing(this.#processes);
    this.left.connections = missing(this.#connections);
    this.left.files = missing(this.#files);
    yield;
    yield* eachRow(edges.limit, (edge) => {
      if (!edges.isLive(edge) || this.edge(edge)) return;
      this.left.edges++;
      this.cut[edges.process.get(edge)] = 1;
    });
  }

  /** Adds the bytes of everything but edges by rank. */
  *#weigh(bytes: Float64Array): Steps {
    const { files, marks } = this.#graph;
    const sizes = this.#sizes;
    const add = (rank: number, size: number): void => {
      if (rank >= 0) bytes[rank] = (bytes[rank] as number) + size;
    };
    const count = (ranks: Int32Array, size: (row: number) => number): Steps =>
      eachRow(ranks.length, (row) => {
        const rank = ranks[row] as number;
        if (rank >= 0) add(rank, size(row));
      });
    yield* count(this.#processes, sizes.process);
    yield* count(this.#images, sizes.image);
    yield* count(this.#files, (row) => sizes.file(row) * (files.has(row, FILE_FLAG.FOUND) ? 2 : 1));
    yield* count(this.#connections, sizes.connection);
    yield* count(this.#channels, () => STATE_CHANNEL.SIZE);
    yield* eachRow(marks.limit, (mark) => {
      if (marks.isLive(mark)) add(this.#processes[marks.process.get(mark)] as number, sizes.mark(mark));
    });
    let names = 0;
    for (const [path, file] of files.otherNames()) {
      add(this.#files[file] as number, sizes.name(path));
      if (++names % STRIDE === 0) yield;
    }
  }
}

/** The least rank that is kept whole, and the bytes that are left for the one below. */
function threshold(bytes: Float64Array, limitBytes: number): { readonly least: number; readonly left: number } {
  let left = limitBytes;
  for (let rank = RANKS - 1; rank >= 0; rank--) {
    const size = bytes[rank] as number;
    if (size > left) return { least: rank + 1, left };
    left -= size;
  }
  return { least: 0, left };
}

/** Whether that changed anything. */
function raise(ranks: Int32Array, row: number, rank: number): boolean {
  if (row === NONE || (ranks[row] as number) >= rank) return false;
  ranks[row] = rank;
  return true;
}

function* eachRow(limit: number, visit: (row: number) => void): Steps {
  for (let from = 0; from < limit; from += STRIDE) {
    for (let row = from; row < Math.min(from + STRIDE, limit); row++) visit(row);
    yield;
  }
}
