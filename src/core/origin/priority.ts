import type { Graph } from "../graph/graph.ts";
import { NONE } from "../graph/indexes.ts";
import type { Monitor } from "../monitor.ts";
import { severityNumber } from "../query/certainty.ts";
import type { Node } from "./cause.ts";
import type { Effect } from "./effect.ts";
import { severityOf } from "./places.ts";

/**
 * What an effect costs on top of the way to it: its kind, then one of many (of its siblings, of those that run the same program), long
 * after, guessed; less when much was moved or it takes part in a finding. Each counts by its order of magnitude.
 */
export function priority(monitor: Monitor, effect: Effect, sinceNs: number, siblings: number): number {
  const { graph } = monitor;
  const { node } = effect.to;
  const severity = severityOf(monitor, node);
  const seconds = Number.isFinite(sinceNs) ? Math.max(0, effect.atNs - sinceNs) / 1e9 : 0;
  return Math.max(
    0.1,
    effect.cost +
      0.3 * Math.log10(1 + siblings) +
      0.3 * Math.log10(1 + commonness(graph, node)) +
      0.3 * Math.log10(1 + seconds) +
      (effect.certainty === "observed" ? 0 : 0.5) -
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
