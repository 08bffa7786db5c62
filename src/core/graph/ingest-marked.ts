import type { BatchReader } from "../wire/decode.ts";
import { CALL, HDR, KIND } from "../wire/layout.gen.ts";
import { kernelCall, namespaceCall } from "./calls.ts";
import type { Graph } from "./graph.ts";
import type { ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { FROM_CONTAINER, MARK } from "./marks.ts";
import { hostMountNamespace } from "./roles.ts";

const PROT_WRITE = 2;
const PROT_EXEC = 4;
const CLONE_NEW = 0x7e02_0080;

/** MEMORY, KERNEL, NAMESPACE and URING: what a process did to itself or to the kernel marks it. */
export function ingestMarked(graph: Graph, reader: BatchReader): void {
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  switch (reader.kind) {
    case KIND.MEMORY:
      memory(graph, reader, process);
      return;
    case KIND.KERNEL:
      kernel(graph, reader, process);
      return;
    case KIND.NAMESPACE:
      namespace(graph, reader, process);
      return;
    case KIND.URING:
      mark(graph, reader, process, MARK.URING, 0, reader.u32(CALL.nr));
  }
}

/** memfd_create has no protection; mmap and mprotect are reported with PROT_EXEC only. */
function memory(graph: Graph, reader: BatchReader, process: ProcessIndex): void {
  const protection = reader.u32(CALL.args + 16);
  if ((protection & PROT_EXEC) !== 0) {
    mark(graph, reader, process, (protection & PROT_WRITE) !== 0 ? MARK.WRITABLE_CODE : MARK.ANONYMOUS_CODE, 0);
    return;
  }
  mark(graph, reader, process, MARK.MEMORY_FILE, 0);
}

function kernel(graph: Graph, reader: BatchReader, process: ProcessIndex): void {
  switch (kernelCall(reader.u32(CALL.nr))) {
    case "init_module":
    case "finit_module":
      mark(graph, reader, process, MARK.MODULE, 0);
      return;
    case "delete_module":
      mark(graph, reader, process, MARK.MODULE_REMOVED, 0);
      return;
    case "bpf":
      mark(graph, reader, process, MARK.BPF, 0, reader.u32(CALL.args));
  }
}

function namespace(graph: Graph, reader: BatchReader, process: ProcessIndex): void {
  switch (namespaceCall(reader.u32(CALL.nr))) {
    case "setns":
      mark(graph, reader, process, MARK.ENTERED, (reader.u32(CALL.args + 8) & CLONE_NEW) | whence(graph, process));
      return;
    case "unshare":
      mark(graph, reader, process, MARK.UNSHARED, reader.u32(CALL.args) & CLONE_NEW);
  }
}

function whence(graph: Graph, process: ProcessIndex): number {
  const own = graph.processes.mntns.get(process);
  const host = hostMountNamespace(graph);
  return own !== 0 && host !== 0 && own !== host ? FROM_CONTAINER : 0;
}

/** Notes it; a call that failed counts as tried. */
function mark(graph: Graph, reader: BatchReader, process: ProcessIndex, kind: number, bits: number, bit = -1): void {
  const { marks } = graph;
  const row = marks.touch(kind, process, reader.timeNs(HDR.time), graph.rowEdgeFlags(reader));
  const failed = reader.i32(CALL.ret) < 0;
  // A new mark, and the first that succeeded after some that failed.
  if (marks.added || (!failed && marks.failed.get(row) === marks.times.get(row) - 1)) graph.changes.marked.push(row);
  if (failed) marks.failed.set(row, Math.min(marks.failed.get(row) + 1, marks.times.get(row)));
  marks.addBits(row, bits);
  if (bit >= 0) marks.addBit(row, bit);
  if (marks.text.get(row) === "") marks.setText(row, reader.text(CALL.path));
}
