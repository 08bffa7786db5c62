import type { Graph } from "../graph/graph.ts";
import { NONE } from "../graph/indexes.ts";
import type { Monitor } from "../monitor.ts";
import { severityNumber } from "../query/certainty.ts";
import type { Certainty } from "../query/model.ts";
import type { Node } from "./cause.ts";
import { severityOf } from "./places.ts";

/** A step, backward or forward, as far as it is weighed. */
export interface Weighed {
  /** Where it leads. */
  readonly node: Node;
  /** What its kind costs. */
  readonly cost: number;
  /** How long before or after. */
  readonly apartNs: number;
  readonly certainty: Certainty;
  /** How many could be meant. */
  readonly siblings: number;
}

/**
 * What a step costs: its kind, then one of many (of its siblings, of those that run the same program), long before or after, guessed; less
 * when much was moved or it takes part in a finding. Each counts by its order of magnitude.
 */
export function priority(monitor: Monitor, { node, cost, apartNs, certainty, siblings }: Weighed): number {
  const { graph } = monitor;
  const severity = severityOf(monitor, node);
  const seconds = Number.isFinite(apartNs) ? Math.max(0, apartNs) / 1e9 : 0;
  return Math.max(
    0.1,
    cost +
      0.3 * Math.log10(1 + siblings) +
      0.3 * Math.log10(1 + commonness(graph, node)) +
      0.3 * Math.log10(1 + seconds) +
      (certainty === "observed" ? 0 : 0.5) -
      0.2 * Math.log10(1 + moved(graph, node) / 4096) -
      (severity === undefined ? 0 : 0.5 * severityNumber(severity)),
  );
}

/** How many run the same program, or touch the same file. */
function commonness(graph: Graph, node: Node): number {
  const { processes, images, files } = graph;
  if (node.kind === "file") return files.readerCount.get(node.row);
  if (node.kind !== "process") return 0;
  const image = processes.image.get(node.row);
  const file = image === NONE ? NONE : files.row(images.fileId.get(image));
  return file === NONE ? 0 : files.readerCount.get(file);
}

/** Bytes over a connection, both ways. */
function moved(graph: Graph, node: Node): number {
  if (node.kind !== "connection") return 0;
  const { connections } = graph;
  const end = 2 * node.row + connections.clientSide.get(node.row);
  return Math.max(
    connections.rxBytes.get(end) + connections.txBytes.get(end),
    connections.rxBytes.get(end ^ 1) + connections.txBytes.get(end ^ 1),
  );
}
