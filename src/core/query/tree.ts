import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import { activityOf, type Rates } from "./activity.ts";
import type { SortKey, TreeOptions, TreeRow, TreeView } from "./model.ts";
import { commandOf } from "./names.ts";
import { cpuPercentOf, rowOf } from "./process-row.ts";

const NO_GUIDES: readonly boolean[] = [];

/** The visible processes and how they hang together, for one frame. */
interface Forest {
  readonly graph: Graph;
  readonly options: TreeOptions;
  /** Visible processes in display order of siblings. */
  readonly shown: readonly ProcessIndex[];
  readonly children: ReadonlyMap<ProcessIndex, readonly ProcessIndex[]>;
  readonly roots: readonly ProcessIndex[];
  /** Visible only because a descendant matches. */
  readonly context: ReadonlySet<ProcessIndex>;
}

/**
 * Rows in display order. A process hangs under the nearest visible process that it descends from by fork; siblings keep a stable
 * order (the sort key, then start time, then id), so rows do not jump. In flat layout the sort key orders all rows.
 */
export function tree(monitor: Monitor, options: TreeOptions): TreeView {
  const { graph } = monitor;
  const { processes } = graph;
  const visible = visibleProcesses(graph, options);
  let exited = 0;
  for (const process of visible) if (processes.has(process, PROCESS_FLAG.EXITED)) exited++;
  const counts = { processes: visible.length - exited, exited };
  if (options.layout === "flat") {
    const matching =
      options.matches === undefined
        ? visible
        : visible.filter((process) => options.matches?.has(processes.id(process)));
    return { rows: sorted(graph, matching, options).map((process) => treeRow(graph, process, options)), ...counts };
  }
  return { rows: treeRows(forest(graph, visible, options)), ...counts };
}

function visibleProcesses(graph: Graph, options: TreeOptions): ProcessIndex[] {
  const { processes } = graph;
  const visible: ProcessIndex[] = [];
  const goneNs = options.nowNs - options.lingerNs;
  for (let process = 0; process < processes.limit; process++) {
    if (!processes.isLive(process)) continue;
    const flags = processes.flags.get(process);
    if ((flags & PROCESS_FLAG.EXITED) !== 0 && processes.exitNs.get(process) < goneNs) continue;
    if ((flags & PROCESS_FLAG.KERNEL_THREAD) !== 0 && !options.showKernelThreads) continue;
    visible.push(process);
  }
  return visible;
}

function forest(graph: Graph, visible: readonly ProcessIndex[], options: TreeOptions): Forest {
  const { processes } = graph;
  const present = new Set(visible);
  const context = new Set<ProcessIndex>();
  let shown = visible;
  if (options.matches !== undefined) {
    const matches = options.matches;
    const kept = new Set<ProcessIndex>();
    for (const process of visible) {
      if (!matches.has(processes.id(process))) continue;
      kept.add(process);
      for (
        let above = nearestPresent(graph, process, present);
        above !== NONE;
        above = nearestPresent(graph, above, present)
      ) {
        if (kept.has(above)) break;
        kept.add(above);
      }
    }
    shown = visible.filter((process) => kept.has(process));
    for (const process of shown) if (!matches.has(processes.id(process))) context.add(process);
  }
  const children = new Map<ProcessIndex, ProcessIndex[]>();
  const roots: ProcessIndex[] = [];
  const ordered = sorted(graph, shown, options);
  for (const process of ordered) {
    const parent = nearestPresent(graph, process, present);
    if (parent === NONE) roots.push(process);
    else {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [process]);
      else siblings.push(process);
    }
  }
  return { graph, options, shown: ordered, children, roots, context };
}

function nearestPresent(graph: Graph, process: ProcessIndex, present: ReadonlySet<ProcessIndex>): ProcessIndex {
  let above = graph.processes.parent.get(process);
  while (above !== NONE && !present.has(above)) above = graph.processes.parent.get(above);
  return above;
}

