import { REACH } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { imageAt } from "../graph/provenance.ts";
import { isTrusted } from "../graph/trust.ts";
import { who } from "../origin/words.ts";
import { edgeCertainty } from "../query/certainty.ts";
import { didTo } from "../query/deeds.ts";
import type { Severity } from "../query/model.ts";
import { suspicionOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/**
 * Attach to what runs because that is their use. Known false positives beside them: checkpoint tools, crash reporters of browsers,
 * live patching.
 */
const DEBUGGER =
  /^(gdb(server)?|lldb(-server)?|strace|ltrace|perf|rr|dlv|uftrace|criu|reptyr|valgrind.*|apport|systemd-coredump|crashpad_handler|chrome_crashpad_handler|jattach|py-spy|rbspy)$/;

/** A process writes into another that it did not start, takes it over as a debugger, or takes a descriptor from it. */
export function injection(graph: Graph, edge: EdgeIndex): Signal | undefined {
  const { edges, processes } = graph;
  const process = edges.process.get(edge);
  const target = edges.object.get(edge);
  const atNs = edges.firstNs.get(edge);
  const detail = edges.detail.get(edge);
  // Whoever attaches and then writes is no worse for having been told when it attached.
  const suspicious = suspicionOf(graph, process, edges.times.get(edge) === 1 ? "low" : "high") !== undefined;
  if (!suspicious && (graph.processes.descendsFrom(target, process) || areWorkersOfOne(graph, process, target)))
    return undefined;
  const wrote = (detail & (REACH.WROTE | REACH.REGISTERS)) !== 0;
  const debugs = isTrusted(graph, process, atNs, DEBUGGER);
  const severity: Severity = suspicious ? (wrote ? "critical" : "high") : debugs ? "info" : wrote ? "high" : "medium";
  return {
    rule: "process-injection",
    title: wrote ? "Code or data written into another process" : "Another process taken over",
    reason: `${who(graph, process, atNs)} ${didTo(graph, edge)} ${who(graph, target, atNs)}${suspicious ? ", and its chain is already suspicious" : ""}`,
    severity,
    echoes: suspicious,
    techniques: ["T1055.008"],
    atNs,
    process,
    others: [target],
    evidence: [{ kind: "process", id: processes.id(target) }],
    certainty: edgeCertainty(graph, edge),
    key: `${processes.keyOf(process)}|${processes.keyOf(target)}|${wrote}`,
  };
}

/** Parallel programs copy between their own processes: siblings that run the same file. */
function areWorkersOfOne(graph: Graph, one: ProcessIndex, other: ProcessIndex): boolean {
  const { processes, images } = graph;
  if (processes.parent.get(one) !== processes.parent.get(other)) return false;
  const [mine, its] = [one, other].map((process) => imageAt(graph, process, Number.POSITIVE_INFINITY)) as [
    number,
    number,
  ];
  return mine === its || (mine >= 0 && its >= 0 && images.exe.get(mine) === images.exe.get(its));
}
