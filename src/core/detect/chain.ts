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
  if (isSystem(graph, process)) return [];
  const { parent } = graph.processes;
  const root = chainRoot(graph, process);
  const chain = [process];
  for (let at = process; at !== root; ) chain.push((at = parent.get(at)));
  return chain.reverse();
}

/** Where a chain began: two processes with the same root are of the same chain. */
export function chainRoot(graph: Graph, process: ProcessIndex): ProcessIndex {
  if (isSystem(graph, process) || beginsLogin(graph, process)) return process;
  const above = rootAbove(graph, graph.processes.parent.get(process));
  return above === NONE ? process : above;
}

/** What is known of where chains began that lead through a process, until something happens. */
const known = new WeakMap<Graph, { events: number; readonly roots: Map<ProcessIndex, ProcessIndex> }>();

function rootsOf(graph: Graph): Map<ProcessIndex, ProcessIndex> {
  let memo = known.get(graph);
  if (memo === undefined) known.set(graph, (memo = { events: graph.events, roots: new Map() }));
  if (memo.events !== graph.events) memo.roots.clear();
  memo.events = graph.events;
  return memo.roots;
}

/** Where a chain that leads through a process began; NONE where it is not part of one. */
function rootAbove(graph: Graph, process: ProcessIndex): ProcessIndex {
  const roots = rootsOf(graph);
  const through: ProcessIndex[] = [];
  let root: ProcessIndex = NONE;
  for (let at = process; at !== NONE; at = graph.processes.parent.get(at)) {
    const found = roots.get(at) ?? beginOf(graph, at);
    if (found === undefined) {
      through.push(at);
      continue;
    }
    roots.set(at, found);
    root = found;
    break;
  }
  for (let at = through.pop(); at !== undefined; at = through.pop()) {
    if (root === NONE) root = at;
    roots.set(at, root);
  }
  return root;
}

/** Itself where a chain begins with an ancestor, NONE where it begins below; undefined where it began above. */
function beginOf(graph: Graph, ancestor: ProcessIndex): ProcessIndex | undefined {
  const nowNs = Number.POSITIVE_INFINITY;
  if (isSystem(graph, ancestor)) return NONE;
  const listens = facesNetwork(graph, ancestor);
  // One sshd or container runtime serves them all.
  if ((listens && isLoginServer(graph, ancestor, nowNs)) || isContainerRuntime(graph, ancestor, nowNs)) return NONE;
  return listens || isScheduler(graph, ancestor, nowNs) || beginsLogin(graph, ancestor) ? ancestor : undefined;
}

function isSystem({ processes }: Graph, process: ProcessIndex): boolean {
  return processes.tgid.get(process) === 1 || processes.has(process, PROCESS_FLAG.KERNEL_THREAD);
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
