import {
  STATE_CHANNEL,
  STATE_CONNECTION,
  STATE_EDGE,
  STATE_FILE,
  STATE_IMAGE,
  STATE_MARK,
  STATE_PROCESS,
} from "../wire/layout.gen.ts";
import { CONNECTION_FLAG } from "./connections.ts";
import { EDGE, isChannelKind, isFileKind } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Forgotten, Graph } from "./graph.ts";
import type { EdgeIndex, ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { PROCESS_FLAG } from "./processes.ts";
import { HUB } from "./provenance.ts";

/** Ranks of what is kept by its age, newest highest; above them those of what is kept before anything dated. */
const DATED = 1024;
const CLASS = { CHANNEL: 1, CONNECTION: 2, PROCESS: 3 } as const;
const RANKS = DATED * 4;
const MILLISECOND = 1e6;
/** A single's bits from here on are its exponent and the first five of its fraction: ages are told apart by 3 %. */
const FRACTION_BITS = 18;
const ONE = 127 << 5;
/** Rows between two pauses: some tenths of a millisecond. */
export const STRIDE = 2048;
/** Work that may pause wherever it yields, as long as the graph does not change meanwhile. */
type Steps = Generator<undefined, void, void>;
const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);
/** Length and padding of a string, and the rounding of a batch's header over its rows. */
export const TEXT_BYTES = 8;

/**
 * What of a graph goes into a checkpoint: living processes with their ancestors and what findings rest on, then open connections, then
 * pipes between the living, then everything else newest first, as far as the limit goes. A process comes with its ancestors and its
 * images, an edge with both of its ends.
 */
export class Selection {
  readonly #graph: Graph;
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
    this.#least = threshold(bytes, limitBytes);
    if (this.#least > 0) yield* this.#countLeft();
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
  #raise(row: ProcessIndex, rank: number): void {
    const { processes, edges } = this.#graph;
    const ranks = this.#processes;
    const waiting = [row];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (at === NONE || (ranks[at] as number) >= rank) continue;
      ranks[at] = rank;
      waiting.push(processes.parent.get(at));
      if (processes.actorCount.get(at) > HUB) continue;
      for (let edge = processes.actors.get(at); edge !== NONE; edge = edges.nextOfObject.get(edge))
        if (edges.kind.get(edge) !== EDGE.SIGNALLED) waiting.push(edges.process.get(edge));
    }
  }

  *#rankImages(): Steps {
    const { processes, images, files } = this.#graph;
    yield* eachRow(processes.limit, (row) => {
      const rank = this.#processes[row] as number;
      if (rank < 0) return;
      for (
        let image = processes.image.get(row);
        image !== NONE && (this.#images[image] as number) < rank;
        image = images.previous.get(image)
      ) {
        this.#images[image] = rank;
        raise(this.#files, files.row(images.fileId.get(image)), rank);
      }
    });
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
    if (kind === EDGE.EXECUTED) return most;
    if (kind === EDGE.SIDE_0 || kind === EDGE.SIDE_1) return Math.min(most, this.#connections[object] as number);
    if (kind === EDGE.INJECTED || kind === EDGE.PASSED) return Math.min(most, this.#processes[object] as number);
    if (kind === EDGE.SIGNALLED) return this.#signal(edge, Math.min(most, this.#processes[object] as number));
    // Where a finding looked stays.
    if (processes.has(process, PROCESS_FLAG.EVIDENCE)) return most;
    if (isFileKind(kind) && files.has(object, FILE_FLAG.EVIDENCE)) return most;
    const lastNs = edges.lastNs.get(edge);
    const pipe = isChannelKind(kind) && !processes.has(process, PROCESS_FLAG.EXITED);
    return Math.min(most, pipe ? this.#pinned(CLASS.CHANNEL, lastNs) : this.#dated(lastNs));
  }

  #signal(edge: EdgeIndex, most: number): number {
    return Math.min(most, this.#dated(this.#graph.edges.lastNs.get(edge)));
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
    const { processes, images, files, connections, marks } = this.#graph;
    const add = (rank: number, size: number): void => {
      if (rank >= 0) bytes[rank] = (bytes[rank] as number) + size;
    };
    const count = (ranks: Int32Array, size: number, text: (row: number) => number): Steps =>
      eachRow(ranks.length, (row) => {
        const rank = ranks[row] as number;
        if (rank >= 0) add(rank, size + text(row));
      });
    const length = (text: string): number => text.length + TEXT_BYTES;
    yield* count(this.#processes, STATE_PROCESS.SIZE, (row) => length(processes.comm.get(row)));
    yield* count(
      this.#images,
      STATE_IMAGE.SIZE,
      (row) =>
        length(images.exe.get(row)) +
        length(images.cwd.get(row)) +
        length(images.argv.get(row)) +
        length(images.script.get(row)) +
        length(images.env.get(row)),
    );
    yield* count(this.#files, STATE_FILE.SIZE, (row) => length(files.path.get(row)));
    yield* count(
      this.#connections,
      STATE_CONNECTION.SIZE,
      (row) => length(connections.path.get(row)) + length(connections.name.get(row)),
    );
    yield* count(this.#channels, STATE_CHANNEL.SIZE, () => 0);
    yield* eachRow(marks.limit, (mark) => {
      if (!marks.isLive(mark)) return;
      add(this.#processes[marks.process.get(mark)] as number, STATE_MARK.SIZE + length(marks.text.get(mark)));
    });
    let names = 0;
    for (const [path, file] of files.names()) {
      add(this.#files[file] as number, STATE_FILE.SIZE + length(path));
      if (++names % STRIDE === 0) yield;
    }
  }
}

/** The least rank that is kept. */
function threshold(bytes: Float64Array, limitBytes: number): number {
  let left = limitBytes;
  for (let rank = RANKS - 1; rank >= 0; rank--) {
    left -= bytes[rank] as number;
    if (left < 0) return rank + 1;
  }
  return 0;
}

function raise(ranks: Int32Array, row: number, rank: number): void {
  if (row !== NONE && (ranks[row] as number) < rank) ranks[row] = rank;
}

function* eachRow(limit: number, visit: (row: number) => void): Steps {
  for (let from = 0; from < limit; from += STRIDE) {
    for (let row = from; row < Math.min(from + STRIDE, limit); row++) visit(row);
    yield;
  }
}
