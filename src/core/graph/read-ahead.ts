import { BYTES, FILE, HDR, IMAGE, KIND, OPEN_FLAG, SOCK } from "../wire/layout.gen.ts";
import type { StringTable } from "../wire/strings.ts";
import { tupleHash } from "./connections.ts";
import { EDGE, edgeHash } from "./edges.ts";
import { fileHash } from "./files.ts";
import type { Graph } from "./graph.ts";
import { keyedHash2 } from "./hash-index.ts";
import { NONE } from "./indexes.ts";
import { processWord, tgidHash } from "./processes.ts";

/** Rows looked at together. */
const GROUP = 256;
/** Objects that are new in a group are known again, but for those whose hashes meet in one of so many places; a power of 2. */
const NEW_ONES = 64;
/** With fewer the tables are in the processor's caches as they are. */
const MANY_EDGES = 1 << 16;

/** Rows of one group that name a kind of object, and what is found for them on the way. */
class Ahead {
  count = 0;
  readonly hashes = new Int32Array(GROUP);
  readonly kinds = new Int32Array(GROUP);
  /** The wire strings of the rows' paths. */
  readonly paths = new Int32Array(GROUP);
  /** `Processes.word` of the rows' processes. */
  readonly words = new Int32Array(GROUP);
  readonly objects = new Int32Array(GROUP);
  readonly edges = new Int32Array(GROUP);
  /** Where in the batch the rows begin. */
  readonly rows = new Int32Array(GROUP + 1);
  /** The rows that named a new object, by its hash. */
  readonly #named = new Int32Array(NEW_ONES);

  add(row: number, hash: number, kind: number, word: number, path: number): void {
    const at = this.count++;
    this.rows[at] = row;
    this.hashes[at] = hash;
    this.kinds[at] = kind;
    this.words[at] = word;
    this.paths[at] = path;
  }

  /** Tells those whose object is new which row of its table it will have; `hashes` are of the objects still. */
  foresee(table: { upcoming(others: number): number }): void {
    const { objects, hashes, count } = this;
    const named = this.#named.fill(NONE);
    for (let i = 0, many = 0; i < count; i++) {
      if (objects[i] !== NONE) continue;
      const hash = hashes[i] as number;
      const before = named[hash & (NEW_ONES - 1)] as number;
      if (before !== NONE && hashes[before] === hash) objects[i] = objects[before] as number;
      else {
        objects[i] = table.upcoming(many++);
        named[hash & (NEW_ONES - 1)] = i;
      }
    }
  }
}

/**
 * In a large graph a row waits for memory, not for the processor: what it looks up may lie anywhere. So rows are looked at ahead, one step
 * of the way for a whole group before the next, in loops so short that the processor fetches many at once. Changes nothing, and what it
 * sees may be out of date when the row's turn comes.
 */
export class ReadAhead {
  readonly #files = new Ahead();
  readonly #sockets = new Ahead();
  readonly #tuples = new Int32Array(GROUP);
  readonly #tgids = new Int32Array(GROUP);
  readonly #kept = new Int32Array(GROUP);
  readonly #toldTexts = new Int32Array(GROUP);
  /** What of the files is told next. */
  #told = 0;
  /** The next row of which something is told. */
  row = 0;
  /** What was read: without it the reads would be left out as useless. */
  seen = 0;

