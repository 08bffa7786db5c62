import { EDGE, FAMILY, PASSED, REACH } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex, MarkIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { MARK, ROOT } from "../graph/marks.ts";
import { edgeCertainty, howCertainty } from "./certainty.ts";
import type { MarkRow, ReachRow } from "./model.ts";
import { pidName } from "./names.ts";

/** A process that acts on more others than this shows the newest. */
const MAX_REACH = 200;

/** What a process did to itself or to the kernel, oldest first. */
export function marksOf(graph: Graph, process: ProcessIndex): readonly MarkRow[] {
  const { marks, processes } = graph;
  const rows: MarkRow[] = [];
  for (let mark = processes.marks.get(process); mark !== NONE; mark = marks.next.get(mark)) {
    rows.push({
      text: markText(graph, mark),
      count: marks.times.get(mark),
      firstNs: marks.firstNs.get(mark),
      lastNs: marks.lastNs.get(mark),
      certainty: howCertainty(marks.how.get(mark)),
    });
  }
  return rows.sort((a, b) => a.firstNs - b.firstNs);
}

/** "loaded a kernel module (2 of 3 failed)". */
export function markText(graph: Graph, mark: MarkIndex): string {
  const { marks } = graph;
  const failed = marks.failed.get(mark);
  const times = marks.times.get(mark);
  const done = deed(graph, mark);
  if (failed === 0) return done;
  return failed === times ? `${done}: failed` : `${done} (${failed} of ${times} failed)`;
}

function deed(graph: Graph, mark: MarkIndex): string {
  const { marks } = graph;
  const name = marks.text.get(mark);
  switch (marks.kind.get(mark)) {
    case MARK.MEMORY_FILE:
      return `made a file in memory${name === "" ? "" : ` called "${name}"`}`;
    case MARK.WRITABLE_CODE:
      return "made memory writable and executable at once";
    case MARK.ANONYMOUS_CODE:
      return "made memory without a file executable";
    case MARK.MODULE:
      return "loaded a kernel module";
    case MARK.MODULE_REMOVED:
      return "removed a kernel module";
    case MARK.BPF:
      return `${named(graph, mark, BPF_COMMANDS).join(", ") || "used bpf"} in the kernel`;
    case MARK.ENTERED:
      return `entered another ${named(graph, mark, NAMESPACES).join(", ") || "process's"} namespace`;
    case MARK.UNSHARED:
      return `made a ${named(graph, mark, NAMESPACES).join(", ") || "new"} namespace of its own`;
    case MARK.URING:
      return `used io_uring: ${named(graph, mark, OPCODES, "opcode").join(", ")}${name === "" ? "" : `, first of ${name}`}`;
    case MARK.THROTTLED:
      return `did so much that ${marks.bitsLo.get(mark)} of its records were left out`;
    case MARK.BECAME_ROOT:
      return (marks.bitsLo.get(mark) & ROOT.WITHOUT_CALL) !== 0
        ? "was root all at once: no call that changes credentials was seen"
        : "became root";
    case MARK.DEVICE:
      return `opened ${name} for writing below its files${marks.bitsHi.get(mark) === 0 ? "" : ", and other devices"}`;
    case MARK.TRACED:
      return "asked its parent to trace it";
    case MARK.REACHED:
      return "reached into a process that is not known";
    default:
      return "tried to reach into another process";
  }
}

const BPF_COMMANDS: Readonly<Record<number, string>> = {
  5: "loaded a BPF program",
  8: "attached a BPF program",
  17: "attached a BPF program to a tracepoint",
  28: "attached a BPF program by a link",
  29: "replaced a BPF program",
};

const NAMESPACES: Readonly<Record<number, string>> = {
  7: "time",
  17: "mount",
  25: "cgroup",
  26: "host name",
  27: "IPC",
  28: "user",
  29: "pid",
  30: "network",
};

/** Those that open, connect or change names: what system calls would have shown. */
const OPCODES: Readonly<Record<number, string>> = {
  9: "sendmsg",
  10: "recvmsg",
  13: "accept",
  16: "connect",
  18: "openat",
  22: "read",
  23: "write",
  28: "openat2",
  35: "renameat",
  36: "unlinkat",
  38: "symlinkat",
  39: "linkat",
  45: "socket",
};

