import { EDGE, EDGE_FLAG, FAMILY, isFileKind } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex, FileIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import type { Monitor } from "../monitor.ts";
import { edgeCertainty } from "./certainty.ts";
import type { FileId, FileRow, FileView, ProcessId } from "./model.ts";

export interface FileOptions {
  readonly process?: ProcessId;
  /** Only paths that contain this text. */
  readonly path?: string;
  /** Only this file. */
  readonly file?: FileId;
  readonly holds?: (row: FileRow) => boolean;
  /** At most so many rows, the most recent; default 2000. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 2000;
/** A condition is looked for in so many, the newest. */
const MOST_LOOKED = 20_000;

/**
 * Who did what to which file, most recent first. Without a process, path or file to look for, plain reads are left out: there are too
 * many to look through.
 */
export function files(monitor: Monitor, options: FileOptions): FileView {
  const { graph } = monitor;
  const found: EdgeIndex[] = [];
  const path = options.path;
  const asked = new Map<FileIndex, boolean>();
  const wanted = (file: FileIndex, part: string): boolean => {
    const known = asked.get(file);
    if (known !== undefined) return known;
    const answer = graph.files.path.get(file).includes(part);
    asked.set(file, answer);
    return answer;
  };
  const take = (edge: EdgeIndex): void => {
    if (path === undefined || wanted(graph.edges.object.get(edge), path)) found.push(edge);
  };
  if (options.process !== undefined) eachOfProcess(graph, options.process, take);
  else if (options.file !== undefined) eachOfFile(graph, options.file, take);
  else {
    const { edges } = graph;
    const last = path === undefined ? isChange : isFileKind;
    for (let edge = 0; edge < edges.limit; edge++) if (edges.isLive(edge) && last(edges.kind.get(edge))) take(edge);
  }
  found.sort((a, b) => graph.edges.lastNs.get(b) - graph.edges.lastNs.get(a) || b - a);
  const { holds, limit = DEFAULT_LIMIT } = options;
  const rows: FileRow[] = [];
  const most = Math.min(found.length, holds === undefined ? limit : MOST_LOOKED);
  let looked = 0;
  for (; looked < most && rows.length < limit; looked++) {
    const row = rowOf(graph, found[looked] as EdgeIndex);
    if (holds === undefined || holds(row)) rows.push(row);
  }
  return { rows, left: found.length - looked };
}

const isChange = (kind: number): boolean => kind >= EDGE.WROTE && isFileKind(kind);

function eachOfProcess(graph: Graph, id: ProcessId, take: (edge: EdgeIndex) => void): void {
  const { processes, edges } = graph;
  const process = processes.row(id);
  if (process === NONE) return;
  for (const family of [FAMILY.WRITES, FAMILY.READS]) {
    const head = processes.edges[family];
    for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge)) take(edge);
  }
}

function eachOfFile(graph: Graph, id: FileId, take: (edge: EdgeIndex) => void): void {
  const file = graph.files.row(id);
  if (file === NONE) return;
  for (const head of [graph.files.writers, graph.files.readers]) {
    for (let edge = head.get(file); edge !== NONE; edge = graph.edges.nextOfObject.get(edge)) take(edge);
  }
}

function rowOf(graph: Graph, edge: EdgeIndex): FileRow {
  const { edges, files: table, processes } = graph;
  const file = edges.object.get(edge);
  const kind = edges.kind.get(edge);
  const bytes = kind === EDGE.READ || kind === EDGE.WROTE ? edges.bytes(edge) : 0;
  return {
    id: table.id(file),
    path: table.path.get(file),
    operation: operationOf(kind, edges.flags.get(edge)),
    count: edges.times.get(edge),
    ...(bytes === 0 ? {} : { bytes }),
    firstNs: edges.firstNs.get(edge),
    lastNs: edges.lastNs.get(edge),
    process: processes.id(edges.process.get(edge)),
    certainty: edgeCertainty(graph, edge),
  };
}

function operationOf(kind: number, flags: number): FileRow["operation"] {
  switch (kind) {
    case EDGE.WROTE:
      return (flags & EDGE_FLAG.CREATED) !== 0 ? "create" : "write";
    case EDGE.CHMOD:
      return "chmod";
    case EDGE.EXECUTED:
      return "execute";
    case EDGE.RENAMED:
      return "rename";
    case EDGE.DELETED:
      return "delete";
    default:
      return "read";
  }
}
