import type { BatchReader } from "../wire/decode.ts";
import { HDR, KIND, PATH } from "../wire/layout.gen.ts";
import { EDGE } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import type { FileIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { resolvePath } from "./paths.ts";

/**
 * RENAME, UNLINK and LINK. They carry names, not inodes: a name leads to its file when somebody wrote it while we looked; otherwise
 * the name itself stands for it.
 */
export function ingestPath(graph: Graph, reader: BatchReader): void {
  if (reader.i32(PATH.ret) !== 0) return;
  const { files, edges } = graph;
  const process = graph.rowProcess(reader);
  const timeNs = reader.timeNs(HDR.time);
  const from = resolvePath(reader.text(PATH.from), reader.text(PATH.fromDir));
  if (process === NONE || from === "") return;
  const file = named(graph, from, timeNs);
  graph.fileHeard(file, timeNs);
  if (reader.kind === KIND.UNLINK) {
    files.setFlag(file, FILE_FLAG.DELETED);
    edges.touch(EDGE.DELETED, process, file, timeNs, graph.rowEdgeFlags(reader));
    return;
  }
  const to = resolvePath(reader.text(PATH.to), reader.text(PATH.toDir));
  if (to === "") return;
  if (reader.kind === KIND.RENAME) files.rename(file, to);
  files.addName(file, to);
  edges.touch(EDGE.RENAMED, process, file, timeNs, graph.rowEdgeFlags(reader));
}

function named(graph: Graph, path: string, timeNs: number): FileIndex {
  const known = graph.files.atPath(path);
  return known === NONE ? graph.files.addNamed(path, timeNs) : known;
}
