import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { killerOf } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import { imageCertainty } from "./certainty.ts";
import type { Certainty, ConnectionRow, FileRow, MarkRow, ReachRow, TimelineEntry } from "./model.ts";
import { commandOf, commandOfImage, pidName } from "./names.ts";

const MAX_ENTRIES = 400;

/** What happened in the life of a process, oldest first; when there is too much the newest, and how many are left out. */
export function timeline(
  graph: Graph,
  process: ProcessIndex,
  connections: readonly ConnectionRow[],
  files: readonly FileRow[],
  marks: readonly MarkRow[],
  reach: readonly ReachRow[],
): { readonly entries: readonly TimelineEntry[]; readonly left: number } {
  const entries: TimelineEntry[] = [];
  addLife(graph, process, entries);
  for (const row of connections) {
    const subject = { kind: "connection", id: row.id } as const;
    entries.push({ atNs: row.openedNs, text: opened(row), certainty: row.certainty, subject });
    if (row.closedNs === undefined || row.error !== undefined) continue;
    entries.push({ atNs: row.closedNs, text: `closed ${row.remote || row.local}`, certainty: row.certainty, subject });
  }
  for (const row of files) {
    if (row.operation === "execute") continue;
    entries.push({
      atNs: row.firstNs,
      text: `${VERBS[row.operation]} ${row.path}${timesOf(row.count)}`,
      certainty: row.certainty,
      subject: { kind: "file", id: row.id },
    });
  }
  for (const row of marks)
    entries.push({ atNs: row.firstNs, text: `${row.text}${timesOf(row.count)}`, certainty: row.certainty });
  for (const row of reach) {
    const other = row.from === graph.processes.id(process) ? row.to : row.from;
    entries.push({
      atNs: row.firstNs,
      text: `${row.text}${timesOf(row.count)}`,
      certainty: row.certainty,
      subject: { kind: "process", id: other },
    });
  }
  entries.sort((a, b) => a.atNs - b.atNs);
  return { entries: entries.slice(-MAX_ENTRIES), left: Math.max(0, entries.length - MAX_ENTRIES) };
}

function timesOf(count: number): string {
  return count > 1 ? ` (${count} times)` : "";
}

const VERBS: Readonly<Record<FileRow["operation"], string>> = {
  read: "read",
  write: "wrote",
  create: "created",
  execute: "executed",
  chmod: "changed the mode of",
  delete: "deleted",
  rename: "renamed",
};

function opened(row: ConnectionRow): string {
  switch (row.direction) {
    case "listen":
      return `listens on ${row.local}`;
    case "in":
      return `accepted ${row.remote || "a client"} on ${row.local}`;
    case "out":
    case "local":
      return row.error === undefined
        ? `connected to ${named(row)}`
        : `could not connect to ${named(row)}: ${row.error}`;
  }
}

function named(row: ConnectionRow): string {
  return row.name === undefined ? row.remote : `${row.name} ${row.remote}`;
}

function addLife(graph: Graph, process: ProcessIndex, entries: TimelineEntry[]): void {
  const { processes, images } = graph;
  const id = processes.id(process);
  const parent = processes.parent.get(process);
  const seen: Certainty = processes.has(process, PROCESS_FLAG.PARENT_OBSERVED) ? "observed" : "before start";
  const begun = processes.has(process, PROCESS_FLAG.DISTANT) ? "started; descends from" : "forked by";
  const by = parent === NONE ? "started" : `${begun} ${pidName(graph, parent)}`;
  entries.push({ atNs: processes.startNs.get(process), text: by, certainty: seen });
  for (
    let image = processes.image.get(process);
    image !== NONE && images.processId.get(image) === id;
    image = images.previous.get(image)
  ) {
    const command = commandOfImage(graph, image) || images.exe.get(image);
    entries.push({
      atNs: images.atNs.get(image),
      text: `executed ${command}`,
      certainty: imageCertainty(graph, image),
    });
  }
  for (let child = processes.firstChild.get(process); child !== NONE; child = processes.nextSibling.get(child)) {
    const how = processes.has(child, PROCESS_FLAG.PARENT_OBSERVED) ? "observed" : "before start";
    const text = `${processes.has(child, PROCESS_FLAG.DISTANT) ? "led to" : "forked"} ${processes.tgid.get(child)} ${commandOf(graph, child)}`;
    entries.push({
      atNs: processes.startNs.get(child),
      text,
      certainty: how,
      subject: { kind: "process", id: processes.id(child) },
    });
  }
  if (!processes.has(process, PROCESS_FLAG.EXITED)) return;
  const inferred = processes.has(process, PROCESS_FLAG.EXIT_INFERRED);
  const code = processes.exitCode.get(process);
  const killer = killerOf(graph, process);
  const sender = killer === NONE ? "" : `, sent by ${pidName(graph, killer)}`;
  const how = (code & 0x7f) !== 0 ? `killed by signal ${code & 0x7f}${sender}` : `exited with ${(code >> 8) & 0xff}`;
  entries.push({
    atNs: processes.exitNs.get(process),
    text: inferred ? "gone" : how,
    certainty: inferred ? "inferred" : "observed",
  });
}
