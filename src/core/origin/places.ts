import { EDGE } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { ownersOf } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import { SEVERITIES } from "../query/certainty.ts";
import { connectionTitle } from "../query/connections.ts";
import type { Finding, Severity, Subject, Target } from "../query/model.ts";
import type { Node } from "./cause.ts";
import { processTitle } from "./words.ts";

/** The target as a node at the moment that is to be explained; undefined when it is forgotten. */
export function nodeOf(monitor: Monitor, target: Target): Node | undefined {
  const { graph, nowNs } = monitor;
  const { processes, images, connections, files, channels } = graph;
  const subject = subjectOfTarget(monitor, target);
  switch (subject?.kind) {
    case undefined:
      return undefined;
    case "process": {
      const row = processes.row(subject.id);
      if (row === NONE) return undefined;
      const image = processes.image.get(row);
      const foundNs = findingOf(monitor, target)?.atNs ?? Number.NEGATIVE_INFINITY;
      const ranNs = image === NONE ? Number.NEGATIVE_INFINITY : images.atNs.get(image);
      return { kind: "process", row, atNs: Math.max(processes.startNs.get(row), ranNs, foundNs) };
    }
    case "connection": {
      const row = connections.row(subject.id);
      return row === NONE ? undefined : { kind: "connection", row, atNs: connections.openedNs.get(row) };
    }
    case "file": {
      const row = files.row(subject.id);
      return row === NONE ? undefined : { kind: "file", row, atNs: nowNs };
    }
    case "channel": {
      const row = channels.row(subject.id);
      return row === NONE ? undefined : { kind: "channel", row, atNs: nowNs };
    }
  }
}

/** When it was first heard of, of what lasts: a file or pipe; else the moment that is to be explained. */
export function firstNs({ files, channels }: Graph, node: Node): number {
  switch (node.kind) {
    case "file":
      return files.firstNs.get(node.row);
    case "channel":
      return channels.firstNs.get(node.row);
    case "process":
    case "connection":
      return node.atNs;
  }
}

function findingOf(monitor: Monitor, target: Target): Finding | undefined {
  return target.kind === "finding" ? monitor.detector.findings.find(({ id }) => id === target.id) : undefined;
}

/** A finding is asked about as the process it was found at. */
function subjectOfTarget(monitor: Monitor, target: Target): Subject | undefined {
  if (target.kind !== "finding") return target;
  const finding = findingOf(monitor, target);
  return finding && { kind: "process", id: finding.process };
}

/** What a query is about, in words: a finding by its title. */
export function targetTitle(monitor: Monitor, target: Target, node: Node): string {
  const finding = findingOf(monitor, target);
  const title = titleOf(monitor.graph, node);
  return finding === undefined ? title : `${finding.title}: ${title}`;
}

/** Notes what is not known of a place. */
export function noteGaps(graph: Graph, node: Node, gaps: Set<string>): void {
  const { processes } = graph;
  const involved =
    node.kind === "process" ? [node.row] : node.kind === "connection" ? ownersBothSides(graph, node.row) : [];
  for (const process of involved) {
    if (processes.has(process, PROCESS_FLAG.HISTORY_FORGOTTEN)) gaps.add("earlier history forgotten");
    if (
      processes.tgid.get(process) !== 1 &&
      !processes.has(process, PROCESS_FLAG.DESCRIBED) &&
      processes.image.get(process) === NONE
    )
      gaps.add(`${processes.tgid.get(process)} was never seen itself`);
    if (processes.has(process, PROCESS_FLAG.POLLED)) gaps.add("found by polling: what was short-lived is missing");
  }
}

function ownersBothSides(graph: Graph, connection: ConnectionIndex): readonly number[] {
  return [EDGE.SIDE_0, EDGE.SIDE_1].flatMap((kind) => ownersOf(graph, connection, kind - EDGE.SIDE_0));
}

/** What a place is outside of the graph. */
export function subjectOf(graph: Graph, node: Node): Subject {
  switch (node.kind) {
    case "process":
      return { kind: "process", id: graph.processes.id(node.row) };
    case "connection":
      return { kind: "connection", id: graph.connections.id(node.row) };
    case "file":
      return { kind: "file", id: graph.files.id(node.row) };
    case "channel":
      return { kind: "channel", id: graph.channels.id(node.row) };
  }
}

/** What a place is called: "20991 curl -s http://cdn.x/i.sh", "tcp 10.0.0.4:41822 -> 198.51.100.7:80", a path. */
export function titleOf(graph: Graph, node: Node): string {
  switch (node.kind) {
    case "process":
      return processTitle(graph, node.row, node.namedNs ?? node.atNs);
    case "connection":
      return connectionTitle(graph, node.row);
    case "file":
      return graph.files.path.get(node.row);
    case "channel":
      return `pipe ${graph.channels.inoHi.get(node.row) * 0x1_0000_0000 + graph.channels.inoLo.get(node.row)}`;
  }
}

/** The worst finding it takes part in. */
export function severityOf(monitor: Monitor, node: Node): Severity | undefined {
  if (node.kind === "process") return SEVERITIES[monitor.graph.processes.severity.get(node.row)];
  if (node.kind === "connection")
    return SEVERITIES[monitor.detector.connectionSeverity.get(monitor.graph.connections.id(node.row)) ?? 0];
  return undefined;
}
