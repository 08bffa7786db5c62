import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { interprets } from "../graph/interpreters.ts";
import { imageAt, programReads, scriptNamed } from "../graph/provenance.ts";
import { lastWrite } from "../graph/writes.ts";
import { type Cause, RANK } from "./cause.ts";
import { duration, who } from "./words.ts";

/** Of the files read by what may have run them, so many are told. */
const MAX_READ = 2;

/**
 * What an interpreter without a script, or a program that somebody wrote, read right after it began: it may have sourced it, or be an
 * interpreter under another name.
 */
export function readCauses(graph: Graph, process: ProcessIndex, atNs: number): Cause[] {
  const { edges, files, images } = graph;
  const image = imageAt(graph, process, atNs);
  if (image === NONE || scriptNamed(graph, image) !== "") return [];
  const executable = files.row(images.fileId.get(image));
  const written = executable !== NONE && files.writers.get(executable) !== NONE;
  if (!written && !interprets(images.exe.get(image))) return [];
  const causes: Cause[] = [];
  for (const read of programReads(graph, image)) {
    const file = edges.object.get(read);
    const readNs = Math.max(edges.firstNs.get(read), images.atNs.get(image));
    const write = readNs > atNs ? NONE : lastWrite(graph, file, readNs, process);
    if (write === NONE || causes.length === MAX_READ) continue;
    const wroteNs = graph.edges.lastBefore(write, readNs);
    causes.push({
      from: { kind: "process", row: edges.process.get(write), atNs: wroteNs },
      link: "read",
      atNs: wroteNs,
      certainty: "inferred",
      explanation: "",
      aside: `wrote ${files.path.get(file)}, which ${who(graph, process, atNs)} read ${duration(readNs - images.atNs.get(image))} after it began, perhaps to run it`,
      rank: RANK.SOURCE,
      through: file,
    });
  }
  return causes;
}
