import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import { IMAGE_FLAG } from "../wire/layout.gen.ts";
import { imageCertainty } from "./certainty.ts";
import { connections } from "./connections.ts";
import { marksOf, reachOf } from "./deeds.ts";
import { files } from "./files.ts";
import type { ImageRow, ProcessDetail, ProcessId, ProcessRow } from "./model.ts";
import { argvOf, envOf } from "./names.ts";
import { ancestors, type Mutable, rowOf } from "./process-row.ts";
import { timeline } from "./timeline.ts";

/** Everything about one process, undefined when it was forgotten. */
export function processDetail(monitor: Monitor, id: ProcessId): ProcessDetail | undefined {
  const { graph } = monitor;
  const { processes } = graph;
  const process = processes.row(id);
  if (process === NONE) return undefined;
  const toRow = (one: ProcessIndex): ProcessRow => rowOf(graph, one, monitor.nowNs);
  const own = connections(monitor, { process: id });
  const touched = files(monitor, { process: id });
  const marks = marksOf(graph, process);
  const reach = reachOf(graph, process);
  const told = timeline(graph, process, own, touched.rows, marks, reach);
  const detail: Mutable<ProcessDetail> = {
    row: toRow(process),
    startNs: processes.startNs.get(process),
    images: ownImages(graph, process).map((image) => imageRow(graph, image)),
    euid: processes.euid.get(process),
    gid: processes.gid.get(process),
    ancestors: ancestors(monitor, id).map((one) => toRow(processes.row(one))),
    children: childrenOf(graph, process).map(toRow),
    connections: own,
    files: touched.rows,
    filesLeft: touched.left,
    marks,
    reach,
    timeline: told.entries,
    timelineLeft: told.left + touched.left,
    findings: monitor.detector.findings.filter((finding) => finding.chain.includes(id)),
  };
  const nsPid = processes.nsPid.get(process);
  if (nsPid !== 0 && nsPid !== detail.row.pid) detail.containerPid = nsPid;
  const adopter = adopterOf(graph, process, detail.row.ppid);
  if (adopter !== NONE) detail.adoptedBy = toRow(adopter);
  return detail;
}

/** Images of a process, oldest first; the one it inherited at fork comes first when it is still known. */
export function ownImages(graph: Graph, process: ProcessIndex): ImageIndex[] {
  const { images, processes } = graph;
  const found: ImageIndex[] = [];
  for (let image = processes.image.get(process); image !== NONE; image = images.previous.get(image)) {
    found.push(image);
    if (images.processId.get(image) !== processes.id(process)) break;
  }
  return found.reverse();
}

function childrenOf(graph: Graph, process: ProcessIndex): ProcessIndex[] {
  const { processes } = graph;
  const found: ProcessIndex[] = [];
  for (let child = processes.firstChild.get(process); child !== NONE; child = processes.nextSibling.get(child))
    found.push(child);
  return found.sort((a, b) => processes.startNs.get(a) - processes.startNs.get(b));
}

function adopterOf(graph: Graph, process: ProcessIndex, ppid: number): ProcessIndex {
  const { processes } = graph;
  if (processes.has(process, PROCESS_FLAG.EXITED) || ppid === 0) return NONE;
  const parent = processes.parent.get(process);
  if (parent === NONE || processes.tgid.get(parent) === ppid) return NONE;
  return processes.living(ppid);
}

function imageRow(graph: Graph, image: ImageIndex): ImageRow {
  const { images } = graph;
  const flags = images.flags.get(image);
  const script = images.script.get(image);
  return {
    path: images.exe.get(image),
    argv: argvOf(graph, image),
    cwd: images.cwd.get(image),
    ...(script === "" ? {} : { script }),
    atNs: images.atNs.get(image),
    certainty: imageCertainty(graph, image),
    deleted: (flags & IMAGE_FLAG.DELETED) !== 0,
    memfd: (flags & IMAGE_FLAG.MEMFD) !== 0,
    truncated: (images.known.get(image) & IMAGE_KNOWN.ARGV_CUT) !== 0,
    env: envOf(graph, image),
    envTruncated: (images.known.get(image) & IMAGE_KNOWN.ENV_CUT) !== 0,
  };
}
