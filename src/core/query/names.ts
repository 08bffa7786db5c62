import type { Graph } from "../graph/graph.ts";
import type { ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { baseName } from "../graph/paths.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";

/** Arguments of an image, without the empty one after a trailing NUL. */
export function argvOf(graph: Graph, image: ImageIndex): readonly string[] {
  const raw = graph.images.argv.get(image);
  if (raw === "") return [];
  return (raw.endsWith("\0") ? raw.slice(0, -1) : raw).split("\0");
}

/** Variables of an image that load or run other code or say who asked for it. */
export function envOf(graph: Graph, image: ImageIndex): readonly string[] {
  return graph.images.env.get(image).split("\0").slice(0, -1);
}

/** argv joined by blanks; "[comm]" for a kernel thread or where there is no argv. */
export function commandOf(graph: Graph, process: ProcessIndex): string {
  const { processes } = graph;
  const image = processes.image.get(process);
  if (image === NONE || processes.has(process, PROCESS_FLAG.KERNEL_THREAD)) return bracketed(graph, process);
  return commandOfImage(graph, image) || bracketed(graph, process);
}

export function commandOfImage(graph: Graph, image: ImageIndex): string {
  return graph.images.command(image);
}

/** Base name of the executable, or comm. */
export function nameOf(graph: Graph, process: ProcessIndex): string {
  const image = graph.processes.image.get(process);
  const exe = image === NONE ? "" : graph.images.exe.get(image);
  return (exe === "" ? "" : baseName(exe)) || graph.processes.comm.get(process) || unseen(graph, process);
}

/** "20991 curl": how a process is called in sentences. */
export function pidName(graph: Graph, process: ProcessIndex): string {
  return `${graph.processes.tgid.get(process)} ${nameOf(graph, process)}`;
}

function bracketed(graph: Graph, process: ProcessIndex): string {
  return `[${graph.processes.comm.get(process) || unseen(graph, process)}]`;
}

/** Known only because somebody named it; the kernel does not show pid 1 to every namespace. */
function unseen(graph: Graph, process: ProcessIndex): string {
  return graph.processes.tgid.get(process) === 1 ? "init" : "not seen";
}
