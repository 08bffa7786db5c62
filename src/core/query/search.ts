import { CONNECTION_FLAG } from "../graph/connections.ts";
import type { Graph } from "../graph/graph.ts";
import type { FileIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { ownersOf } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import { connectionTitle, homeEnd } from "./connections.ts";
import type { SearchEntries, SearchEntry } from "./model.ts";
import { commandOf, nameOf, pidName } from "./names.ts";

/** A search looks through at most so many files: those that were written, then those last read. */
const MAX_FILES = 10_000;

/** What a search looks through: processes living and remembered, connections, files, findings. */
export function searchEntries(monitor: Monitor): SearchEntries {
  const { graph } = monitor;
  const entries: SearchEntry[] = [];
  for (let process = 0; process < graph.processes.limit; process++) {
    if (graph.processes.isLive(process)) entries.push(processEntry(graph, process));
  }
  addConnections(graph, entries);
  const filesLeft = addFiles(graph, entries);
  for (const finding of monitor.detector.findings) {
    const text = `${finding.title}: ${finding.reason}`;
    const haystack = `${text} ${finding.rule} ${finding.techniques.join(" ")} ${finding.severity}`.toLowerCase();
    entries.push({
      subject: { kind: "finding", id: finding.id },
      process: finding.process,
      text,
      haystack,
      note: finding.severity,
      live: true,
    });
  }
  return { entries, filesLeft };
}

function processEntry(graph: Graph, process: ProcessIndex): SearchEntry {
  const { processes, images } = graph;
  const id = processes.id(process);
  const live = !processes.has(process, PROCESS_FLAG.EXITED);
  const command = commandOf(graph, process);
  const image = processes.image.get(process);
  const exe = image === NONE ? "" : images.exe.get(image);
  const text = `${processes.tgid.get(process)} ${command}`;
  const name = nameOf(graph, process).toLowerCase();
  // Who types a command from memory leaves out its blanks and its folder.
  const joined = command
    .replace(/^\S*\//u, "")
    .replaceAll(" ", "")
    .toLowerCase();
  const more = `${exe} ${processes.comm.get(process)} ${processes.cgroupPath.get(process)} ${joined}`;
  const haystack = `${text} ${more}`.toLowerCase();
  const note = live ? "" : "exited";
  return { subject: { kind: "process", id }, process: id, name, joined, text, haystack, note, live };
}

function addConnections(graph: Graph, entries: SearchEntry[]): void {
  const { connections, processes } = graph;
  for (let connection = 0; connection < connections.limit; connection++) {
    if (!connections.isLive(connection)) continue;
    const live = !connections.has(connection, CONNECTION_FLAG.CLOSED);
    const text = connectionTitle(graph, connection);
    const owner = ownersOf(graph, connection, homeEnd(graph, connection) & 1)[0];
    const note = `${owner === undefined ? "" : pidName(graph, owner)}${live ? "" : " closed"}`.trim();
    const entry = {
      subject: { kind: "connection", id: connections.id(connection) } as const,
      text,
      haystack: `${text} ${note}`.toLowerCase(),
      note,
      live,
    };
    entries.push(owner === undefined ? entry : { ...entry, process: processes.id(owner) });
  }
}

/** Returns how many there are no entries for. */
function addFiles(graph: Graph, entries: SearchEntry[]): number {
  const { files, edges, processes } = graph;
  const all: FileIndex[] = [];
  for (let file = 0; file < files.limit; file++) if (files.isLive(file)) all.push(file);
  const filesLeft = Math.max(0, all.length - MAX_FILES);
  if (filesLeft > 0) {
    const rank = (file: FileIndex): number => (files.writers.get(file) === NONE ? 1 : 0);
    all.sort((a, b) => rank(a) - rank(b) || files.lastNs.get(b) - files.lastNs.get(a));
    all.length = MAX_FILES;
  }
  for (const file of all) {
    const edge = files.writers.get(file) === NONE ? files.readers.get(file) : files.writers.get(file);
    const path = files.path.get(file);
    const owner = edge === NONE ? NONE : edges.process.get(edge);
    const note =
      owner === NONE ? "" : `${files.writers.get(file) === NONE ? "read" : "written"} by ${pidName(graph, owner)}`;
    const entry = {
      subject: { kind: "file", id: files.id(file) } as const,
      text: path,
      haystack: `${path} ${note}`.toLowerCase(),
      note,
      live: true,
    };
    entries.push(owner === NONE ? entry : { ...entry, process: processes.id(owner) });
  }
  return filesLeft;
}