/** Names of the bits of a mark; those without a name by their number after `other`, when that is given. */
function named(graph: Graph, mark: MarkIndex, names: Readonly<Record<number, string>>, other = ""): string[] {
  const { marks } = graph;
  const words = [marks.bitsLo.get(mark), marks.bitsHi.get(mark)] as const;
  const found: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if ((((words[bit >> 5] as number) >>> (bit & 31)) & 1) === 0) continue;
    const name = names[bit];
    if (name !== undefined) found.push(name);
    else if (other !== "") found.push(`${other} ${bit}`);
  }
  return found;
}

/** What a process did to others and others to it, oldest first. */
export function reachOf(graph: Graph, process: ProcessIndex): readonly ReachRow[] {
  const { processes, edges } = graph;
  const rows: ReachRow[] = [];
  const outgoing = processes.edges[FAMILY.OTHERS];
  for (let edge = outgoing?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge))
    rows.push(reachRow(graph, edge, `${didTo(graph, edge)} ${pidName(graph, edges.object.get(edge))}`));
  for (let edge = processes.actors.get(process); edge !== NONE; edge = edges.nextOfObject.get(edge))
    rows.push(reachRow(graph, edge, `${wasDone(graph, edge)} ${pidName(graph, edges.process.get(edge))}`));
  return rows.sort((a, b) => a.firstNs - b.firstNs).slice(-MAX_REACH);
}

function reachRow(graph: Graph, edge: EdgeIndex, text: string): ReachRow {
  const { edges, processes } = graph;
  const kind = edges.kind.get(edge);
  return {
    link: kind === EDGE.INJECTED ? "injected" : kind === EDGE.SIGNALLED ? "signalled" : "passed descriptor",
    from: processes.id(edges.process.get(edge)),
    to: processes.id(edges.object.get(edge)),
    text,
    count: edges.times.get(edge),
    firstNs: edges.firstNs.get(edge),
    lastNs: edges.lastNs.get(edge),
    certainty: edgeCertainty(graph, edge),
  };
}

/** "wrote into the memory of", "sent signal 9 to", "passed a socket to": of an edge between two processes, before the one acted on. */
export function didTo(graph: Graph, edge: EdgeIndex): string {
  const detail = graph.edges.detail.get(edge);
  switch (graph.edges.kind.get(edge)) {
    case EDGE.INJECTED:
      if ((detail & (REACH.WROTE | REACH.REGISTERS)) !== 0) return "wrote into the memory of";
      return (detail & REACH.ATTACHED) !== 0 ? "attached itself as debugger to" : "took a descriptor from";
    case EDGE.SIGNALLED:
      return `sent ${signalList(detail)} to`;
    default:
      return `passed ${passedWhat(detail)} to`;
  }
}

/** The same, said of the one acted on: "was written into by", "was sent signal 9 by", "was given a socket by". */
export function wasDone(graph: Graph, edge: EdgeIndex): string {
  const detail = graph.edges.detail.get(edge);
  switch (graph.edges.kind.get(edge)) {
    case EDGE.INJECTED:
      if ((detail & (REACH.WROTE | REACH.REGISTERS)) !== 0) return "had its memory written by";
      return (detail & REACH.ATTACHED) !== 0 ? "was debugged by" : "had a descriptor taken by";
    case EDGE.SIGNALLED:
      return `was sent ${signalList(detail)} by`;
    default:
      return `was given ${passedWhat(detail)} by`;
  }
}

function passedWhat(detail: number): string {
  if ((detail & PASSED.SOCKET) !== 0) return "a socket";
  if ((detail & PASSED.PIPE) !== 0) return "a pipe";
  return (detail & PASSED.FILE) !== 0 ? "an open file" : "a descriptor";
}

function signalList(detail: number): string {
  const numbers: string[] = [];
  for (let bit = 0; bit < 32; bit++)
    if (((detail >>> bit) & 1) === 1) numbers.push(bit === 31 ? "a real-time one" : `${bit + 1}`);
  return `signal ${numbers.join(", ")}`;
}
