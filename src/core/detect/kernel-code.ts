import type { Graph } from "../graph/graph.ts";
import type { MarkIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { MARK } from "../graph/marks.ts";
import { imageAt, scriptPath } from "../graph/provenance.ts";
import { who } from "../origin/words.ts";
import { howCertainty, SEVERITIES, severityNumber } from "../query/certainty.ts";
import { markText } from "../query/deeds.ts";
import { suspicionOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/** Whether a process runs the very file the monitor runs: another instance of it. */
function runsAsMonitor(graph: Graph, process: ProcessIndex, atNs: number): boolean {
  const { images, processes, monitorPid } = graph;
  const monitor = processes.living(monitorPid);
  const own = monitor === NONE ? NONE : processes.image.get(monitor);
  const image = imageAt(graph, process, atNs);
  if (own === NONE || image === NONE) return false;
  const script = scriptPath(graph, own);
  return script !== "" && script === scriptPath(graph, image) && images.exe.get(own) === images.exe.get(image);
}

/** A process of a chain that is suspicious already puts code into the kernel: a module, or a BPF program. */
export function kernelCode(graph: Graph, mark: MarkIndex): Signal | undefined {
  const { marks, processes } = graph;
  const kind = marks.kind.get(mark);
  if (kind !== MARK.MODULE && kind !== MARK.BPF) return undefined;
  const process = marks.process.get(mark);
  const suspicion = suspicionOf(graph, process);
  if (suspicion === undefined) return undefined;
  const atNs = marks.firstNs.get(mark);
  const alike = kind === MARK.BPF && runsAsMonitor(graph, process, atNs);
  const failed = marks.failed.get(mark) === marks.times.get(mark);
  return {
    rule: "kernel-code",
    title:
      kind === MARK.MODULE
        ? "Kernel module loaded by a suspicious chain"
        : `BPF program loaded by ${alike ? "another spydertop" : "a suspicious chain"}`,
    reason: `${who(graph, process, atNs)} ${markText(graph, mark)}, and its chain is already suspicious (${SEVERITIES[suspicion.worst]})`,
    echoes: true,
    severity: alike ? "low" : failed ? "medium" : suspicion.worst >= severityNumber("high") ? "critical" : "high",
    techniques: [kind === MARK.MODULE ? "T1547.006" : "T1014"],
    atNs,
    process,
    others: [],
    evidence: [],
    certainty: howCertainty(marks.how.get(mark)),
    key: `${processes.keyOf(suspicion.root)}|${kind}|${failed}|${alike}`,
  };
}
