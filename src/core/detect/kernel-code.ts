import type { Graph } from "../graph/graph.ts";
import type { MarkIndex } from "../graph/indexes.ts";
import { MARK } from "../graph/marks.ts";
import { who } from "../origin/words.ts";
import { howCertainty, SEVERITIES, severityNumber } from "../query/certainty.ts";
import { markText } from "../query/deeds.ts";
import { chainOf, worstOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/** A process of a chain that is suspicious already puts code into the kernel: a module, or a BPF program. */
export function kernelCode(graph: Graph, mark: MarkIndex): Signal | undefined {
  const { marks, processes } = graph;
  const kind = marks.kind.get(mark);
  if (kind !== MARK.MODULE && kind !== MARK.BPF) return undefined;
  const process = marks.process.get(mark);
  if (processes.tgid.get(process) === graph.monitorPid) return undefined;
  const worst = worstOf(graph, chainOf(graph, process));
  if (worst < severityNumber("low")) return undefined;
  const atNs = marks.firstNs.get(mark);
  const failed = marks.failed.get(mark) === marks.times.get(mark);
  return {
    rule: "kernel-code",
    title:
      kind === MARK.MODULE ? "Kernel module loaded by a suspicious chain" : "BPF program loaded by a suspicious chain",
    reason: `${who(graph, process, atNs)} ${markText(graph, mark)}, and its chain is already suspicious (${SEVERITIES[worst]})`,
    severity: failed ? "medium" : worst >= severityNumber("high") ? "critical" : "high",
    techniques: [kind === MARK.MODULE ? "T1547.006" : "T1014"],
    atNs,
    process,
    others: [],
    evidence: [],
    certainty: howCertainty(marks.how.get(mark)),
    key: `${processes.keyOf(process)}|${kind}|${failed}`,
  };
}
