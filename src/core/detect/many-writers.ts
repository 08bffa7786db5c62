import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import type { Code } from "../graph/provenance.ts";
import { unseenWriters } from "../graph/writes.ts";
import { who } from "../origin/words.ts";
import { imageCertainty } from "../query/certainty.ts";
import { chainRoot } from "./chain.ts";
import type { Signal } from "./signal.ts";

/**
 * What runs was changed by more than are looked at, so whether it was fetched is not known: nobody writes a program so often but to
 * hide who did. Known false positives: scripts that a great many append to.
 */
export function manyWriters(graph: Graph, process: ProcessIndex, ran: readonly Code[]): Signal | undefined {
  const { images, files, processes } = graph;
  const code = ran.find(({ file }) => unseenWriters(graph, file) > 0);
  if (code === undefined) return undefined;
  const { file, script } = code;
  const image = processes.image.get(process);
  const path = files.path.get(file);
  const atNs = images.atNs.get(image);
  return {
    rule: "many-writers",
    title: "Execution of a file that too many wrote",
    reason: `${who(graph, process, atNs)} ${script ? "interpreted" : "executed"} ${path}, which ${files.writerCount.get(file)} processes changed: ${unseenWriters(graph, file)} of them were not looked at`,
    severity: "low",
    techniques: ["T1036"],
    atNs,
    process,
    others: [],
    evidence: [{ kind: "file", id: files.id(file) }],
    certainty: imageCertainty(graph, image),
    key: `${processes.keyOf(chainRoot(graph, process))}|${path}`,
  };
}
