import type { BatchReader } from "../wire/decode.ts";
import { CALL, HDR, KIND } from "../wire/layout.gen.ts";
import { injectCall, PTRACE } from "./calls.ts";
import { EDGE, REACH, signalBit } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { MARK } from "./marks.ts";
import { PROCESS_FLAG } from "./processes.ts";

/** INJECT and SIGNAL: one process acts on another. */
export function ingestReach(graph: Graph, reader: BatchReader): void {
  const actor = graph.rowProcess(reader);
  if (actor === NONE) return;
  const timeNs = reader.timeNs(HDR.time);
  if (reader.kind === KIND.SIGNAL) signal(graph, reader, actor, timeNs);
  else inject(graph, reader, actor, timeNs);
}

function signal(graph: Graph, reader: BatchReader, actor: ProcessIndex, timeNs: number): void {
  const { edges } = graph;
  const target = targetOf(graph, reader, actor, timeNs);
  if (target === NONE || target === actor) return;
  const edge = edges.touch(EDGE.SIGNALLED, actor, target, timeNs, graph.rowEdgeFlags(reader));
  edges.detail.set(edge, edges.detail.get(edge) | signalBit(reader.u32(CALL.args)));
}

function inject(graph: Graph, reader: BatchReader, actor: ProcessIndex, timeNs: number): void {
  const { marks } = graph;
  const flags = graph.rowEdgeFlags(reader);
  const call = injectCall(reader.u32(CALL.nr));
  const request = reader.u32(CALL.args);
  if (call === "ptrace" && request === PTRACE.TRACEME) {
    marks.touch(MARK.TRACED, actor, timeNs, flags);
    return;
  }
  if (reader.i32(CALL.ret) < 0) {
    marks.touch(MARK.REFUSED, actor, timeNs, flags);
    return;
  }
  const bits = call === "pidfd_getfd" ? REACH.DESCRIPTOR : call === "ptrace" ? reachOf(request) : REACH.WROTE;
  const target = targetOf(graph, reader, actor, timeNs);
  if (target === actor) return;
  if (target === NONE) {
    marks.addBits(marks.touch(MARK.REACHED, actor, timeNs, flags), bits);
    return;
  }
  reach(graph, actor, target, bits, timeNs, flags);
}

const MEMORY_OF = /^\/proc\/(\d+)(?:\/task\/\d+)?\/mem$/;

/** It wrote into a file that is the memory of a process, as /proc names it. */
export function noteMemoryWrite(graph: Graph, actor: ProcessIndex, path: string, timeNs: number, how: number): void {
  const pid = MEMORY_OF.exec(path)?.[1];
  if (pid === undefined) return;
  const target = graph.processes.at(Number(pid), timeNs);
  if (target !== NONE && target !== actor) reach(graph, actor, target, REACH.WROTE, timeNs, how);
}

function reach(
  graph: Graph,
  actor: ProcessIndex,
  target: ProcessIndex,
  bits: number,
  timeNs: number,
  how: number,
): void {
  const { edges } = graph;
  const edge = edges.touch(EDGE.INJECTED, actor, target, timeNs, how);
  const before = edges.detail.get(edge);
  edges.detail.set(edge, before | bits);
  if ((before | bits) !== before) graph.changes.injected.push(edge);
}

function reachOf(request: number): number {
  if (request === PTRACE.ATTACH || request === PTRACE.SEIZE) return REACH.ATTACHED;
  return request === PTRACE.SETREGS || request === PTRACE.SETREGSET ? REACH.REGISTERS : REACH.WROTE;
}

/**
 * The process acted on: by its identity, else whoever had that pid then. A caller in a pid namespace names it by the pid it has there:
 * the record then carries none, only the call's own argument.
 */
function targetOf(graph: Graph, reader: BatchReader, actor: ProcessIndex, timeNs: number): ProcessIndex {
  const tgid = reader.u32(CALL.targetTgid);
  const lo = reader.lo(CALL.targetStart);
  const hi = reader.hi(CALL.targetStart);
  if (tgid !== 0) {
    if (lo !== 0 || hi !== 0) return graph.obtain(tgid, lo, hi, reader.timeNs(CALL.targetStart));
    return graph.processes.at(tgid, timeNs);
  }
  const call = injectCall(reader.u32(CALL.nr));
  if (call === "" || call === "pidfd_getfd") return NONE;
  return inNamespace(graph, actor, reader.u32(CALL.args + (call === "ptrace" ? 8 : 0)));
}

/** Asked for every word a debugger writes: the last answer is kept, also that there is none. */
function inNamespace(graph: Graph, actor: ProcessIndex, nsPid: number): ProcessIndex {
  const { processes, lastNamed } = graph;
  const pidns = processes.pidns.get(actor);
  if (pidns === 0 || nsPid === 0) return NONE;
  const actorId = processes.id(actor);
  if (lastNamed.actorId !== actorId || lastNamed.nsPid !== nsPid) {
    lastNamed.actorId = actorId;
    lastNamed.nsPid = nsPid;
    lastNamed.targetId = NONE;
    for (let row = 0; row < processes.limit; row++) {
      if (processes.nsPid.get(row) !== nsPid || processes.pidns.get(row) !== pidns || !processes.isLive(row)) continue;
      if (!processes.has(row, PROCESS_FLAG.EXITED)) lastNamed.targetId = processes.id(row);
    }
  }
  return processes.row(lastNamed.targetId);
}
