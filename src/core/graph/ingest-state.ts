import { CERTAINTIES, SEVERITIES } from "../query/certainty.ts";
import type { Certainty, Severity, Subject } from "../query/model.ts";
import type { BatchReader } from "../wire/decode.ts";
import {
  HDR,
  KIND,
  STATE_CHANNEL,
  STATE_CONNECTION,
  STATE_EDGE,
  STATE_END,
  STATE_FILE,
  STATE_FINDING,
  STATE_IMAGE,
  STATE_LINK,
  STATE_MARK,
  STATE_NAME,
  STATE_PROCESS,
} from "../wire/layout.gen.ts";
import { FOUND_BY, processFields } from "./checkpoint-rows.ts";
import { CONNECTION_FLAG, END_FLAG, STATE, TCP } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY, isChannelKind, isFileKind, isProcessKind } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import type { ConnectionIndex, EndIndex, FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { rememberCgroup } from "./ingest-process.ts";
import { PROCESS_FLAG } from "./processes.ts";
import { noteAccept } from "./roles.ts";
import type { Table } from "./table.ts";

/** A finding of a checkpoint, on its way to the detector. */
export interface RestoredFinding {
  readonly rule: string;
  readonly title: string;
  readonly reason: string;
  readonly severity: Severity;
  readonly techniques: readonly string[];
  readonly atNs: number;
  readonly certainty: Certainty;
  readonly key: string;
  readonly process: ProcessIndex;
  readonly chain: ProcessIndex[];
  readonly evidence: Subject[];
}

/** Of no table. Unlike NaN it leaves ids whole numbers, of which a row is found several times as fast. */
const NO_ID = -1;

/**
 * Puts the rows of a checkpoint back into the tables. A row must have the next number of its kind: after a part that is missing nothing
 * can be taken for something else. What refers to nothing known is left out.
 */
export class Restore {
  readonly #graph: Graph;
  /** Ids by number: what has no edges yet may be forgotten between two batches. The first is that of "none". */
  readonly #files: number[] = [NO_ID];
  readonly #channels: number[] = [NO_ID];
  readonly #connections: number[] = [NO_ID];
  readonly #processes: number[] = [NO_ID];
  /** Rows by number, held until the end. */
  readonly #images: number[] = [NONE];
  /** Rows this checkpoint made; what was there before keeps what is known of it. */
  readonly #made = new Set<ProcessIndex>();
  readonly #addresses = new Uint32Array(8);
  /** Ids that join the graph's queues at the end, in order. */
  readonly #forgettable = {
    files: [] as number[],
    channels: [] as number[],
    connections: [] as number[],
    processes: [] as number[],
  };
  readonly #processFields: ReturnType<typeof processFields>;
  #finding: RestoredFinding | undefined;
  /** Who the last edge is of, by what its row says. */
  readonly #actor = { tgid: 0, startLo: Number.NaN, startHi: 0, id: NO_ID };

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#processFields = processFields(graph);
  }

  /** A row of a STATE kind, of the frequent ones with those behind it; false when it was the last. */
  rows(reader: BatchReader): boolean {
    switch (reader.kind) {
      case KIND.STATE_FILE:
        do this.#file(reader);
        while (reader.nextOf(KIND.STATE_FILE));
        return true;
      case KIND.STATE_CHANNEL:
        this.#channel(reader);
        return true;
      case KIND.STATE_CONNECTION:
        do this.#connection(reader);
        while (reader.nextOf(KIND.STATE_CONNECTION));
        return true;
      case KIND.STATE_IMAGE:
        this.#image(reader);
        return true;
      case KIND.STATE_PROCESS:
        this.#process(reader);
        return true;
      case KIND.STATE_EDGE:
        do this.#edge(reader);
        while (reader.nextOf(KIND.STATE_EDGE));
        return true;
      case KIND.STATE_FINDING:
        this.#beginFinding(reader);
        return true;
      case KIND.STATE_LINK:
        this.#link(reader);
        return true;
      case KIND.STATE_MARK:
        this.#mark(reader);
        return true;
      case KIND.STATE_NAME:
        this.#name(reader);
        return true;
      default:
        this.#end(reader);
        return false;
    }
  }

  #file(reader: BatchReader): void {
    const { files } = this.#graph;
    const { words, word } = reader;
    const number = words[word + STATE_FILE.number / 4] as number;
    if (words[word + STATE_FILE.named / 4] !== 0) {
      const row = rowOf(files, this.#files, number);
      if (row !== NONE) files.readName(row, reader.strings, reader.u32(STATE_FILE.path));
      return;
    }
    if (number !== this.#files.length) return;
    const dev = words[word + STATE_FILE.dev / 4] as number;
    const generation = words[word + STATE_FILE.gen / 4] as number;
    const lo = words[word + STATE_FILE.ino / 4] as number;
    const hi = words[word + STATE_FILE.ino / 4 + 1] as number;
    const byPath = lo === 0 && hi === 0;
    const known = byPath ? NONE : files.find(dev, generation, lo, hi);
    const row = known === NONE ? this.#addFile(reader, byPath) : known;
    this.#files.push(files.id(row));
  }

  #addFile(reader: BatchReader, byPath: boolean): FileIndex {
    const { files } = this.#graph;
    const flags = reader.u32(STATE_FILE.flags);
    const firstNs = reader.timeNs(STATE_FILE.first);
    const [lo, hi] = halves(reader, STATE_FILE.ino);
    const row = byPath
      ? files.addUnseen(firstNs)
      : files.add(reader.u32(STATE_FILE.dev), reader.u32(STATE_FILE.gen), lo, hi, firstNs);
    files.readPath(row, reader.strings, reader.u32(STATE_FILE.path));
    if ((flags & FILE_FLAG.AWAITED) !== 0) files.awaitInode(row);
    files.lastNs.set(row, reader.timeNs(HDR.time));
    // Which paths lead to it is told by rows of their own.
    files.setFlag(row, flags & ~FILE_FLAG.FOUND);
    if ((flags & FILE_FLAG.QUEUED) !== 0) this.#forgettable.files.push(files.id(row));
    return row;
  }

  #channel(reader: BatchReader): void {
    const { channels } = this.#graph;
    if (reader.u32(STATE_CHANNEL.number) !== this.#channels.length) return;
    const [lo, hi] = halves(reader, STATE_CHANNEL.ino);
    const row = channels.add(lo, hi, reader.timeNs(HDR.time));
    this.#forgettable.channels.push(channels.id(row));
    if (reader.u32(STATE_CHANNEL.indexed) === 0) channels.retire(row);
    this.#channels.push(channels.id(row));
  }

  #connection(reader: BatchReader): void {
    const { connections } = this.#graph;
    const { words, word } = reader;
    if (words[word + STATE_CONNECTION.number / 4] !== this.#connections.length) return;
    const family = words[word + STATE_CONNECTION.family / 4] as number;
    const proto = (family >>> 16) & 0xff;
    const state = family >>> 24;
    const flags = words[word + STATE_CONNECTION.flags / 4] as number;
    const row = connections.add(family & 0xffff, proto, reader.timeNs(HDR.time));
    const id = connections.id(row);
    this.#connections.push(id);
    connections.netns.set(row, words[word + STATE_CONNECTION.netns / 4] as number);
    connections.error.set(row, words[word + STATE_CONNECTION.err / 4] as number);
    connections.setPath(row, reader.text(STATE_CONNECTION.path));
    connections.setName(row, reader.text(STATE_CONNECTION.name), false);
    const ports = word + STATE_CONNECTION.port / 4;
    const [localPort, remotePort] = this.#tuple(words, word + STATE_CONNECTION.addr / 4, ports);
    connections.setTuple(2 * row, this.#addresses, localPort, remotePort);
    this.#connectionEnd(reader, 2 * row, 0);
    this.#connectionEnd(reader, 2 * row + 1, 1);
    if (state === STATE.LISTEN) connections.setListening(row);
    else connections.state.set(row, state);
    const client = (words[word + STATE_CONNECTION.client / 4] as number) & 1;
    connections.clientSide.set(row, client);
    const pair = word + STATE_CONNECTION.pair / 4;
    connections.setPair(row, words[pair] as number, words[pair + 1] as number);
    this.#translation(words, word, 2 * row + 1 - client);
    connections.flags.set(row, flags);
    const closed = (flags & CONNECTION_FLAG.CLOSED) !== 0;
    if (closed) {
      const closedNs = reader.timeNs(STATE_CONNECTION.closed);
      connections.closedNs.set(row, Math.max(closedNs, connections.openedNs.get(row)));
    }
    const flow = !connections.isUnix(row) && proto !== TCP;
    if (closed || flow) this.#forgettable.connections.push(id);
    if ((flags & CONNECTION_FLAG.DIRECTION_GUESSED) !== 0) this.#graph.guessed.push(id);
  }

  #translation(words: Uint32Array, word: number, server: EndIndex): void {
    const ports = word + STATE_CONNECTION.seenPort / 4;
    if (words[ports] === 0) return;
    const [localPort, remotePort] = this.#tuple(words, word + STATE_CONNECTION.seenAddr / 4, ports);
    if (localPort === 0 || remotePort === 0) return;
    this.#graph.connections.translate(server, this.#addresses, localPort, remotePort);
  }

  /** The ports of a tuple; its addresses go to #addresses. */
  #tuple(words: Uint32Array, from: number, ports: number): readonly [localPort: number, remotePort: number] {
    for (let i = 0; i < 8; i++) this.#addresses[i] = words[from + i] as number;
    return [(words[ports] as number) & 0xffff, (words[ports + 1] as number) & 0xffff];
  }

  #connectionEnd(reader: BatchReader, end: EndIndex, side: number): void {
    const { connections } = this.#graph;
    const { words, word } = reader;
    const inode = word + STATE_CONNECTION.ino / 4 + 2 * side;
    const inoLo = words[inode] as number;
    const inoHi = words[inode + 1] as number;
    const kernel = word + STATE_CONNECTION.end / 4 + 2 * side;
    const indexed = words[word + STATE_CONNECTION.indexed / 4 + side] as number;
    const endFlags = words[word + STATE_CONNECTION.endFlags / 4 + side] as number;
    const taken = connections.byInode(inoLo, inoHi) !== NONE;
    connections.endFlags.set(end, endFlags);
    if ((endFlags & END_FLAG.KNOWN) !== 0) connections.setInode(end, inoLo, inoHi);
    connections.unixEnds.setAddress(end, words[kernel] as number, words[kernel + 1] as number);
    if ((indexed & FOUND_BY.KERNEL_ADDRESS) === 0) connections.unixEnds.retire(end);
    const tcp = connections.proto.get(end >> 1) === TCP;
    const open = (endFlags & END_FLAG.CLOSED) === 0;
    if (taken || !open || (!tcp && (indexed & FOUND_BY.INODE) === 0)) {
      // What takes its inode out of the index. An open socket of TCP is always in it: one whose inode is another's is not open.
      connections.closeEnd(end);
      if (!tcp || !taken) connections.endFlags.set(end, endFlags);
    }
    connections.txBytes.set(end, reader.number(STATE_CONNECTION.tx + 8 * side));
    connections.rxBytes.set(end, reader.number(STATE_CONNECTION.rx + 8 * side));
    connections.unixEnds.setCredTgid(end, words[word + STATE_CONNECTION.credTgid / 4 + side] as number);
    const sampledNs = maybe(reader, STATE_CONNECTION.sampled + 8 * side);
    if (Number.isNaN(sampledNs)) return;
    const { samples } = connections;
    const sample = samples.obtain(end);
    samples.atNs.set(sample, sampledNs);
    samples.refresh.set(sample, words[word + STATE_CONNECTION.refresh / 4 + side] as number);
    samples.txRate.set(sample, reader.f64(STATE_CONNECTION.txRate + 8 * side));
    samples.rxRate.set(sample, reader.f64(STATE_CONNECTION.rxRate + 8 * side));
  }

  #image(reader: BatchReader): void {
    const { images, processes, files } = this.#graph;
    if (reader.u32(STATE_IMAGE.number) !== this.#images.length) return;
    const previous = this.#images[reader.u32(STATE_IMAGE.previous)] ?? NONE;
    const executor = this.#obtain(reader);
    if (previous !== NONE) images.hold(previous);
    const processId = executor === NONE ? Number.NaN : processes.id(executor);
    const row = images.add(processId, previous, reader.timeNs(HDR.time));
    images.read(row, reader, STATE_IMAGE);
    this.#images.push(row);
    const file = rowOf(files, this.#files, reader.u32(STATE_IMAGE.file));
    if (file !== NONE) images.fileId.set(row, files.id(file));
    images.flags.set(row, reader.u32(STATE_IMAGE.image));
    images.known.set(row, reader.u32(STATE_IMAGE.known));
    images.stdio.set(row, reader.u32(STATE_IMAGE.stdio));
  }

  #process(reader: BatchReader): void {
    const graph = this.#graph;
    const { processes, images } = graph;
    if (reader.u32(STATE_PROCESS.number) !== this.#processes.length) return;
    const row = this.#obtain(reader);
    this.#processes.push(row === NONE ? NO_ID : processes.id(row));
    if (!this.#made.delete(row)) return;
    const flags = reader.u32(STATE_PROCESS.flags);
    const others = this.#hasLivingNamesake(row);
    const exited = (flags & PROCESS_FLAG.EXITED) !== 0;
    processes.flags.set(row, others && !exited ? flags | PROCESS_FLAG.EXITED | PROCESS_FLAG.EXIT_INFERRED : flags);
    if (processes.has(row, PROCESS_FLAG.EXITED)) {
      processes.exitNs.set(row, Math.max(processes.startNs.get(row), exited ? reader.timeNs(HDR.time) : 0));
      this.#forgettable.processes.push(processes.id(row));
    }
    for (const [offset, field] of this.#processFields) field.set(row, reader.u32(offset));
    const [parentLo, parentHi] = halves(reader, STATE_PROCESS.parentStart);
    const parent = processes.find(reader.u32(STATE_PROCESS.parentTgid), parentLo, parentHi);
    if (parent !== NONE) processes.setParent(row, parent);
    const image = this.#images[reader.u32(STATE_PROCESS.image)] ?? NONE;
    if (image !== NONE) {
      images.hold(image);
      processes.image.set(row, image);
    }
    const cgroup = reader.number(STATE_PROCESS.cgroup);
    const path = reader.text(STATE_PROCESS.cgroupPath);
    processes.cgroup.set(row, cgroup);
    processes.cgroupPath.set(row, path);
    rememberCgroup(graph, cgroup, path);
    processes.comm.set(row, reader.text(STATE_PROCESS.comm));
    processes.cpuNs.set(row, reader.number(STATE_PROCESS.cpuNs));
    processes.cpuPercent.set(row, reader.f64(STATE_PROCESS.cpuPercent));
    processes.rssBytes.set(row, reader.number(STATE_PROCESS.rssBytes));
    processes.readBytes.set(row, reader.number(STATE_PROCESS.readBytes));
    processes.writeBytes.set(row, reader.number(STATE_PROCESS.writeBytes));
    processes.sampleNs.set(row, maybe(reader, STATE_PROCESS.sampled));
    processes.sampleRefresh.set(row, reader.u32(STATE_PROCESS.refresh));
  }

  #edge(reader: BatchReader): void {
    const graph = this.#graph;
    const { edges, processes } = graph;
    const { words, word } = reader;
    const what = words[word + STATE_EDGE.flags / 4] as number;
    const kind = (what >>> 16) & 0xff;
    const family = what >>> 24;
    const process = this.#edgeProcess(words, word);
    const object = this.#object(kind, words[word + STATE_EDGE.object / 4] as number);
    if (process === NONE || object === NONE) return;
    const lastNs = reader.timeNs(HDR.time);
    const edge = edges.touch(kind, process, object, lastNs, what & 0xffff & ~EDGE_FLAG.PAST);
    if (!edges.added) return;
    const firstNs = Math.min(lastNs, reader.timeNs(STATE_EDGE.first));
    const times = words[word + STATE_EDGE.times / 4] as number;
    edges.tell(edge, firstNs, times, words[word + STATE_EDGE.detail / 4] as number);
    if (kind !== EDGE.SIDE_0 && kind !== EDGE.SIDE_1) return;
    noteAccept(graph, edge);
    if (family === FAMILY.CLOSED) edges.moveTo(edge, family);
    else if (processes.has(process, PROCESS_FLAG.EXITED)) edges.retire(edge);
  }

  /** Edges of a process come together. */
  #edgeProcess(words: Uint32Array, word: number): ProcessIndex {
    const { processes } = this.#graph;
    const actor = this.#actor;
    const tgid = words[word + HDR.tgid / 4] as number;
    const startLo = words[word + HDR.start / 4] as number;
    const startHi = words[word + HDR.start / 4 + 1] as number;
    if (actor.id !== NO_ID && actor.tgid === tgid && actor.startLo === startLo && actor.startHi === startHi)
      return processes.row(actor.id);
    const row = processes.find(tgid, startLo, startHi);
    actor.tgid = tgid;
    actor.startLo = startLo;
    actor.startHi = startHi;
    actor.id = row === NONE ? NO_ID : processes.id(row);
    return row;
  }

  #mark(reader: BatchReader): void {
    const { marks, processes } = this.#graph;
    const process = processes.find(reader.u32(HDR.tgid), reader.lo(HDR.start), reader.hi(HDR.start));
    if (process === NONE) return;
    const lastNs = reader.timeNs(HDR.time);
    const mark = marks.touch(reader.u16(STATE_MARK.kind), process, lastNs, reader.u16(STATE_MARK.how));
    if (!marks.added) return;
    const times = reader.u32(STATE_MARK.times);
    marks.times.set(mark, times);
    marks.failed.set(mark, Math.min(times, reader.u32(STATE_MARK.failed)));
    marks.firstNs.set(mark, Math.min(lastNs, reader.timeNs(STATE_MARK.first)));
    marks.bitsLo.set(mark, reader.lo(STATE_MARK.bits));
    marks.bitsHi.set(mark, reader.hi(STATE_MARK.bits));
    marks.setText(mark, reader.text(STATE_MARK.text));
  }

  #name(reader: BatchReader): void {
    const { names, processes } = this.#graph;
    const tgid = reader.u32(HDR.tgid);
    const process = processes.find(tgid, reader.lo(HDR.start), reader.hi(HDR.start));
    if (tgid !== 0 && process === NONE) return;
    for (let word = 0; word < 4; word++) this.#addresses[word] = reader.u32(STATE_NAME.addr + 4 * word);
    const processId = process === NONE ? Number.NaN : processes.id(process);
    names.restore(processId, this.#addresses, 0, reader.text(STATE_NAME.name));
  }

  #beginFinding(reader: BatchReader): void {
    const { processes, changes } = this.#graph;
    this.#finding = undefined;
    const process = processes.find(reader.u32(HDR.tgid), reader.lo(HDR.start), reader.hi(HDR.start));
    const severity = SEVERITIES[reader.u32(STATE_FINDING.severity)];
    const certainty = CERTAINTIES[reader.u32(STATE_FINDING.certainty)];
    if (process === NONE || severity === undefined || certainty === undefined) return;
    const techniques = reader.text(STATE_FINDING.techniques);
    this.#finding = {
      rule: reader.text(STATE_FINDING.rule),
      title: reader.text(STATE_FINDING.title),
      reason: reader.text(STATE_FINDING.reason),
      severity,
      techniques: techniques === "" ? [] : techniques.split("\0"),
      atNs: reader.timeNs(HDR.time),
      certainty,
      key: reader.text(STATE_FINDING.key),
      process,
      chain: [],
      evidence: [],
    };
    changes.findings.push(this.#finding);
  }

  #link(reader: BatchReader): void {
    const { processes, connections, files, channels } = this.#graph;
    const number = reader.u32(STATE_LINK.number);
    const kind = reader.u32(STATE_LINK.kind);
    const [subject, table, numbers] =
      kind === KIND.STATE_PROCESS
        ? (["process", processes, this.#processes] as const)
        : kind === KIND.STATE_CONNECTION
          ? (["connection", connections, this.#connections] as const)
          : kind === KIND.STATE_FILE
            ? (["file", files, this.#files] as const)
            : (["channel", channels, this.#channels] as const);
    const row = rowOf(table, numbers, number);
    if (this.#finding === undefined || row === NONE) return;
    if (reader.u32(STATE_LINK.role) !== 0) this.#finding.evidence.push({ kind: subject, id: table.id(row) });
    else if (subject === "process") this.#finding.chain.push(row);
  }

  #end(reader: BatchReader): void {
    const graph = this.#graph;
    const { images, forgotten } = graph;
    // Images were held by their numbers; from now on by processes and later images alone.
    for (const image of this.#images) if (image !== NONE) images.release(image);
    for (const process of this.#made) this.#endUntold(process);
    graph.monitorPid = reader.u32(HDR.tgid);
    graph.events += reader.number(STATE_END.events);
    graph.snapshot = reader.u32(STATE_END.snapshot);
    graph.snapshotBeganNs = maybe(reader, STATE_END.snapshotBegun);
    graph.tickRefresh = reader.u32(STATE_END.tick);
    graph.tickRefreshNs = maybe(reader, STATE_END.ticked);
    graph.socketRefresh = reader.u32(STATE_END.socketsTick);
    graph.socketRefreshNs = maybe(reader, STATE_END.socketsTicked);
    forgotten.processes += reader.number(STATE_END.forgottenProcesses);
    forgotten.connections += reader.number(STATE_END.forgottenConnections);
    forgotten.files += reader.number(STATE_END.forgottenFiles);
    forgotten.edges += reader.number(STATE_END.forgottenEdges);
    this.#queue();
  }

  /** Of a process that only its images or edges named no row came: it is gone where another of its pid lives. */
  #endUntold(process: ProcessIndex): void {
    const { processes } = this.#graph;
    if (!this.#hasLivingNamesake(process)) return;
    processes.setFlag(process, PROCESS_FLAG.EXITED | PROCESS_FLAG.EXIT_INFERRED);
    processes.exitNs.set(process, processes.startNs.get(process));
    this.#forgettable.processes.push(processes.id(process));
  }

  /** Whether another process of its pid lives. */
  #hasLivingNamesake(process: ProcessIndex): boolean {
    const { processes } = this.#graph;
    const lives = (one: ProcessIndex): boolean => one !== process && !processes.has(one, PROCESS_FLAG.EXITED);
    return processes.withTgid(processes.tgid.get(process)).some(lives);
  }

  /** Who is forgotten first stands first. */
  #queue(): void {
    const { processes, connections, channels, files, exited, closed, pipes, readFiles } = this.#graph;
    const forgettable = this.#forgettable;
    exited.pushInOrder(forgettable.processes, (id) => processes.exitNs.get(processes.row(id)));
    closed.pushInOrder(forgettable.connections, (id) => endOf(this.#graph, connections.row(id)));
    pipes.pushInOrder(forgettable.channels, (id) => channels.firstNs.get(channels.row(id)));
    readFiles.pushInOrder(forgettable.files, (id) => files.lastNs.get(files.row(id)));
  }

  /** The process of the row's header; made, and remembered as made, when unknown. NONE when the row has none. */
  #obtain(reader: BatchReader): ProcessIndex {
    const { processes } = this.#graph;
    const tgid = reader.u32(HDR.tgid);
    if (tgid === 0) return NONE;
    const known = processes.find(tgid, reader.lo(HDR.start), reader.hi(HDR.start));
    if (known !== NONE) return known;
    const row = processes.add(tgid, reader.lo(HDR.start), reader.hi(HDR.start), reader.timeNs(HDR.start));
    this.#made.add(row);
    return row;
  }

  #object(kind: number, number: number): number {
    const { files, connections, channels, processes } = this.#graph;
    if (kind > EDGE.PASSED) return NONE;
    if (isFileKind(kind)) return rowOf(files, this.#files, number);
    if (isProcessKind(kind)) return rowOf(processes, this.#processes, number);
    if (isChannelKind(kind)) return rowOf(channels, this.#channels, number);
    return rowOf(connections, this.#connections, number);
  }
}

/** The row of a number; NONE when there is none, or it is forgotten. */
function rowOf(table: Table, ids: readonly number[], number: number): number {
  const id = number < ids.length ? (ids[number] as number) : NO_ID;
  return id === NO_ID ? NONE : table.row(id);
}

function endOf({ connections }: Graph, row: ConnectionIndex): number {
  return connections.has(row, CONNECTION_FLAG.CLOSED) ? connections.closedNs.get(row) : connections.openedNs.get(row);
}

function halves(reader: BatchReader, offset: number): readonly [lo: number, hi: number] {
  return [reader.lo(offset), reader.hi(offset)];
}

/** A time, NaN for never. */
function maybe(reader: BatchReader, offset: number): number {
  return reader.lo(offset) === 0 && reader.hi(offset) === 0 ? Number.NaN : reader.timeNs(offset);
}
