import type { BatchReader } from "../wire/decode.ts";
import { CALL, CRED, EXIT, FLAG, FORK, HDR, IMAGE, IMAGE_CUT, IMAGE_FLAG, KIND } from "../wire/layout.gen.ts";
import { EDGE } from "./edges.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import { IMAGE_KNOWN } from "./images.ts";
import type { ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { awaitedFile } from "./ingest-file.ts";
import { linkStdio } from "./ingest-stdio.ts";
import { markExit } from "./lifecycle.ts";
import { MARK, ROOT } from "./marks.ts";
import { PROCESS_FLAG } from "./processes.ts";

/** Containers come and go; their paths are asked for only by processes forked into a group nobody executed in yet. */
const MAX_CGROUPS = 1 << 14;

export function ingestFork(graph: Graph, reader: BatchReader): void {
  const { processes } = graph;
  const parent = graph.rowProcess(reader);
  const childStartNs = reader.timeNs(FORK.childStart);
  const child = graph.obtain(
    reader.u32(FORK.childTgid),
    reader.lo(FORK.childStart),
    reader.hi(FORK.childStart),
    childStartNs,
  );
  if (child === NONE) return;
  processes.seenSnapshot.set(child, graph.snapshot);
  if ((reader.flags & FLAG.POLLED) !== 0) processes.setFlag(child, PROCESS_FLAG.POLLED);
  if (parent !== NONE && !processes.has(child, PROCESS_FLAG.PARENT_OBSERVED) && processes.setParent(child, parent)) {
    processes.setFlag(child, PROCESS_FLAG.PARENT_OBSERVED);
    if (processes.realParentTgid.get(child) === 0) processes.realParentTgid.set(child, processes.tgid.get(parent));
  }
  if (processes.has(child, PROCESS_FLAG.DESCRIBED)) return;
  processes.nsPid.set(child, reader.u32(FORK.childNsPid));
  if (parent !== NONE) {
    inherit(graph, parent, child, reader.timeNs(HDR.time));
    passImageOn(graph, child, NONE, Number.NEGATIVE_INFINITY);
  }
  processes.pidns.set(child, reader.u32(FORK.pidns));
  setCgroup(graph, child, reader.number(FORK.cgroup), "");
}

/** EXEC, or PROCESS: what a process runs, found running. */
export function ingestImage(graph: Graph, reader: BatchReader): void {
  const { processes, images } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const executed = reader.kind === KIND.EXEC;
  const described = processes.has(process, PROCESS_FLAG.DESCRIBED);
  const timeNs = executed || described ? reader.timeNs(HDR.time) : processes.startNs.get(process);
  linkParent(graph, reader, process);
  const current = processes.image.get(process);
  const own = current !== NONE && images.processId.get(current) === processes.id(process);
  if (
    executed &&
    own &&
    timeNs <= images.atNs.get(current) &&
    (images.known.get(current) & IMAGE_KNOWN.BEFORE_START) === 0
  ) {
    insertLate(graph, reader, process, current, timeNs);
    return;
  }
  const exe = reader.text(IMAGE.exe);
  // A snapshot tells nothing new about an image we already have.
  const same =
    !executed &&
    current !== NONE &&
    images.exe.get(current) === exe &&
    images.argv.is(current, reader.strings, reader.u32(IMAGE.argv));
  describe(graph, reader, process);
  if (same) return;
  const image = readImage(graph, reader, process, current, timeNs);
  processes.image.set(process, image);
  passImageOn(graph, process, current, timeNs);
  thinImages(graph, process);
  graph.changes.executed.push(process);
  noteForeign(graph, reader, process);
}

/** Root runs what others own or may write. What has no name cannot be exchanged. */
function noteForeign(graph: Graph, reader: BatchReader, process: ProcessIndex): void {
  const flags = reader.u32(IMAGE.image);
  const ownerUid = reader.u32(IMAGE.exeUid);
  const directoryUid = reader.u32(IMAGE.dirUid);
  const shared = (flags & IMAGE_FLAG.SHARED) !== 0;
  if (reader.u32(IMAGE.euid) !== 0 || (ownerUid === 0 && directoryUid === 0 && !shared)) return;
  if ((flags & (IMAGE_FLAG.KTHREAD | IMAGE_FLAG.MEMFD | IMAGE_FLAG.DELETED)) !== 0) return;
  graph.changes.foreign.push({ process, path: reader.text(IMAGE.exe), script: false, ownerUid, directoryUid, shared });
}

/** A process that executes itself over and over keeps its first image and the latest. */
const MAX_OWN_IMAGES = 64;

function thinImages(graph: Graph, process: ProcessIndex): void {
  const { processes, images } = graph;
  const id = processes.id(process);
  let third: ImageIndex = NONE;
  let second: ImageIndex = NONE;
  let first: ImageIndex = NONE;
  let count = 0;
  for (let at = processes.image.get(process); at !== NONE && images.processId.get(at) === id; count++) {
    third = second;
    second = first;
    first = at;
    at = images.previous.get(at);
  }
  if (count <= MAX_OWN_IMAGES) return;
  images.hold(first);
  images.previous.set(third, first);
  images.release(second);
  processes.setFlag(process, PROCESS_FLAG.HISTORY_FORGOTTEN);
}

/** What a source writes that saw a process gone, but not how (bpf/wire.h). */
const UNKNOWN_EXIT = 0xffff_ffff;

export function ingestExit(graph: Graph, reader: BatchReader): void {
  const { processes } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  if (processes.has(process, PROCESS_FLAG.EXITED) && !processes.has(process, PROCESS_FLAG.EXIT_INFERRED)) return;
  const code = reader.u32(EXIT.code);
  const known = code !== UNKNOWN_EXIT;
  if (known) processes.exitCode.set(process, code);
  processes.cpuNs.set(process, Math.max(processes.cpuNs.get(process), reader.number(EXIT.cpuNs)));
  processes.readBytes.set(process, Math.max(processes.readBytes.get(process), reader.number(EXIT.readBytes)));
  processes.writeBytes.set(process, Math.max(processes.writeBytes.get(process), reader.number(EXIT.writeBytes)));
  if (processes.rssBytes.get(process) === 0) processes.rssBytes.set(process, reader.number(EXIT.maxRssBytes));
  markExit(graph, process, reader.timeNs(HDR.time), !known);
}

const UNKNOWN_ID = 0xffff_ffff;
/** spy_cred.how */
const NOTICED = 2;

/** Ids changed without an exec. Who becomes root is marked: one that was not, nor could be by its other id. */
export function ingestCred(graph: Graph, reader: BatchReader): void {
  const { processes, marks } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const wasRoot = reader.u32(CRED.oldUid) === 0 || reader.u32(CRED.oldEuid) === 0;
  if (!wasRoot && reader.u32(CRED.oldUid) !== UNKNOWN_ID && reader.u32(CRED.euid) === 0) {
    const mark = marks.touch(MARK.BECAME_ROOT, process, reader.timeNs(HDR.time), graph.rowEdgeFlags(reader));
    marks.addBits(mark, reader.u32(CRED.how) === NOTICED ? ROOT.WITHOUT_CALL : ROOT.BY_CALL);
    graph.changes.marked.push(mark);
  }
  processes.uid.set(process, reader.u32(CRED.uid));
  processes.euid.set(process, reader.u32(CRED.euid));
  processes.gid.set(process, reader.u32(CRED.gid));
  processes.egid.set(process, reader.u32(CRED.egid));
}

/** Moved to another control group. */
export function ingestCgroup(graph: Graph, reader: BatchReader): void {
  const process = graph.rowProcess(reader);
  if (process !== NONE) setCgroup(graph, process, reader.number(CALL.args), reader.text(CALL.path));
}

function inherit(graph: Graph, parent: ProcessIndex, child: ProcessIndex, timeNs: number): void {
  const { processes, images } = graph;
  let image = processes.image.get(parent);
  // A fork that arrives late inherits what the parent ran then.
  while (image !== NONE && images.atNs.get(image) > timeNs && images.previous.get(image) !== NONE)
    image = images.previous.get(image);
  if (image !== NONE && processes.image.get(child) === NONE) {
    images.hold(image);
    processes.image.set(child, image);
  }
  processes.inherit(child, parent);
}

/**
 * What a process ran became known after it had forked: children that inherited what it was thought to run (`before`, or nothing) at or
 * after `sinceNs`, and have not executed since, inherit the image that they had.
 */
function passImageOn(graph: Graph, process: ProcessIndex, before: ImageIndex, sinceNs: number): void {
  const { processes, images } = graph;
  // As a rule it executed before it forked: tens of thousands of children need not be asked.
  if (processes.newestChildNs.get(process) < sinceNs) return;
  for (let child = processes.firstChild.get(process); child !== NONE; child = processes.nextSibling.get(child)) {
    if (processes.has(child, PROCESS_FLAG.DESCRIBED) || !processes.has(child, PROCESS_FLAG.PARENT_OBSERVED)) continue;
    if (processes.image.get(child) !== before || processes.startNs.get(child) < sinceNs) continue;
    processes.image.set(child, NONE);
    inherit(graph, process, child, processes.startNs.get(child));
    if (before !== NONE) images.release(before);
    passImageOn(graph, child, before, Number.NEGATIVE_INFINITY);
  }
}

function linkParent(graph: Graph, reader: BatchReader, process: ProcessIndex): void {
  const { processes } = graph;
  const tgid = reader.u32(IMAGE.parentTgid);
  processes.realParentTgid.set(process, tgid);
  if (tgid === 0) return;
  const parent = graph.obtain(
    tgid,
    reader.lo(IMAGE.parentStart),
    reader.hi(IMAGE.parentStart),
    reader.timeNs(IMAGE.parentStart),
  );
  if (parent === NONE || parent === process) return;
  if (!processes.has(parent, PROCESS_FLAG.EXITED)) processes.seenSnapshot.set(parent, graph.snapshot);
  if (!processes.has(process, PROCESS_FLAG.PARENT_OBSERVED)) processes.setParent(process, parent);
}

/** A PROCESS row of a snapshot; a polled one that began later has no such flag. */
function ranBefore(reader: BatchReader): boolean {
  return reader.kind === KIND.PROCESS && (reader.flags & FLAG.BEFORE_START) !== 0;
}

function describe(graph: Graph, reader: BatchReader, process: ProcessIndex): void {
  const { processes } = graph;
  const image = reader.u32(IMAGE.image);
  processes.setFlag(
    process,
    PROCESS_FLAG.DESCRIBED |
      ((image & IMAGE_FLAG.KTHREAD) !== 0 ? PROCESS_FLAG.KERNEL_THREAD : 0) |
      ((reader.flags & FLAG.POLLED) !== 0 ? PROCESS_FLAG.POLLED : 0) |
      (ranBefore(reader) && processes.image.get(process) === NONE ? PROCESS_FLAG.BEFORE_START : 0),
  );
  if ((image & IMAGE_FLAG.KTHREAD) === 0) processes.clearFlag(process, PROCESS_FLAG.KERNEL_THREAD);
  processes.uid.set(process, reader.u32(IMAGE.uid));
  processes.euid.set(process, reader.u32(IMAGE.euid));
  processes.gid.set(process, reader.u32(IMAGE.gid));
  processes.egid.set(process, reader.u32(IMAGE.egid));
  processes.loginUid.set(process, reader.u32(IMAGE.loginUid));
  processes.sessionId.set(process, reader.u32(IMAGE.sessionId));
  processes.sid.set(process, reader.u32(IMAGE.sid));
  processes.tty.set(process, reader.u32(IMAGE.tty));
  processes.nsPid.set(process, reader.u32(IMAGE.nsPid));
  processes.pidns.set(process, reader.u32(IMAGE.pidns));
  processes.netns.set(process, reader.u32(IMAGE.netns));
  processes.mntns.set(process, reader.u32(IMAGE.mntns));
  processes.comm.set(process, reader.text(IMAGE.comm));
  setCgroup(graph, process, reader.number(IMAGE.cgroup), reader.text(IMAGE.cgroupPath));
}

export function rememberCgroup({ cgroupPaths }: Graph, cgroup: number, path: string): void {
  if (path === "" || cgroup === 0 || cgroupPaths.get(cgroup) === path) return;
  if (cgroupPaths.size >= MAX_CGROUPS) cgroupPaths.clear();
  cgroupPaths.set(cgroup, path);
}

function setCgroup(graph: Graph, process: ProcessIndex, cgroup: number, path: string): void {
  const { processes, cgroupPaths } = graph;
  rememberCgroup(graph, cgroup, path);
  if (path !== "") processes.cgroupPath.set(process, path);
  else if (cgroup !== 0 && cgroup !== processes.cgroup.get(process))
    processes.cgroupPath.set(process, cgroupPaths.get(cgroup) ?? "");
  if (cgroup !== 0) processes.cgroup.set(process, cgroup);
}

/** An EXEC older than the image we have: it goes below it, and a second report of the same one goes nowhere. */
function insertLate(
  graph: Graph,
  reader: BatchReader,
  process: ProcessIndex,
  newest: ImageIndex,
  timeNs: number,
): void {
  const { processes, images } = graph;
  const id = processes.id(process);
  let above = newest;
  for (;;) {
    if (images.atNs.get(above) === timeNs) return;
    const below = images.previous.get(above);
    if (below === NONE || images.processId.get(below) !== id || images.atNs.get(below) < timeNs) break;
    above = below;
  }
  const below = images.previous.get(above);
  images.previous.set(above, readImage(graph, reader, process, below, timeNs));
  passImageOn(graph, process, below, timeNs);
}

/** Its number is the same on every machine: include/linux/proc_ns.h, PROC_USER_INIT_INO. */
const FIRST_USER_NAMESPACE = 0xefff_fffd;

function readImage(
  graph: Graph,
  reader: BatchReader,
  process: ProcessIndex,
  previous: ImageIndex,
  timeNs: number,
): ImageIndex {
  const { processes, images, files } = graph;
  const image = images.add(processes.id(process), previous, timeNs);
  images.read(image, reader, IMAGE);
  const flags = reader.u32(IMAGE.image);
  images.flags.set(image, flags);
  const { BEFORE_START, POLLED, UNVERIFIED, ARGV_CUT, ENV_CUT, USER_NAMESPACE } = IMAGE_KNOWN;
  const userns = reader.u32(IMAGE.userns);
  const cut = (reader.trunc & IMAGE_CUT.ARGV) !== 0;
  images.known.set(
    image,
    (ranBefore(reader) ? BEFORE_START : 0) |
      ((reader.flags & FLAG.POLLED) !== 0 ? POLLED : 0) |
      ((reader.flags & FLAG.UNVERIFIED) !== 0 ? UNVERIFIED : 0) |
      (cut && (flags & IMAGE_FLAG.NO_ARGV) === 0 ? ARGV_CUT : 0) |
      ((reader.trunc & IMAGE_CUT.ENV) !== 0 ? ENV_CUT : 0) |
      (userns !== 0 && userns !== FIRST_USER_NAMESPACE ? USER_NAMESPACE : 0),
  );
  const inoLo = reader.lo(IMAGE.exeIno);
  const inoHi = reader.hi(IMAGE.exeIno);
  const dev = reader.u32(IMAGE.exeDev);
  const generation = reader.u32(IMAGE.exeGen);
  const byInode = inoLo !== 0 || inoHi !== 0;
  let file = byInode ? files.find(dev, generation, inoLo, inoHi) : files.atPath(images.exe.get(image));
  if (file === NONE && byInode) {
    const awaited = awaitedFile(graph, reader, reader.u32(IMAGE.exe), process);
    file = files.add(dev, generation, inoLo, inoHi, timeNs, awaited);
  }
  if (file !== NONE) {
    if (reader.u32(IMAGE.exe) !== 0) files.readPath(file, reader.strings, reader.u32(IMAGE.exe));
    if ((flags & IMAGE_FLAG.DELETED) !== 0) files.setFlag(file, FILE_FLAG.DELETED);
    if ((flags & IMAGE_FLAG.MEMFD) !== 0) files.setFlag(file, FILE_FLAG.MEMFD);
    images.fileId.set(image, files.id(file));
    graph.fileHeard(file, timeNs);
    const how = graph.rowEdgeFlags(reader);
    graph.edges.touch(EDGE.EXECUTED, process, file, timeNs, how);
  }
  linkStdio(graph, reader, process, image, timeNs);
  return image;
}
