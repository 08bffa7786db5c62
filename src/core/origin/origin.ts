import { EDGE } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { ownersOf } from "../graph/peers.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import type { OriginChain, Subject } from "../query/model.ts";
import type { Node } from "./cause.ts";
import { rootCause } from "./root-cause.ts";
import { layOut, titleOf } from "./steps.ts";
import { walk } from "./walk.ts";
import { type Names, NUMBERS } from "./words.ts";

/**
 * Where something came from: back through forks, files written and then run, pipes and local sockets to what began it. Every link is
 * earlier than what it explains. At most about ten steps a branch.
 * @param names user names for the sentences
 */
export function originOf(monitor: Monitor, target: Subject, names: Names = NUMBERS): OriginChain {
  const { graph } = monitor;
  const start = nodeOf(graph, target, monitor.nowNs);
  if (start === undefined) {
    return {
      target,
      title: "forgotten",
      rootCause: "This is no longer remembered.",
      steps: [],
      observedLinks: 0,
      links: 0,
      gaps: ["earlier history forgotten"],
    };
  }
  const gaps = new Set<string>();
  const branches = walk(graph, start, names, gaps);
  const steps = layOut(monitor, branches);
  if (graph.lostTotal > 0) gaps.add(`${graph.lostTotal} events were lost`);
  for (const { trail } of branches) for (const { node } of trail) noteGaps(graph, node, gaps);
  return {
    target,
    title: titleOf(graph, start),
    rootCause: rootCause(graph, branches, names),
    steps,
    observedLinks: steps.filter((step) => step.certainty === "observed").length,
    links: steps.length,
    gaps: [...gaps],
  };
}

/** The subject as a node at the moment that is to be explained. */
function nodeOf(graph: Graph, subject: Subject, nowNs: number): Node | undefined {
  const { processes, images, connections, files, channels } = graph;
  switch (subject.kind) {
    case "process": {
      const row = processes.row(subject.id);
      if (row === NONE) return undefined;
      const image = processes.image.get(row);
      return {
        kind: "process",
        row,
        atNs:
          image === NONE ? processes.startNs.get(row) : Math.max(processes.startNs.get(row), images.atNs.get(image)),
      };
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

function noteGaps(graph: Graph, node: Node, gaps: Set<string>): void {
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
