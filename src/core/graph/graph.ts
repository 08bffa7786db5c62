import { BatchReader } from "../wire/decode.ts";
import { FLAG, HDR, KIND } from "../wire/layout.gen.ts";
import { Accepts } from "./accepts.ts";
import { AddressNames } from "./address-names.ts";
import { Changes } from "./changes.ts";
import { Channels } from "./channels.ts";
import { Clock } from "./clock.ts";
import { Connections } from "./connections.ts";
import { EDGE_FLAG, Edges } from "./edges.ts";
import { FILE_FLAG, Files } from "./files.ts";
import { Images } from "./images.ts";
import type { FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { ingestDns } from "./ingest-dns.ts";
import { ingestBytes, ingestFile, ingestUse } from "./ingest-file.ts";
import { ingestMarked } from "./ingest-marked.ts";
import { ingestPass } from "./ingest-pass.ts";
import { ingestPath } from "./ingest-path.ts";
import { ingestPipe } from "./ingest-pipe.ts";
import { ingestCgroup, ingestCred, ingestExit, ingestFork, ingestImage } from "./ingest-process.ts";
import { ingestReach } from "./ingest-reach.ts";
import { ingestSocket } from "./ingest-socket.ts";
import { Restore } from "./ingest-state.ts";
import { ingestUnix } from "./ingest-unix.ts";
import { ingestLoss, ingestMark, ingestTick } from "./ingest-usage.ts";
import { markExit, revive } from "./lifecycle.ts";
import { Marks } from "./marks.ts";
import { Passing } from "./passing.ts";
import { PROCESS_FLAG, Processes } from "./processes.ts";
import { Queue } from "./queue.ts";
import { ReadAhead } from "./read-ahead.ts";
import { SharedTexts } from "./shared-texts.ts";
import { Texts } from "./texts.ts";

/** Counts of rows the memory limit made us forget. */
export interface Forgotten {
  processes: number;
  connections: number;
  files: number;
  edges: number;
}

/**
 * The causal graph: tables, and batches put into them. Everything here is state of the machine as the records tell it; questions are
 * asked by src/core/query and src/core/origin. Rows may come late, twice or never.
 */
export class Graph {
  readonly reader = new BatchReader();
  readonly clock = new Clock();
  readonly texts = new Texts();
  readonly sharedTexts = new SharedTexts();
  readonly processes = new Processes(this.sharedTexts);
  readonly images = new Images(this.texts, this.sharedTexts);
  readonly files = new Files(this.texts);
  readonly connections = new Connections();
  readonly channels = new Channels();
  readonly marks = new Marks(this.processes.marks);
  /** What each process accepted. */
  readonly accepts = new Accepts();
  /** Descriptors on their way from one process to another. */
  readonly passing = new Passing();
  /** What addresses were called by who asked. */
  readonly names = new AddressNames();
  readonly edges: Edges;
  readonly changes = new Changes();
  /** Records since the start, without marks and loss reports. */
  events = 0;
  /** Records that were not delivered, by kind number. */
  readonly lost = new Map<number, number>();
  readonly forgotten: Forgotten = { processes: 0, connections: 0, files: 0, edges: 0 };

  /** Ids in the order in which they are forgotten (retain.ts): exited processes, ended connections, pipes. */
  readonly exited = new Queue();
  readonly closed = new Queue();
  readonly pipes = new Queue();
  /** Each file is in one of two: not known to be written when it was queued, and the rest. */
  readonly readFiles = new Queue();
  readonly otherFiles = new Queue();
  /** Ids of connections whose client side is a guess until the listeners are known. */
  readonly guessed: number[] = [];
  /** Ids of those that exited since the last batch and have ancestors and children (lines.ts). */
  readonly lines: number[] = [];
  /** The program that captures; 0 = not told. */
  monitorPid = 0;
  /** Which process another called by the pid it has in their namespace: the last that was looked for. */
  readonly lastNamed = { actorId: NONE as number, nsPid: 0, targetId: NONE as number };
  /** cgroup id -> path. */
  readonly cgroupPaths = new Map<number, string>();

  snapshot = 0;
  /** NaN = never. A field that turned from a whole number into another would give the next graph another shape, and undo what was compiled. */
  snapshotBeganNs = Number.NaN;
  /** Refreshes of usage and of sockets that are complete, and when the last one was. */
  tickRefresh = 0;
  tickRefreshNs = Number.NaN;
  socketRefresh = 0;
  socketRefreshNs = Number.NaN;

  readonly #ahead = new ReadAhead();
  /** Takes in the next checkpoint. One is kept when it has: what was compiled for objects of which none is left the engine throws away. */
  #restore: Restore | undefined;
  #lastTgid = -1;
  #lastStartLo = 0;
  #lastStartHi = 0;
  #lastProcess: ProcessIndex = NONE;

  constructor() {
    const { processes, files, connections, channels } = this;
    const writers = [files.writers, files.writers, files.writers, files.writers];
    const writerCount = [files.writerCount, files.writerCount, files.writerCount, files.writerCount];
    this.edges = new Edges({
      word: processes.word,
      ofProcess: processes.edges,
      ofObject: [
        files.readers,
        files.readers,
        ...writers,
        connections.edges,
        connections.edges,
        channels.edges,
        channels.edges,
        processes.actors,
        processes.actors,
        processes.actors,
      ],
      degree: [
        files.readerCount,
        files.readerCount,
        ...writerCount,
        connections.edgeCount,
        connections.edgeCount,
        channels.edgeCount,
        channels.edgeCount,
        processes.actorCount,
        processes.actorCount,
        processes.actorCount,
      ],
      past: connections.pastEdges,
    });
  }

  /** Takes in one batch. Never throws on its contents; what could not be read is counted by the reader. */
  ingest(batch: Uint8Array): void {
    const reader = this.reader;
    if (!reader.open(batch)) return;
    this.clock.advance(reader.batchTimeNs, reader.batchWallMs);
    const ahead = this.#ahead;
    for (let seen = 0; reader.next(); ) {
      const { word } = reader;
      if (word >= seen) seen = ahead.look(this, reader.words, word, reader.endWord);
      if (word === ahead.row) ahead.tell(this);
      this.#row(reader);
    }
    this.#lastTgid = -1;
    this.texts.tidy();
  }

  /** Records lost, all kinds. */
  get lostTotal(): number {
    let total = 0;
    for (const count of this.lost.values()) total += count;
    return total;
  }

  /** The process of the row's header, made when unknown; NONE when the record has no owner. */
  rowProcess(reader: BatchReader): ProcessIndex {
    const tgid = reader.u32(HDR.tgid);
    const startLo = reader.lo(HDR.start);
    const startHi = reader.hi(HDR.start);
    if (tgid === this.#lastTgid && (startLo | 0) === this.#lastStartLo && startHi === this.#lastStartHi)
      return this.#lastProcess;
    if (tgid === 0 || (reader.flags & FLAG.NO_OWNER) !== 0) return NONE;
    const row = this.obtain(tgid, startLo, startHi, reader.timeNs(HDR.start));
    if (row === NONE) return NONE;
    const processes = this.processes;
    processes.seenSnapshot.set(row, this.snapshot);
    if (processes.has(row, PROCESS_FLAG.EXIT_INFERRED) && reader.timeNs(HDR.time) > processes.exitNs.get(row))
      revive(this, row);
    this.#lastTgid = tgid;
    this.#lastStartLo = startLo | 0;
    this.#lastStartHi = startHi;
    this.#lastProcess = row;
    return row;
  }

  /** The process with an identity, made when unknown. A start of 0 is "unknown": then the living process of that pid, or NONE. */
  obtain(tgid: number, startLo: number, startHi: number, startNs: number): ProcessIndex {
    const processes = this.processes;
    if (tgid === 0) return NONE;
    if (startLo === 0 && startHi === 0) return processes.living(tgid);
    const known = processes.find(tgid, startLo, startHi);
    if (known !== NONE) return known;
    const others = processes.withTgid(tgid);
    const row = processes.add(tgid, startLo, startHi, startNs);
    processes.seenSnapshot.set(row, this.snapshot);
    if (others.length > 0) this.#endOthers(row, others, startNs);
    this.#lastTgid = -1;
    return row;
  }

  /** A pid is used again only after its process is gone. */
  #endOthers(row: ProcessIndex, others: readonly ProcessIndex[], startNs: number): void {
    const { processes } = this;
    for (const other of others) {
      const otherStart = processes.startNs.get(other);
      if (otherStart > startNs) markExit(this, row, otherStart, true);
      else if (!processes.has(other, PROCESS_FLAG.EXITED)) markExit(this, other, startNs, true);
    }
  }

  /** Notes that a file was heard of, and sees that it can be forgotten. */
  fileHeard(file: FileIndex, timeNs: number): void {
    const { files } = this;
    if (timeNs > files.lastNs.get(file)) files.lastNs.set(file, timeNs);
    if (!files.has(file, FILE_FLAG.QUEUED)) this.readFiles.push(files.id(file));
    files.setFlag(file, FILE_FLAG.QUEUED | FILE_FLAG.RECENT);
  }

  /** Edge flags that say how the row was learned. */
  rowEdgeFlags(reader: BatchReader): number {
    const flags = reader.flags;
    if (flags === 0) return 0;
    return (
      ((flags & FLAG.BEFORE_START) !== 0 ? EDGE_FLAG.BEFORE_START : 0) |
      ((flags & FLAG.UNVERIFIED) !== 0 ? EDGE_FLAG.UNVERIFIED : 0) |
      ((flags & FLAG.POLLED) !== 0 ? EDGE_FLAG.POLLED : 0)
    );
  }

  #row(reader: BatchReader): void {
    switch (reader.kind) {
      case KIND.OPEN:
      case KIND.CHMOD:
        this.events++;
        ingestFile(this, reader);
        break;
      case KIND.READ:
      case KIND.WRITE:
        this.events++;
        ingestUse(this, reader);
        break;
      case KIND.BYTES:
        this.events++;
        ingestBytes(this, reader);
        break;
      case KIND.RENAME:
      case KIND.UNLINK:
      case KIND.LINK:
        this.events++;
        ingestPath(this, reader);
        break;
      case KIND.CRED:
        this.events++;
        ingestCred(this, reader);
        break;
      case KIND.CGROUP:
        this.events++;
        ingestCgroup(this, reader);
        break;
      case KIND.CONNECT:
      case KIND.ACCEPT:
      case KIND.LISTEN:
      case KIND.CLOSE:
      case KIND.SOCKET:
      case KIND.DATAGRAM:
        this.events++;
        ingestSocket(this, reader);
        break;
      case KIND.FORK:
        this.events++;
        ingestFork(this, reader);
        break;
      case KIND.EXEC:
      case KIND.PROCESS:
        this.events++;
        ingestImage(this, reader);
        break;
      case KIND.EXIT:
        this.events++;
        ingestExit(this, reader);
        break;
      case KIND.UNIX_CONNECT:
      case KIND.UNIX_ACCEPT:
      case KIND.UNIX_SOCKET:
        this.events++;
        ingestUnix(this, reader);
        break;
      case KIND.PIPE:
        this.events++;
        ingestPipe(this, reader);
        break;
      case KIND.INJECT:
      case KIND.SIGNAL:
        this.events++;
        ingestReach(this, reader);
        break;
      case KIND.MEMORY:
      case KIND.KERNEL:
      case KIND.NAMESPACE:
      case KIND.URING:
        this.events++;
        ingestMarked(this, reader);
        break;
      case KIND.FD_PASS:
        this.events++;
        ingestPass(this, reader);
        break;
      case KIND.DNS:
        this.events++;
        ingestDns(this, reader);
        break;
      case KIND.TICK:
        ingestTick(this, reader);
        break;
      case KIND.MARK:
        this.#lastTgid = -1;
        ingestMark(this, reader);
        break;
      case KIND.LOSS:
      case KIND.THROTTLED:
        ingestLoss(this, reader);
        break;
      case KIND.STATE_FILE:
      case KIND.STATE_CHANNEL:
      case KIND.STATE_CONNECTION:
      case KIND.STATE_IMAGE:
      case KIND.STATE_PROCESS:
      case KIND.STATE_EDGE:
      case KIND.STATE_FINDING:
      case KIND.STATE_LINK:
      case KIND.STATE_MARK:
      case KIND.STATE_NAME:
      case KIND.STATE_END:
        this.#lastTgid = -1;
        this.#restore ??= new Restore(this);
        if (!this.#restore.rows(reader)) this.#restore = new Restore(this);
        break;
      default:
        // Told apart by no part of the graph yet; it still shows that its process lives.
        this.events++;
        this.rowProcess(reader);
    }
  }
}