function treeRows(from: Forest): TreeRow[] {
  const { graph, options, children } = from;
  const rows: TreeRow[] = [];
  const visit = (siblings: readonly ProcessIndex[], depth: number, guides: readonly boolean[]): void => {
    for (let i = 0; i < siblings.length; i++) {
      const process = siblings[i] as ProcessIndex;
      const lastChild = i === siblings.length - 1;
      const below = children.get(process);
      const row = treeRow(graph, process, options);
      row.depth = depth;
      row.guides = guides;
      row.lastChild = lastChild;
      row.children = below?.length ?? 0;
      row.context = from.context.has(process);
      rows.push(row);
      if (below === undefined) continue;
      if (options.collapsed.has(row.id)) {
        row.collapsed = true;
        row.hidden = descendants(children, process);
      } else visit(below, depth + 1, [...guides, !lastChild]);
    }
  };
  visit(from.roots, 0, NO_GUIDES);
  return rows;
}

function descendants(children: ReadonlyMap<ProcessIndex, readonly ProcessIndex[]>, process: ProcessIndex): number {
  let count = 0;
  const stack = [...(children.get(process) ?? [])];
  for (let below = stack.pop(); below !== undefined; below = stack.pop()) {
    count++;
    stack.push(...(children.get(below) ?? []));
  }
  return count;
}

type MutableTreeRow = { -readonly [K in keyof TreeRow]: TreeRow[K] };

function treeRow(graph: Graph, process: ProcessIndex, options: TreeOptions): MutableTreeRow {
  const row = rowOf(graph, process, options.nowNs) as MutableTreeRow;
  row.depth = 0;
  row.guides = NO_GUIDES;
  row.lastChild = false;
  row.children = 0;
  row.collapsed = false;
  row.hidden = 0;
  row.context = false;
  return row;
}

function sorted(graph: Graph, list: readonly ProcessIndex[], options: TreeOptions): ProcessIndex[] {
  const { processes } = graph;
  const sign = options.descending ? -1 : 1;
  const byTime = (a: ProcessIndex, b: ProcessIndex): number =>
    processes.startNs.get(a) - processes.startNs.get(b) || processes.id(a) - processes.id(b);
  if (options.sort === "command") {
    const commands = new Map(list.map((process) => [process, commandOf(graph, process)]));
    const command = (process: ProcessIndex): string => commands.get(process) ?? "";
    return [...list].sort((a, b) => (command(a) < command(b) ? -sign : command(a) > command(b) ? sign : byTime(a, b)));
  }
  const key = numericKey(graph, options.sort, options.nowNs);
  const keys = new Map(list.map((process) => [process, key(process)]));
  const value = (process: ProcessIndex): number => keys.get(process) ?? 0;
  return [...list].sort((a, b) => sign * (value(a) - value(b)) || byTime(a, b));
}

function numericKey(graph: Graph, sort: Exclude<SortKey, "command">, nowNs: number): (process: ProcessIndex) => number {
  const { processes } = graph;
  switch (sort) {
    case "pid":
      return (process) => processes.tgid.get(process);
    case "cpu":
      return (process) => (processes.has(process, PROCESS_FLAG.EXITED) ? 0 : (cpuPercentOf(graph, process) ?? 0));
    case "memory":
      return (process) => (processes.has(process, PROCESS_FLAG.EXITED) ? 0 : processes.rssBytes.get(process));
    case "age":
      return (process) => nowNs - processes.startNs.get(process);
    case "user":
      return (process) => processes.uid.get(process);
    case "receive":
      return (process) => rates(graph, process, nowNs).rx;
    case "send":
      return (process) => rates(graph, process, nowNs).tx;
  }
}

function rates(graph: Graph, process: ProcessIndex, nowNs: number): Rates {
  const sums: Rates = { rx: 0, tx: 0 };
  if (!graph.processes.has(process, PROCESS_FLAG.EXITED)) activityOf(graph, process, nowNs, sums);
  return sums;
}
