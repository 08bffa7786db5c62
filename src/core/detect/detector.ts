import type { KeptFinding } from "../graph/checkpoint.ts";
import { CONNECTION_FLAG } from "../graph/connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import { FILE_FLAG } from "../graph/files.ts";
import type { Graph } from "../graph/graph.ts";
import { STDIO } from "../graph/images.ts";
import type { EdgeIndex, MarkIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import type { RestoredFinding } from "../graph/ingest-state.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import { MAX_PIPES, pipeHolders } from "../graph/provenance.ts";
import { severityNumber } from "../query/certainty.ts";
import type { ConnectionId, Finding, Subject } from "../query/model.ts";
import { becameRoot, setuidExec } from "./became-root.ts";
import { chainOf } from "./chain.ts";
import { deviceWritten } from "./device-written.ts";
import { downloadPipedToShell, downloadThenExecute } from "./download-execute.ts";
import { foreignCode } from "./foreign-code.ts";
import { injection } from "./injection.ts";
import { kernelCode } from "./kernel-code.ts";
import { namespaceEscape } from "./namespace-escape.ts";
import { type Reported, reportedSignal } from "./reported.ts";
import { secretRead } from "./secret-read.ts";
import { shellBelowServer } from "./server-shell.ts";
import { connectedByInput, startedByInput } from "./shell-input.ts";
import type { Signal } from "./signal.ts";
import { stdioIsSocket } from "./stdio-socket.ts";
import { unusualExecutable } from "./unusual-executable.ts";
import { writableCode } from "./writable-code.ts";

/** A flood of different findings says no more than this many, and each pins its chain in memory. */
const MAX_FINDINGS = 2000;
/** Of one rule about what one user does: who floods it hides neither what breaks another nor what others do. */
const MAX_ALIKE = 500;
/** Processes of a chain that a finding names at either end of it, and pins at its begin. */
const CHAIN_END = 64;
/** A pipeline is followed so far down from a process that connects. */
const MAX_STAGES = 4;

/** Looks at what each batch changed and keeps what was found. */
export class Detector {
  /** In the order found. */
  readonly findings: Finding[] = [];
  /** Worst severity (its number) of the findings a connection is evidence of. */
  readonly connectionSeverity = new Map<ConnectionId, number>();
  readonly #graph: Graph;
  readonly #keys = new Set<string>();
  /** How many there are by rule and user. */
  readonly #alike = new Map<string, number>();
  /** Signals not told because there were too many, repetitions included. */
  untold = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Examines graph.changes. */
  examine(): void {
    const { changes } = this.#graph;
    for (const finding of changes.findings) this.#restore(finding);
    for (const process of changes.executed) this.#examineExec(process);
    for (const code of changes.foreign) this.#emit(foreignCode(this.#graph, code));
    for (const process of changes.readers) this.#emit(downloadThenExecute(this.#graph, process));
    for (const edge of changes.sockets) this.#examineSocket(edge);
    for (const edge of changes.pipes) this.#examinePipe(edge);
    for (const edge of changes.secretReads) this.#emit(secretRead(this.#graph, edge));
    for (const edge of changes.injected) this.#emit(injection(this.#graph, edge));
    for (const mark of changes.marked) this.#examineMark(mark);
  }

  /** Takes in what another tool concluded. Returns how many could not be: of processes that nothing else told of, or forgotten ones. */
  report(findings: readonly Reported[]): number {
    let unknown = 0;
    for (const reported of findings) {
      const signal = reportedSignal(this.#graph, reported);
      if (signal === undefined) unknown++;
      else this.#emit(signal, MAX_FINDINGS);
    }
    return unknown;
  }

  #examineExec(process: ProcessIndex): void {
    this.#emit(downloadThenExecute(this.#graph, process));
    this.#emit(downloadPipedToShell(this.#graph, process, this.#graph.clock.nowNs));
    this.#emit(unusualExecutable(this.#graph, process));
    this.#emit(stdioIsSocket(this.#graph, process));
    this.#emit(shellBelowServer(this.#graph, process));
    this.#emit(namespaceEscape(this.#graph, process));
    this.#emit(setuidExec(this.#graph, process));
    this.#emit(startedByInput(this.#graph, process));
  }

  #examineSocket(edge: EdgeIndex): void {
    const { edges } = this.#graph;
    const process = edges.process.get(edge);
    if (edges.has(edge, EDGE_FLAG.STDIN | EDGE_FLAG.STDOUT)) this.#emit(stdioIsSocket(this.#graph, process));
    this.#emit(connectedByInput(this.#graph, edge));
    this.#examineDownstream(process);
  }

  #examinePipe(edge: EdgeIndex): void {
    const { edges, clock } = this.#graph;
    for (const end of pipeHolders(this.#graph, edges.object.get(edge), EDGE.PIPE_READ, NONE))
      this.#emit(downloadPipedToShell(this.#graph, edges.process.get(end), clock.nowNs));
    if (edges.kind.get(edge) !== EDGE.PIPE_READ) this.#examineDownstream(edges.process.get(edge));
  }

  /** Those that read what a process writes may run it. */
  #examineDownstream(process: ProcessIndex): void {
    const { clock, processes } = this.#graph;
    if ((processes.edges[FAMILY.CHANNELS]?.get(process) ?? NONE) === NONE) return;
    for (const reader of this.#downstream(process)) this.#emit(downloadPipedToShell(this.#graph, reader, clock.nowNs));
  }

  #examineMark(mark: MarkIndex): void {
    this.#emit(writableCode(this.#graph, mark));
    this.#emit(kernelCode(this.#graph, mark));
    this.#emit(deviceWritten(this.#graph, mark));
    this.#emit(becameRoot(this.#graph, mark));
  }

  /** All findings, or those from an index on, with what tells alike ones apart. */
  kept(from = 0): readonly KeptFinding[] {
    if (from >= this.findings.length) return [];
    // A key is added with its finding.
    const keys = [...this.#keys];
    return this.findings.slice(from).map((finding, at) => ({ finding, key: keys[from + at] ?? "" }));
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Takes in what another monitor of the same capture saw. */
  recall(signal: Signal): void {
    this.#emit(signal, MAX_FINDINGS);
  }

  /** Takes over what was found before a checkpoint; the highlights and pins of processes come with their rows. */
  #restore({ key, chain, process, ...told }: RestoredFinding): void {
    if (this.#keys.has(key) || !this.#share(told.rule, process, MAX_FINDINGS)) return;
    const { processes } = this.#graph;
    this.#keys.add(key);
    this.findings.push({
      ...told,
      id: this.findings.length + 1,
      process: processes.id(process),
      chain: chain.map((one) => processes.id(one)),
    });
    this.#rate(told.evidence, severityNumber(told.severity));
  }

  /** Processes that read, directly or through others, what a process writes to its standard output. */
  #downstream(process: ProcessIndex): ProcessIndex[] {
    const { edges, images, processes } = this.#graph;
    const found: ProcessIndex[] = [];
    const head = processes.edges[FAMILY.CHANNELS];
    if (head === undefined) return found;
    let stage: ProcessIndex[] = [process];
    for (let depth = 0; depth < MAX_STAGES && stage.length > 0; depth++) {
      const next: ProcessIndex[] = [];
      for (const writer of stage) {
        const image = processes.image.get(writer);
        if (image !== NONE && images.stdioKind(image, 1) !== STDIO.PIPE) continue;
        let left = MAX_PIPES;
        for (let edge = head.get(writer); edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
          if (edges.kind.get(edge) !== EDGE.PIPE_WRITE || !edges.has(edge, EDGE_FLAG.STDOUT)) continue;
          for (const reader of pipeHolders(this.#graph, edges.object.get(edge), EDGE.PIPE_READ, writer))
            next.push(edges.process.get(reader));
        }
      }
      stage = next.filter((one) => one !== process && !found.includes(one));
      found.push(...stage);
    }
    return found;
  }

  #emit(signal: Signal | undefined, mostAlike = MAX_ALIKE): void {
    const { processes, monitorPid } = this.#graph;
    // The monitor does what it looks for: it is no finding of its own.
    if (signal !== undefined && processes.tgid.get(signal.process) !== monitorPid) this.#tell(signal, mostAlike);
  }

  /** Whether there is room for one more, which is then taken. */
  #share(rule: string, process: ProcessIndex, mostAlike: number): boolean {
    const alike = `${rule}|${this.#graph.processes.uid.get(process)}`;
    const told = this.#alike.get(alike) ?? 0;
    if (this.findings.length >= MAX_FINDINGS || told >= mostAlike) return false;
    this.#alike.set(alike, told + 1);
    return true;
  }

  /** Highlights the chain; the first of its key also becomes a finding, and pins what it rests on. */
  #tell(signal: Signal, mostAlike: number): void {
    const { processes } = this.#graph;
    const chain = chainOf(this.#graph, signal.process);
    // What came of it is told after it.
    for (const other of signal.others) {
      const at = processes.descendsFrom(other, signal.process) ? chain.length : chain.indexOf(signal.process);
      if (!chain.includes(other)) chain.splice(at, 0, other);
    }
    const severity = severityNumber(signal.severity);
    if (signal.echoes !== true) for (const process of chain) processes.addGrounds(process, severity);
    for (const process of chain)
      if (severity > processes.severity.get(process)) processes.severity.set(process, severity);
    for (const process of [signal.process, ...signal.others]) processes.setFlag(process, PROCESS_FLAG.SUSPECT);
    const key = `${signal.rule}|${signal.key}`;
    if (this.#keys.has(key)) return;
    if (!this.#share(signal.rule, signal.process, mostAlike)) {
      this.untold++;
      return;
    }
    this.#keys.add(key);
    const ends = endsOf(chain);
    // Of a long chain not what led to each: whoever goes on with it does the same again and again.
    this.#pin(signal, ends === chain ? chain : chain.slice(0, CHAIN_END), severity);
    const { others: _others, key: _key, echoes: _echoes, ...told } = signal;
    this.findings.push({
      ...told,
      id: this.findings.length + 1,
      process: processes.id(signal.process),
      chain: ends.map((process) => processes.id(process)),
    });
    this.#lookBack(chain);
  }

  /** What says nothing in itself does in a suspicious chain, also when it came first. */
  #lookBack(chain: readonly ProcessIndex[]): void {
    const { processes, marks } = this.#graph;
    for (const process of chain) {
      for (let mark = processes.marks.get(process); mark !== NONE; mark = marks.next.get(mark)) this.#examineMark(mark);
    }
  }

  #pin(signal: Signal, chain: readonly ProcessIndex[], severity: number): void {
    const { processes, connections, files } = this.#graph;
    for (const process of chain) processes.setFlag(process, PROCESS_FLAG.EVIDENCE);
    for (const process of [signal.process, ...signal.others]) processes.setFlag(process, PROCESS_FLAG.EVIDENCE);
    for (const subject of signal.evidence) {
      const file = subject.kind === "file" ? files.row(subject.id) : NONE;
      if (file !== NONE) files.setFlag(file, FILE_FLAG.EVIDENCE);
      if (subject.kind !== "connection") continue;
      const connection = connections.row(subject.id);
      if (connection !== NONE) connections.setFlag(connection, CONNECTION_FLAG.EVIDENCE);
    }
    this.#rate(signal.evidence, severity);
  }

  #rate(evidence: readonly Subject[], severity: number): void {
    for (const { kind, id } of evidence)
      if (kind === "connection")
        this.connectionSeverity.set(id, Math.max(severity, this.connectionSeverity.get(id) ?? 0));
  }
}

/** Of a long chain where it began and where it led: what is told is looked through. */
function endsOf(chain: readonly ProcessIndex[]): readonly ProcessIndex[] {
  return chain.length <= 2 * CHAIN_END ? chain : [...chain.slice(0, CHAIN_END), ...chain.slice(-CHAIN_END)];
}
