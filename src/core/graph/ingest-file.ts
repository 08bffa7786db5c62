import type { BatchReader } from "../wire/decode.ts";
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFREG } from "../wire/inode.ts";
import { BYTES, FILE, HDR, KIND, OPEN_FLAG, USE } from "../wire/layout.gen.ts";
import { EDGE, EDGE_FLAG } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import type { FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { noteMemoryWrite } from "./ingest-reach.ts";
import { interprets } from "./interpreters.ts";
import { MARK, SEVERAL_DEVICES } from "./marks.ts";
import { baseName, resolvePath } from "./paths.ts";
import { OPENING_NS, scriptNamed, scriptPath } from "./provenance.ts";

const S_IWOTH = 0o002;
/** Character devices everybody opens and that carry nothing from one process to another. */
const DULL_DEVICE = /^\/dev\/(null|zero|full|u?random|tty|ptmx|pts\/.*|console)$/;

/** OPEN and CHMOD. */
export function ingestFile(graph: Graph, reader: BatchReader): void {
  const { files, edges } = graph;
  const process = graph.rowProcess(reader);
  const mode = reader.u32(FILE.mode);
  if ((mode & S_IFMT) === S_IFCHR && DULL_DEVICE.test(reader.text(FILE.path))) return;
  const timeNs = reader.timeNs(HDR.time);
  const file = rowFile(graph, reader, process, timeNs);
  if (file === NONE) return;
  const open = reader.u32(FILE.open);
  graph.fileHeard(file, timeNs);
  if ((open & (OPEN_FLAG.DELETED | OPEN_FLAG.MEMFD)) !== 0) {
    if ((open & OPEN_FLAG.DELETED) !== 0) files.setFlag(file, FILE_FLAG.DELETED);
    if ((open & OPEN_FLAG.MEMFD) !== 0) files.setFlag(file, FILE_FLAG.MEMFD);
  }
  if (process === NONE) return;
  const how = graph.rowEdgeFlags(reader);
  if ((mode & S_IFMT) === S_IFBLK && reader.kind === KIND.OPEN) noteDevice(graph, reader, process, timeNs);
  if ((mode & S_IFMT) === S_IFIFO && reader.kind === KIND.OPEN) linkPipe(graph, reader, process, timeNs, how);
  if (reader.kind === KIND.CHMOD) {
    edges.touch(EDGE.CHMOD, process, file, timeNs, how | ((mode & 0o111) !== 0 ? EDGE_FLAG.MADE_EXECUTABLE : 0));
    return;
  }
  if ((open & (OPEN_FLAG.WRITE | OPEN_FLAG.CREATED)) !== 0) {
    const created = (open & OPEN_FLAG.CREATED) !== 0;
    const emptied = created || (open & OPEN_FLAG.TRUNC) !== 0 ? EDGE_FLAG.EMPTIED | EDGE_FLAG.WRITTEN : 0;
    edges.touch(EDGE.WROTE, process, file, timeNs, how | emptied | (created ? EDGE_FLAG.CREATED : 0));
    if (edges.added) files.indexPath(file);
  }
  if ((open & OPEN_FLAG.READ) !== 0) {
    const foreign = isForeign(graph, reader, process);
    const edge = edges.touch(EDGE.READ, process, file, timeNs, foreign ? how | EDGE_FLAG.FOREIGN : how);
    if (edges.added && files.has(file, FILE_FLAG.SECRET)) graph.changes.secretReads.push(edge);
    if (foreign && isScript(graph, process, file, timeNs))
      graph.changes.foreign.push({
        process,
        path: files.path.get(file),
        script: true,
        ownerUid: reader.u32(FILE.uid),
        directoryUid: 0,
        shared: (mode & S_IWOTH) !== 0,
      });
    if (files.writers.get(file) !== NONE && readsProgram(graph, process, timeNs)) graph.changes.readers.add(process);
  }
}

/** Whether root opens a file that another user owns, or that everybody may write to. */
function isForeign({ processes }: Graph, reader: BatchReader, process: ProcessIndex): boolean {
  const mode = reader.u32(FILE.mode);
  if ((mode & S_IFMT) !== S_IFREG || (reader.u32(FILE.uid) === 0 && (mode & S_IWOTH) === 0)) return false;
  return processes.euid.get(process) === 0 && (reader.u32(FILE.open) & (OPEN_FLAG.MEMFD | OPEN_FLAG.DELETED)) === 0;
}

/** Whether a file is the script of an interpreter that has just begun to run. */
function isScript(graph: Graph, process: ProcessIndex, file: FileIndex, timeNs: number): boolean {
  if (!readsProgram(graph, process, timeNs)) return false;
  const image = graph.processes.image.get(process);
  const path = graph.files.path.get(file);
  const named = scriptNamed(graph, image);
  return named !== "" && (scriptPath(graph, image) === path || baseName(named) === baseName(path));
}

/** Whether a process has just begun to run an interpreter. */
function readsProgram({ images, processes }: Graph, process: ProcessIndex, timeNs: number): boolean {
  const image = processes.image.get(process);
  if (image === NONE || timeNs - images.atNs.get(image) > OPENING_NS) return false;
  return images.script.get(image) !== "" || interprets(images.exe.get(image));
}

/** READ and WRITE: that an open descriptor was used, also one inherited or opened before the start. */
export function ingestUse(graph: Graph, reader: BatchReader): void {
  const { edges, files } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  if ((reader.u32(USE.mode) & S_IFMT) === S_IFCHR && DULL_DEVICE.test(reader.text(USE.path))) return;
  const timeNs = reader.timeNs(HDR.time);
  const file = rowFile(graph, reader, process, timeNs);
  if (file === NONE) return;
  graph.fileHeard(file, timeNs);
  const wrote = reader.kind === KIND.WRITE;
  const edge = edges.note(wrote ? EDGE.WROTE : EDGE.READ, process, file, timeNs, graph.rowEdgeFlags(reader));
  const { added } = edges;
  edges.setBytes(edge, reader.number(USE.bytes));
  if (wrote) {
    edges.setWritten(edge);
    if (files.has(file, FILE_FLAG.MEMORY))
      noteMemoryWrite(graph, process, files.path.get(file), timeNs, graph.rowEdgeFlags(reader));
  }
  if (!added) return;
  if (wrote) files.indexPath(file);
  else if (files.has(file, FILE_FLAG.SECRET)) graph.changes.secretReads.push(edge);
}

/** Who writes to a block device can change any file on it. */
function noteDevice(graph: Graph, reader: BatchReader, process: ProcessIndex, timeNs: number): void {
  const { marks } = graph;
  if ((reader.u32(FILE.open) & OPEN_FLAG.WRITE) === 0) return;
  const device = reader.u32(FILE.size);
  const mark = marks.touch(MARK.DEVICE, process, timeNs, graph.rowEdgeFlags(reader));
  if (marks.added) {
    marks.addBits(mark, device);
    marks.setText(mark, reader.text(FILE.path));
    graph.changes.marked.push(mark);
  } else if (marks.bitsLo.get(mark) !== device) {
    marks.bitsHi.set(mark, SEVERAL_DEVICES);
  }
}

/** A named pipe is a channel to those who open it, as to those who have it as a standard descriptor. */
function linkPipe(graph: Graph, reader: BatchReader, process: ProcessIndex, timeNs: number, how: number): void {
  const { channels, edges } = graph;
  const lo = reader.lo(FILE.ino);
  const hi = reader.hi(FILE.ino);
  if (lo === 0 && hi === 0) return;
  const known = channels.find(lo, hi);
  const channel = known === NONE ? channels.add(lo, hi, timeNs) : known;
  const open = reader.u32(FILE.open);
  const note = (kind: number): void => {
    const edge = edges.touch(kind, process, channel, timeNs, how);
    if (edges.added) graph.changes.pipes.push(edge);
  };
  if ((open & OPEN_FLAG.READ) !== 0) note(EDGE.PIPE_READ);
  if ((open & OPEN_FLAG.WRITE) !== 0) note(EDGE.PIPE_WRITE);
}

/** BYTES: what a process has moved to or from a file since it was first seen to, in all. */
export function ingestBytes(graph: Graph, reader: BatchReader): void {
  const { edges, files } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const file = files.find(reader.u32(BYTES.dev), reader.u32(BYTES.gen), reader.lo(BYTES.ino), reader.hi(BYTES.ino));
  if (file === NONE) return;
  const edge = edges.find(reader.u32(BYTES.write) !== 0 ? EDGE.WROTE : EDGE.READ, process, file);
  if (edge !== NONE) edges.setBytes(edge, reader.number(BYTES.bytes));
}

/** The file whose mode was changed by a path, alone, that is met at that path now: where who changed it would meet the same. */
export function awaitedFile(graph: Graph, reader: BatchReader, path: number, process: ProcessIndex): FileIndex {
  const { edges, files, processes } = graph;
  const file = files.awaitedAt(reader.strings, path);
  const changed = file === NONE ? NONE : files.writers.get(file);
  if (changed === NONE || process === NONE) return NONE;
  return processes.mntns.get(edges.process.get(changed)) === processes.mntns.get(process) ? file : NONE;
}

/** FILE and USE begin alike: path, device, inode, generation. */
function rowFile(graph: Graph, reader: BatchReader, process: ProcessIndex, timeNs: number): FileIndex {
  const { files, processes, images } = graph;
  const lo = reader.lo(FILE.ino);
  const hi = reader.hi(FILE.ino);
  if (lo === 0 && hi === 0) {
    const image = process === NONE ? NONE : processes.image.get(process);
    const path = resolvePath(reader.text(FILE.path), image === NONE ? "" : images.cwd.get(image));
    if (path === "") return NONE;
    const known = files.atPath(path);
    if (known !== NONE) return known;
    const file = files.addNamed(path, timeNs);
    files.awaitInode(file);
    return file;
  }
  const dev = reader.u32(FILE.dev);
  const generation = reader.u32(FILE.gen);
  const known = files.find(dev, generation, lo, hi);
  const string = reader.u32(FILE.path);
  const file =
    known === NONE ? files.add(dev, generation, lo, hi, timeNs, awaitedFile(graph, reader, string, process)) : known;
  if (string !== 0 && timeNs >= files.lastNs.get(file)) files.readPath(file, reader.strings, string);
  return file;
}
