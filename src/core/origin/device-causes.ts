import { belowWriters } from "../graph/devices.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { FileIndex, ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { imageAt, scriptPath, writtenCode } from "../graph/provenance.ts";
import { contentWrites } from "../graph/writes.ts";
import { type Cause, RANK } from "./cause.ts";
import { duration } from "./words.ts";

/** Of those that wrote to its device so many are told, the last ones. */
const MAX_TOLD = 8;
/** Of the files a process read so many are looked at. */
const MAX_READS = 2048;

/** What it ran lies on a device that somebody wrote to below its files, since they were written. */
export function deviceCauses(graph: Graph, process: ProcessIndex, atNs: number, gaps: Set<string>): Cause[] {
  const { edges, files, images, marks } = graph;
  const image = imageAt(graph, process, atNs);
  if (marks.devices.size === 0 || image === NONE) return [];
  const ranNs = Math.min(atNs, images.atNs.get(image));
  return codeFiles(graph, process, image).flatMap((file) => {
    const [last] = contentWrites(graph, file, ranNs, process);
    const wroteNs =
      last === undefined || !edges.has(last, EDGE_FLAG.WRITTEN)
        ? Number.NEGATIVE_INFINITY
        : edges.lastBefore(last, ranNs);
    const others = belowWriters(graph, file, wroteNs, ranNs).filter((below) => below.process !== process);
    const untold = others.length - MAX_TOLD;
    if (untold > 0) gaps.add(`${untold} more that wrote to the device of ${files.path.get(file)} are not told`);
    return [...others]
      .sort((a, b) => b.atNs - a.atNs)
      .slice(0, MAX_TOLD)
      .map(
        (below): Cause => ({
          from: { kind: "process", row: below.process, atNs: below.atNs },
          link: "wrote",
          atNs: below.atNs,
          certainty: "inferred",
          explanation: "",
          aside: `opened ${below.through}, on which ${files.path.get(file)} is, for writing ${duration(ranNs - below.atNs)} before it was run: it could have changed it`,
          rank: RANK.SOURCE,
        }),
      );
  });
}

/** The executable, and the script, whether somebody was seen to write them or not. */
function codeFiles(graph: Graph, process: ProcessIndex, image: ImageIndex): readonly FileIndex[] {
  const { edges, files, images, processes } = graph;
  const found = new Set<FileIndex>(writtenCode(graph, image).map(({ file }) => file));
  const executable = files.row(images.fileId.get(image));
  if (executable !== NONE) found.add(executable);
  const script = scriptPath(graph, image);
  let left = script === "" ? 0 : MAX_READS;
  let edge = processes.edges[FAMILY.READS]?.get(process) ?? NONE;
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    const file = edges.object.get(edge);
    if (edges.kind.get(edge) === EDGE.READ && files.path.get(file) === script) found.add(file);
  }
  return [...found];
}
