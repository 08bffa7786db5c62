import type { Graph } from "../graph/graph.ts";
import type { MarkIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { FROM_CONTAINER, MARK } from "../graph/marks.ts";
import { hostMountNamespace } from "../graph/roles.ts";
import { who } from "../origin/words.ts";
import { imageCertainty } from "../query/certainty.ts";
import type { Signal } from "./signal.ts";

/**
 * A process of a container entered the host's mount namespace, and it or its child executed there. Known false positives: node agents
 * and storage drivers that are meant to (`nsenter --mount=/proc/1/ns/mnt`).
 */
export function namespaceEscape(graph: Graph, process: ProcessIndex): Signal | undefined {
  const { processes, images, marks } = graph;
  const image = processes.image.get(process);
  const host = hostMountNamespace(graph);
  if (image === NONE || host === 0 || processes.mntns.get(process) !== host) return undefined;
  const atNs = images.atNs.get(image);
  const entered = leftContainer(graph, process, atNs) ?? leftContainer(graph, processes.parent.get(process), atNs);
  if (entered === undefined) return undefined;
  const leaver = marks.process.get(entered);
  return {
    rule: "namespace-escape",
    title: "Out of a container into the host",
    reason: `${who(graph, leaver, marks.firstNs.get(entered))} was in a container and entered the host's mount namespace; ${who(graph, process, atNs)} was executed there`,
    severity: "high",
    techniques: ["T1611"],
    atNs,
    process,
    others: [],
    evidence: [{ kind: "process", id: processes.id(leaver) }],
    certainty: imageCertainty(graph, image),
    key: `${processes.keyOf(leaver)}`,
  };
}

function leftContainer(graph: Graph, process: ProcessIndex, beforeNs: number): MarkIndex | undefined {
  const { marks } = graph;
  const mark = process === NONE ? NONE : marks.find(process, MARK.ENTERED);
  if (mark === NONE || marks.firstNs.get(mark) > beforeNs) return undefined;
  return (marks.bitsLo.get(mark) & FROM_CONTAINER) === 0 ? undefined : mark;
}