  /** Looks at rows of a batch from a word on. Returns the word behind the last of them. */
  look(graph: Graph, words: Uint32Array, from: number, end: number): number {
    this.row = end;
    if (graph.edges.count < MANY_EDGES) return end;
    const files = this.#files;
    const sockets = this.#sockets;
    files.count = sockets.count = 0;
    let tuples = 0;
    let tgids = 0;
    let lastTgid = 0;
    let lastStart = 0;
    let process = 0;
    let lastIno = 0;
    let lastEdge = NONE;
    let lastProcess = 0;
    let at = from;
    for (let row = 0; row < GROUP && at + HDR.SIZE / 4 <= end; row++) {
      const head = words[at] as number;
      const kind = head & 0xffff;
      const size = head >>> 18;
      if (size < HDR.SIZE / 4 || at + size > end) break;
      const tgid = words[at + HDR.tgid / 4] as number;
      const start = words[at + HDR.start / 4] as number;
      if (tgid !== lastTgid) this.#tgids[tgids++] = tgidHash(tgid);
      if (tgid !== lastTgid || start !== lastStart) process = processWord(tgid, start);
      lastTgid = tgid;
      lastStart = start;
      const edge = fileEdge(kind, words, at);
      if (edge !== NONE) {
        const bytes = kind === KIND.BYTES;
        const ino = at + (bytes ? BYTES.ino : FILE.ino) / 4;
        const lo = words[ino] as number;
        // A file that is opened is read or written next, as a rule.
        if (lo !== lastIno || edge !== lastEdge || process !== lastProcess) {
          const dev = words[at + (bytes ? BYTES.dev : FILE.dev) / 4] as number;
          const generation = words[at + (bytes ? BYTES.gen : FILE.gen) / 4] as number;
          const path = bytes ? 0 : (words[at + FILE.path / 4] as number);
          files.add(at, fileHash(dev, generation, lo, words[ino + 1] as number), edge, process, path);
          lastIno = lo;
          lastEdge = edge;
          lastProcess = process;
        }
      } else if (kind === KIND.EXEC) {
        const ino = at + IMAGE.exeIno / 4;
        const dev = words[at + IMAGE.exeDev / 4] as number;
        const generation = words[at + IMAGE.exeGen / 4] as number;
        const hash = fileHash(dev, generation, words[ino] as number, words[ino + 1] as number);
        files.add(at, hash, EDGE.EXECUTED, process, 0);
        lastEdge = NONE;
      } else if (kind === KIND.CONNECT || kind === KIND.ACCEPT || kind === KIND.CLOSE) {
        const ino = at + SOCK.sock / 4;
        sockets.add(at, keyedHash2(words[ino] as number, words[ino + 1] as number), EDGE.SIDE_0, process, 0);
        if (kind !== KIND.CLOSE) this.#tuples[tuples++] = rowTuple(words, at);
      }
      at += size;
    }
    this.seen =
      graph.processes.index.touch(this.#tgids, tgids) ^ this.#lookAtFiles(graph) ^ this.#lookAtSockets(graph, tuples);
    files.rows[files.count] = end;
    this.#told = 0;
    this.row = files.rows[0] as number;
    return at > from ? at : end;
  }

  /** Tells the tables what was found for the row. */
  tell({ files, edges }: Graph): void {
    const at = this.#told++;
    this.row = this.#files.rows[at + 1] as number;
    files.expect(this.#files.objects[at] as number);
    edges.expect(this.#files.edges[at] as number);
  }

  #lookAtFiles({ files, edges, reader }: Graph): number {
    const { hashes, objects, edges: found, count } = this.#files;
    let seen = files.index.glance(hashes, count, objects) ^ files.flags.touch(objects, count);
    seen ^= this.#lookAtPaths(files, reader.strings);
    this.#files.foresee(files);
    seen ^= this.#lookAtEdges(edges, this.#files);
    for (let i = 0; i < count; i++) {
      // A new edge goes in front of the first of the file.
      if (found[i] === NONE) found[i] = files.firstReader(objects[i] as number);
    }
    return seen ^ edges.object.touch(found, count);
  }

  /** Of files that are named by another string than before, the texts are compared. */
  #lookAtPaths(files: Graph["files"], strings: StringTable): number {
    const { objects, paths, count } = this.#files;
    const kept = this.#kept;
    const told = this.#toldTexts;
    let many = 0;
    for (let i = 0; i < count; i++) {
      const row = objects[i] as number;
      const path = paths[i] as number;
      if (row === NONE || path === 0 || files.hasRead(row, strings, path)) continue;
      kept[many] = files.path.at(row);
      told[many++] = strings.at(path);
    }
    return files.path.touch(kept, many) ^ strings.heap.touch(told, many);
  }

  #lookAtSockets({ connections, edges }: Graph, tuples: number): number {
    const sockets = this.#sockets;
    const { hashes, objects, kinds, edges: found, count } = sockets;
    let seen = connections.inodes.glance(hashes, count, objects);
    seen ^= connections.tuples.touch(this.#tuples, tuples) ^ connections.inoLo.touch(objects, count);
    for (let i = 0; i < count; i++) {
      const end = objects[i] as number;
      kinds[i] = EDGE.SIDE_0 + (end === NONE ? 0 : end & 1);
      objects[i] = end >> 1;
    }
    sockets.foresee(connections);
    seen ^= this.#lookAtEdges(edges, sockets);
    return seen ^ edges.object.touch(found, count);
  }

  #lookAtEdges(edges: Graph["edges"], { hashes, kinds, words, objects, edges: found, count }: Ahead): number {
    for (let i = 0; i < count; i++) hashes[i] = edgeHash(kinds[i] as number, words[i] as number, objects[i] as number);
    return edges.index.glance(hashes, count, found);
  }
}

function rowTuple(words: Uint32Array, at: number): number {
  const ports = words[at + SOCK.lport / 4] as number;
  const proto = ((words[at + (SOCK.proto >> 2)] as number) >>> ((SOCK.proto & 3) * 8)) & 0xff;
  return tupleHash(proto, words, at + SOCK.laddr / 4, ports & 0xffff, ports >>> 16);
}

function fileEdge(kind: number, words: Uint32Array, at: number): number {
  switch (kind) {
    case KIND.OPEN:
      return ((words[at + FILE.open / 4] as number) & (OPEN_FLAG.WRITE | OPEN_FLAG.CREATED)) !== 0
        ? EDGE.WROTE
        : EDGE.READ;
    case KIND.READ:
      return EDGE.READ;
    case KIND.WRITE:
      return EDGE.WROTE;
    case KIND.BYTES:
      return words[at + BYTES.write / 4] === 0 ? EDGE.READ : EDGE.WROTE;
    default:
      return NONE;
  }
}
