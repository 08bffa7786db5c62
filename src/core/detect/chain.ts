import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import { beginsLogin, facesNetwork } from "../graph/roles.ts";
import { isContainerRuntime, isLoginServer, isScheduler } from "../graph/trust.ts";
import { severityNumber } from "../query/certainty.ts";
import type { Severity } from "../query/model.ts";

/**
 * The chain a process belongs to: itself and its ancestors up to where the chain began (login, scheduler, network-facing server,
 * container, service), root first. System services above that are not part of it.
 */
export function chainOf(graph: Graph, process: ProcessIndex): ProcessIndex[] {
  const { processes } = graph;
  const chain: ProcessIndex[] = [];
  for (let at = process; at !== NONE; at = processes.parent.get(at)) {
    if (processes.tgid.get(at) === 1 || processes.has(at, PROCESS_FLAG.KERNEL_THREAD)) break;
    const nowNs = Number.POSITIVE_INFINITY;
    const listens = at !== process && facesNetwork(graph, at);
    // One sshd or container runtime serves them all.
    if (at !== process && ((listens && isLoginServer(graph, at, nowNs)) || isContainerRuntime(graph, at, nowNs))) break;
    chain.push(at);
    if (at !== process && (listens || isScheduler(graph, at, nowNs))) break;
    if (beginsLogin(graph, at)) break;
  }
  return chain.reverse();
}

/** Where a chain began: two processes with the same root are of the same chain. */
export function chainRoot(graph: Graph, process: ProcessIndex): ProcessIndex {
  return chainOf(graph, process)[0] ?? process;
}

export interface Suspicion {
  /** Where the chain began. */
  readonly root: ProcessIndex;
  /** The worst severity (its number) that its processes add. */
  readonly worst: number;
}

/** How suspicious the chain of a process is already; undefined where it is less than that. */
export function suspicionOf(graph: Graph, process: ProcessIndex, least: Severity = "low"): Suspicion | undefined {
  const chain = chainOf(graph, process);
  const worst = chain.reduce((most, one) => Math.max(most, weightOf(graph, one)), 0);
  return worst < severityNumber(least) ? undefined : { root: chain[0] ?? process, worst };
}

/** What a process adds to the suspicion of those below it. A low finding about one command says nothing of its shell's next one. */
function weightOf({ processes }: Graph, process: ProcessIndex): number {
  const severity = processes.grounds(process);
  return processes.has(process, PROCESS_FLAG.SUSPECT) || severity >= severityNumber("medium") ? severity : 0;
}

export function descendsFrom({ processes }: Graph, process: ProcessIndex, ancestor: ProcessIndex): boolean {
  for (let at = process; at !== NONE; at = processes.parent.get(at)) if (at === ancestor) return true;
  return false;
}
