import type { Graph } from "../graph/graph.ts";
import type { MarkIndex } from "../graph/indexes.ts";
import { MARK } from "../graph/marks.ts";
import { who } from "../origin/words.ts";
import { howCertainty, severityNumber } from "../query/certainty.ts";
import { markText } from "../query/deeds.ts";
import { suspicionOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/**
 * A process of a chain that is suspicious already writes to a disk below its files: no permission, no record of a file holds there. By
 * itself it is what partitioning, formatting and virtual machines do.
 */
export function deviceWritten(graph: Graph, mark: MarkIndex): Signal | undefined {
  const { marks, processes } = graph;
  if (marks.kind.get(mark) !== MARK.DEVICE) return undefined;
  const process = marks.process.get(mark);
  const suspicion = suspicionOf(graph, process);
  if (suspicion === undefined) return undefined;
  const atNs = marks.firstNs.get(mark);
  return {
    rule: "device-written",
    title: "A disk written below its files by a suspicious chain",
    reason: `${who(graph, process, atNs)} ${markText(graph, mark)}, and its chain is already suspicious: it could have changed any file there`,
    echoes: true,
    severity: suspicion.worst >= severityNumber("high") ? "high" : "medium",
    techniques: ["T1006", "T1565.001"],
    atNs,
    process,
    others: [],
    evidence: [],
    certainty: howCertainty(marks.how.get(mark)),
    key: `${processes.keyOf(suspicion.root)}|${marks.text.get(mark)}`,
  };
}
