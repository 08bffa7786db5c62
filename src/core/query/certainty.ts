import { EDGE_FLAG } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { EdgeIndex, ImageIndex } from "../graph/indexes.ts";
import type { Certainty, Severity } from "./model.ts";

export function edgeCertainty(graph: Graph, edge: EdgeIndex): Certainty {
  return howCertainty(graph.edges.flags.get(edge));
}

/** Of EDGE_FLAG bits. */
export function howCertainty(flags: number): Certainty {
  if ((flags & EDGE_FLAG.BEFORE_START) !== 0) return "before start";
  return (flags & (EDGE_FLAG.INFERRED | EDGE_FLAG.POLLED)) !== 0 ? "inferred" : "observed";
}

export function imageCertainty(graph: Graph, image: ImageIndex): Certainty {
  const known = graph.images.known.get(image);
  if ((known & IMAGE_KNOWN.BEFORE_START) !== 0) return "before start";
  return (known & IMAGE_KNOWN.POLLED) !== 0 ? "inferred" : "observed";
}

/** The least certain of several. */
export function weakest(...all: readonly Certainty[]): Certainty {
  if (all.includes("before start")) return "before start";
  return all.includes("inferred") ? "inferred" : "observed";
}

/** By the number the tables keep; 0 = none. */
export const SEVERITIES: readonly (Severity | undefined)[] = [undefined, "info", "low", "medium", "high", "critical"];

export function severityNumber(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** By the number a checkpoint keeps. */
export const CERTAINTIES: readonly Certainty[] = ["observed", "inferred", "before start"];
