import { CERTAINTIES, severityNumber } from "../query/certainty.ts";
import type { Finding, Subject } from "../query/model.ts";
import { BatchWriter } from "../wire/encode.ts";
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
import { EDGE_FLAG, isChannelKind, isFileKind, isProcessKind } from "./edges.ts";
import type { Forgotten, Graph } from "./graph.ts";
import type {
  ChannelIndex,
  ConnectionIndex,
  EdgeIndex,
  FileIndex,
  ImageIndex,
  MarkIndex,
  ProcessIndex,
} from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { PROCESS_FLAG } from "./processes.ts";
import type { Tuple } from "./translations.ts";

const TWO_32 = 0x1_0000_0000;
/** Bytes after which a batch is handed out. */
const BATCH_BYTES = 256 << 10;
const NOBODY = { timeNs: 0, pid: 0, startNs: 0 } as const;

/** Of a connection's row: how an end is found. */
export const FOUND_BY = { INODE: 1, KERNEL_ADDRESS: 2 } as const;

/** Numbers of rows that were written; 0 = not. */
class Numbers {
  readonly #numbers: Int32Array;
  #last = 0;

  constructor(limit: number) {
    this.#numbers = new Int32Array(limit);
  }

  give(row: number): number {
    return (this.#numbers[row] = ++this.#last);
  }

  of(row: number): number {
    return row === NONE ? 0 : (this.#numbers[row] as number);
  }
}

/** The rows of a checkpoint (bpf/wire.h, spy_state_*) of one graph. Times become ns since boot again. */
export class StateRows {
  readonly #graph: Graph;
  readonly #writer = new BatchWriter();
  readonly #baseNs: bigint;
  readonly #baseLo: number;
  readonly #baseHi: number;
  /** Processes some of whose edges are left out. */
  readonly #cut: Uint8Array;
  readonly #files: Numbers;
  readonly #channels: Numbers;
  readonly #connections: Numbers;
  readonly #images: Numbers;
  readonly #processes: Numbers;
  readonly #processFields: ReturnType<typeof processFields>;
  readonly #address = new Uint32Array(4);
  /** By file, the wire string of its path; 0 = not announced in this epoch. */
  readonly #paths: Int32Array;
  #pathEpoch = 0;

  constructor(graph: Graph, baseNs: bigint, cut: Uint8Array) {
    const { files, channels, connections, images, processes } = graph;
    this.#graph = graph;
    this.#baseNs = baseNs;
    this.#baseLo = Number(baseNs & 0xffff_ffffn);
    this.#baseHi = Number(baseNs >> 32n);
    this.#cut = cut;
    this.#files = new Numbers(files.limit);
    this.#paths = new Int32Array(files.limit);
    this.#channels = new Numbers(channels.limit);
    this.#connections = new Numbers(connections.limit);
    this.#images = new Numbers(images.limit);
    this.#processes = new Numbers(processes.limit);
    this.#processFields = processFields(graph);
  }

  /** Whether there is enough for a batch. */
  get full(): boolean {
    return this.#writer.length >= BATCH_BYTES;
  }

  /** A batch of the rows since the last one, of the graph's present moment. */
  finish(): Uint8Array {
    const { clock } = this.#graph;
    const wallNs = BigInt(Math.round(clock.wallOf(clock.nowNs) * 1000)) * 1000n;
    return this.#writer.finish(this.#baseNs + BigInt(Math.round(clock.nowNs)), wallNs);
  }

  hasImage(row: ImageIndex): boolean {
    return this.#images.of(row) !== 0;
  }

  hasProcess(row: ProcessIndex): boolean {
    return this.#processes.of(row) !== 0;
  }

  file(row: FileIndex): void {
    const { files } = this.#graph;
    const writer = this.#writer;
    const [dev, generation, lo, hi] = files.identity(row);
    writer.begin(KIND.STATE_FILE, STATE_FILE.SIZE, 1, NOBODY);
    this.#time(HDR.time, files.lastNs.get(row));
    writer.u32(STATE_FILE.path, this.#pathOf(row));
    writer.u32(STATE_FILE.number, this.#files.give(row));
    this.#time(STATE_FILE.first, files.firstNs.get(row));
    this.#pair(STATE_FILE.ino, lo, hi);
    writer.u32(STATE_FILE.dev, dev);
    writer.u32(STATE_FILE.gen, generation);
    writer.u32(STATE_FILE.flags, files.flags.get(row));
  }

  /** A path that leads to a file written before; without one its own. */
  path(row: FileIndex, path?: string): void {
    const writer = this.#writer;
    writer.begin(KIND.STATE_FILE, STATE_FILE.SIZE, 1, NOBODY);
    if (path === undefined) writer.u32(STATE_FILE.path, this.#pathOf(row));
    else writer.text(STATE_FILE.path, path);
    writer.u32(STATE_FILE.number, this.#files.of(row));
    writer.u32(STATE_FILE.named, 1);
  }

  channel(row: ChannelIndex): void {
    const { channels } = this.#graph;
    const writer = this.#writer;
    const [lo, hi] = [channels.inoLo.get(row), channels.inoHi.get(row)];
    writer.begin(KIND.STATE_CHANNEL, STATE_CHANNEL.SIZE, 0, NOBODY);
    this.#time(HDR.time, channels.firstNs.get(row));
    this.#pair(STATE_CHANNEL.ino, lo, hi);
    writer.u32(STATE_CHANNEL.number, this.#channels.give(row));
    writer.u32(STATE_CHANNEL.indexed, channels.find(lo, hi) === row ? 1 : 0);
  }

  connection(row: ConnectionIndex): void {
    const { connections } = this.#graph;
    const writer = this.#writer;
    writer.begin(KIND.STATE_CONNECTION, STATE_CONNECTION.SIZE, 2, NOBODY);
    this.#time(HDR.time, connections.openedNs.get(row));
    writer.text(STATE_CONNECTION.path, connections.path.get(row));
    writer.text(STATE_CONNECTION.name, connections.name.get(row));
    writer.u32(STATE_CONNECTION.number, this.#connections.give(row));
    this.#time(STATE_CONNECTION.closed, connections.closedNs.get(row));
    for (const side of [0, 1] as const) this.#end(2 * row + side, side);
    this.#pair(STATE_CONNECTION.pair, connections.pairLo.get(row), connections.pairHi.get(row));
    if (connections.isTranslated(row)) this.#seen(connections.tuple(2 * row + 1 - connections.clientSide.get(row)));
    writer.u32(STATE_CONNECTION.netns, connections.netns.get(row));
    writer.u32(STATE_CONNECTION.flags, connections.flags.get(row));
    writer.u32(STATE_CONNECTION.err, connections.error.get(row));
    writer.u16(STATE_CONNECTION.family, connections.family.get(row));
    writer.u8(STATE_CONNECTION.proto, connections.proto.get(row));
    writer.u8(STATE_CONNECTION.state, connections.state.get(row));
    writer.u8(STATE_CONNECTION.client, connections.clientSide.get(row));
  }

  /** executor: who executed it, NONE when that process is not written. */
  image(row: ImageIndex, executor: ProcessIndex): void {
    const { images, files } = this.#graph;
    const writer = this.#writer;
    writer.begin(KIND.STATE_IMAGE, STATE_IMAGE.SIZE, 5, NOBODY);
    this.#head(executor, images.atNs.get(row));
    writer.text(STATE_IMAGE.exe, images.exe.get(row));
    writer.text(STATE_IMAGE.cwd, images.cwd.get(row));
    writer.text(STATE_IMAGE.argv, images.argv.get(row));
    writer.text(STATE_IMAGE.script, images.script.get(row));
    writer.text(STATE_IMAGE.env, images.env.get(row));
    writer.u32(STATE_IMAGE.number, this.#images.give(row));
    writer.u32(STATE_IMAGE.previous, this.#images.of(images.previous.get(row)));
    writer.u32(STATE_IMAGE.file, this.#files.of(files.row(images.fileId.get(row))));
    writer.u32(STATE_IMAGE.image, images.flags.get(row));
    writer.u32(STATE_IMAGE.known, images.known.get(row));
    writer.u32(STATE_IMAGE.stdio, images.stdio.get(row));
  }

  process(row: ProcessIndex): void {
    const { processes } = this.#graph;
    const writer = this.#writer;
    const flags = processes.flags.get(row) | (this.#cut[row] === 1 ? PROCESS_FLAG.HISTORY_FORGOTTEN : 0);
    const parent = processes.parent.get(row);
    writer.begin(KIND.STATE_PROCESS, STATE_PROCESS.SIZE, 2, NOBODY);
    this.#head(row, processes.exitNs.get(row));
    writer.text(STATE_PROCESS.cgroupPath, processes.cgroupPath.get(row));
    writer.text(STATE_PROCESS.comm, processes.comm.get(row));
    writer.u64(STATE_PROCESS.cgroup, processes.cgroup.get(row));
    writer.u64(STATE_PROCESS.cpuNs, processes.cpuNs.get(row));
    writer.f64(STATE_PROCESS.cpuPercent, processes.cpuPercent.get(row));
    writer.u64(STATE_PROCESS.rssBytes, processes.rssBytes.get(row));
    writer.u64(STATE_PROCESS.readBytes, processes.readBytes.get(row));
    writer.u64(STATE_PROCESS.writeBytes, processes.writeBytes.get(row));
    this.#time(STATE_PROCESS.sampled, processes.sampleNs.get(row));
    writer.u32(STATE_PROCESS.refresh, processes.sampleRefresh.get(row));
    writer.u32(STATE_PROCESS.number, this.#processes.give(row));
    writer.u32(STATE_PROCESS.image, this.#images.of(processes.image.get(row)));
    writer.u32(STATE_PROCESS.flags, flags);
    if (parent !== NONE) {
      writer.u32(STATE_PROCESS.parentTgid, processes.tgid.get(parent));
      this.#pair(STATE_PROCESS.parentStart, processes.startLo.get(parent), processes.startHi.get(parent));
    }
    for (const [offset, field] of this.#processFields) writer.u32(offset, field.get(row));
  }

  edge(row: EdgeIndex): void {
    const { edges } = this.#graph;
    const writer = this.#writer;
    const kind = edges.kind.get(row);
    writer.begin(KIND.STATE_EDGE, STATE_EDGE.SIZE, 0, NOBODY);
    this.#head(edges.process.get(row), edges.lastNs.get(row));
    this.#time(STATE_EDGE.first, edges.firstNs.get(row));
    writer.u32(STATE_EDGE.object, this.#objects(kind).of(edges.object.get(row)));
    writer.u32(STATE_EDGE.times, edges.times.get(row));
    writer.u32(STATE_EDGE.detail, edges.detail.get(row));
    writer.u16(STATE_EDGE.flags, edges.flags.get(row) & ~EDGE_FLAG.PAST);
    writer.u8(STATE_EDGE.kind, kind);
    writer.u8(STATE_EDGE.family, edges.family(row));
  }

  mark(row: MarkIndex): void {
    const { marks } = this.#graph;
    const writer = this.#writer;
    writer.begin(KIND.STATE_MARK, STATE_MARK.SIZE, 1, NOBODY);
    this.#head(marks.process.get(row), marks.lastNs.get(row));
    writer.text(STATE_MARK.text, marks.text.get(row));
    writer.u32(STATE_MARK.times, marks.times.get(row));
    this.#time(STATE_MARK.first, marks.firstNs.get(row));
    this.#pair(STATE_MARK.bits, marks.bitsLo.get(row), marks.bitsHi.get(row));
    writer.u32(STATE_MARK.failed, marks.failed.get(row));
    writer.u16(STATE_MARK.kind, marks.kind.get(row));
    writer.u16(STATE_MARK.how, marks.how.get(row));
  }

  /** process: who was told, NONE = the host. */
  name(process: ProcessIndex, words: readonly number[], name: string): void {
    const writer = this.#writer;
    writer.begin(KIND.STATE_NAME, STATE_NAME.SIZE, 1, NOBODY);
    this.#head(process, Number.NaN);
    writer.text(STATE_NAME.name, name);
    words.forEach((word, i) => void writer.u32(STATE_NAME.addr + 4 * i, word));
  }

  finding(finding: Finding, key: string): void {
    const { processes } = this.#graph;
    const writer = this.#writer;
    writer.begin(KIND.STATE_FINDING, STATE_FINDING.SIZE, 5, NOBODY);
    this.#head(processes.row(finding.process), finding.atNs);
    writer.text(STATE_FINDING.rule, finding.rule);
    writer.text(STATE_FINDING.title, finding.title);
    writer.text(STATE_FINDING.reason, finding.reason);
    writer.text(STATE_FINDING.techniques, finding.techniques.join("\0"));
    writer.text(STATE_FINDING.key, key);
    writer.u32(STATE_FINDING.severity, severityNumber(finding.severity));
    writer.u32(STATE_FINDING.certainty, CERTAINTIES.indexOf(finding.certainty));
    for (const id of finding.chain) this.#link(0, { kind: "process", id });
    for (const subject of finding.evidence) this.#link(1, subject);
  }

  /** The last row. left: how much of each did not fit. */
  end(left: Forgotten): void {
    const graph = this.#graph;
    const writer = this.#writer;
    for (const [kind, lost] of graph.lost) writer.loss({ ...NOBODY, kind, lost });
    writer.begin(KIND.STATE_END, STATE_END.SIZE, 0, { ...NOBODY, pid: graph.monitorPid });
    writer.u64(STATE_END.events, graph.events);
    this.#time(STATE_END.snapshotBegun, graph.snapshotBeganNs);
    this.#time(STATE_END.ticked, graph.tickRefreshNs);
    this.#time(STATE_END.socketsTicked, graph.socketRefreshNs);
    writer.u32(STATE_END.snapshot, graph.snapshot);
    writer.u32(STATE_END.tick, graph.tickRefresh);
    writer.u32(STATE_END.socketsTick, graph.socketRefresh);
    writer.u64(STATE_END.forgottenProcesses, graph.forgotten.processes + left.processes);
    writer.u64(STATE_END.forgottenConnections, graph.forgotten.connections + left.connections);
    writer.u64(STATE_END.forgottenFiles, graph.forgotten.files + left.files);
    writer.u64(STATE_END.forgottenEdges, graph.forgotten.edges + left.edges);
  }

  /** The wire string of the path of a file: its bytes as they are, no text is made. */
  #pathOf(row: FileIndex): number {
    const writer = this.#writer;
    if (writer.epoch !== this.#pathEpoch) {
      this.#paths.fill(0);
      this.#pathEpoch = writer.epoch;
    }
    const { path } = this.#graph.files;
    return (this.#paths[row] ||= path.map(row, (bytes, start, end) => writer.announce(bytes, start, end)));
  }

  #end(end: number, side: 0 | 1): void {
    const { connections } = this.#graph;
    const writer = this.#writer;
    const [inoLo, inoHi] = [connections.inoLo.get(end), connections.inoHi.get(end)];
    const [kernelLo, kernelHi] = connections.unixEnds.addressOf(end);
    const byInode = connections.byInode(inoLo, inoHi) === end ? FOUND_BY.INODE : 0;
    const byKernel = connections.unixEnds.byAddress(kernelLo, kernelHi) === end ? FOUND_BY.KERNEL_ADDRESS : 0;
    this.#pair(STATE_CONNECTION.ino + 8 * side, inoLo, inoHi);
    this.#pair(STATE_CONNECTION.end + 8 * side, kernelLo, kernelHi);
    writer.u64(STATE_CONNECTION.tx + 8 * side, connections.txBytes.get(end));
    writer.u64(STATE_CONNECTION.rx + 8 * side, connections.rxBytes.get(end));
    this.#sample(end, side);
    writer.u32(STATE_CONNECTION.endFlags + 4 * side, connections.endFlags.get(end));
    writer.u32(STATE_CONNECTION.indexed + 4 * side, byInode | byKernel);
    writer.u32(STATE_CONNECTION.credTgid + 4 * side, connections.unixEnds.credTgid(end));
    writer.u32(STATE_CONNECTION.port + 4 * side, connections.port.get(end));
    connections.copyAddress(end, this.#address, 0);
    this.#address.forEach((word, i) => void writer.u32(STATE_CONNECTION.addr + 16 * side + 4 * i, word));
  }

  #sample(end: number, side: 0 | 1): void {
    const { samples } = this.#graph.connections;
    const sample = samples.find(end);
    if (sample === NONE) return;
    const writer = this.#writer;
    writer.f64(STATE_CONNECTION.txRate + 8 * side, samples.txRate.get(sample));
    writer.f64(STATE_CONNECTION.rxRate + 8 * side, samples.rxRate.get(sample));
    this.#time(STATE_CONNECTION.sampled + 8 * side, samples.atNs.get(sample));
    writer.u32(STATE_CONNECTION.refresh + 4 * side, samples.refresh.get(sample));
  }

  #seen({ addresses, localPort, remotePort }: Tuple): void {
    const writer = this.#writer;
    addresses.forEach((word, i) => void writer.u32(STATE_CONNECTION.seenAddr + 4 * i, word));
    writer.u32(STATE_CONNECTION.seenPort, localPort);
    writer.u32(STATE_CONNECTION.seenPort + 4, remotePort);
  }

  #link(role: number, subject: Subject): void {
    const number = this.#numberOf(subject);
    if (number === 0) return;
    const writer = this.#writer;
    writer.begin(KIND.STATE_LINK, STATE_LINK.SIZE, 0, NOBODY);
    writer.u32(STATE_LINK.role, role);
    writer.u32(STATE_LINK.kind, LINK_KINDS[subject.kind]);
    writer.u32(STATE_LINK.number, number);
  }

  #numberOf(subject: Subject): number {
    const { processes, connections, files, channels } = this.#graph;
    switch (subject.kind) {
      case "process":
        return this.#processes.of(processes.row(subject.id));
      case "connection":
        return this.#connections.of(connections.row(subject.id));
      case "file":
        return this.#files.of(files.row(subject.id));
      case "channel":
        return this.#channels.of(channels.row(subject.id));
    }
  }

  #objects(kind: number): Numbers {
    if (isFileKind(kind)) return this.#files;
    if (isProcessKind(kind)) return this.#processes;
    return isChannelKind(kind) ? this.#channels : this.#connections;
  }

  #head(process: ProcessIndex, timeNs: number): void {
    const { processes } = this.#graph;
    this.#time(HDR.time, timeNs);
    if (process === NONE) return;
    this.#writer.u32(HDR.tgid, processes.tgid.get(process));
    this.#pair(HDR.start, processes.startLo.get(process), processes.startHi.get(process));
  }

  /** ns since time 0 as ns since boot, exact also where a double is not. NaN and what lies before boot are 0. */
  #time(offset: number, timeNs: number): void {
    const high = Math.floor(timeNs / TWO_32);
    const low = this.#baseLo + (timeNs - high * TWO_32);
    const carry = low >= TWO_32 ? 1 : 0;
    const hi = this.#baseHi + high + carry;
    if (hi >= 0) this.#pair(offset, low - carry * TWO_32, hi);
  }

  #pair(offset: number, lo: number, hi: number): void {
    this.#writer.u32(offset, lo);
    this.#writer.u32(offset + 4, hi);
  }
}

const LINK_KINDS = {
  process: KIND.STATE_PROCESS,
  connection: KIND.STATE_CONNECTION,
  file: KIND.STATE_FILE,
  channel: KIND.STATE_CHANNEL,
} as const;

/** Fields of a process that are copied as they are, by their place in the row. */
export function processFields({ processes }: Graph) {
  return [
    [STATE_PROCESS.realParentTgid, processes.realParentTgid],
    [STATE_PROCESS.uid, processes.uid],
    [STATE_PROCESS.euid, processes.euid],
    [STATE_PROCESS.gid, processes.gid],
    [STATE_PROCESS.egid, processes.egid],
    [STATE_PROCESS.loginUid, processes.loginUid],
    [STATE_PROCESS.sessionId, processes.sessionId],
    [STATE_PROCESS.sid, processes.sid],
    [STATE_PROCESS.tty, processes.tty],
    [STATE_PROCESS.nsPid, processes.nsPid],
    [STATE_PROCESS.pidns, processes.pidns],
    [STATE_PROCESS.netns, processes.netns],
    [STATE_PROCESS.mntns, processes.mntns],
    [STATE_PROCESS.exitCode, processes.exitCode],
    [STATE_PROCESS.threads, processes.threads],
    [STATE_PROCESS.severity, processes.severity],
    [STATE_PROCESS.snapshot, processes.seenSnapshot],
  ] as const;
}
