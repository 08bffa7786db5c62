import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { Monitor } from "../monitor.ts";
import { activityOf, type Rates } from "./activity.ts";
import { AlikeSiblings, type Fold } from "./alike.ts";
import type { SortKey, TreeOptions, TreeRow, TreeView } from "./model.ts";
import { commandOf } from "./names.ts";
import { cpuPercentOf, type Mutable, parentPid, rowOf } from "./process-row.ts";

const NO_GUIDES: readonly boolean[] = [];

/** How the shown processes hang together in one frame; every array is by process row. */
interface Forest {
  readonly graph: Graph;
  readonly options: TreeOptions;
  /** What is to be shown: HIDDEN, SHOWN, or CONTEXT (only because a descendant matches). */
  readonly state: Uint8Array;
  /** Children in display order. */
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  readonly children: Int32Array;
  /** undefined: nothing is folded. */
  readonly alike: AlikeSiblings | undefined;
  /** The first of those that hang below none. */
  roots: ProcessIndex;
}

/** Deeper no screen is wide enough to draw them. */
export const MOST_GUIDES = 256;

const HIDDEN = 0;
const SHOWN = 1;
const CONTEXT = 2;

/** Where a row stands. What it says is most of the work, and a screen shows few of them. */
interface Place {
  /** Of a fold its newest. */
  readonly process: ProcessIndex;
  readonly depth: number;
  readonly guides: readonly boolean[];
  readonly last: boolean;
  readonly fold?: Fold;
  readonly member: boolean;
}

/**
 * Rows in display order. A process hangs under the nearest shown process that it descends from by fork; siblings keep a stable order
 * (the sort key, then start time, then id), so rows do not jump. In flat layout the sort key orders all rows.
 */
export function tree(monitor: Monitor, options: TreeOptions): TreeView {
  const { graph } = monitor;
  const { processes } = graph;
  const visible = visibleProcesses(graph, options);
  let exited = 0;
  for (const process of visible) if (processes.has(process, PROCESS_FLAG.EXITED)) exited++;
  const counts = { processes: visible.length - exited, exited };
  const { matches } = options;
  if (options.layout === "flat") {
    const matching = matches === undefined ? visible : visible.filter((process) => matches.has(processes.id(process)));
    const places = sorted(graph, matching, options).map((process) => ({ ...FLAT, process }));
    return viewOf(graph, places, counts, ({ process }) => treeRow(graph, process, options));
  }
  const forest = forestOf(graph, visible, options);
  return viewOf(graph, placesOf(forest), counts, (place) => placedRow(forest, place));
}

const FLAT = { depth: 0, guides: NO_GUIDES, last: false, member: false } as const;

/** A view whose rows are made when they are first asked for. */
function viewOf(
  graph: Graph,
  places: readonly Place[],
  counts: Pick<TreeView, "processes" | "exited">,
  make: (place: Place) => TreeRow,
): TreeView {
  const { processes } = graph;
  const shown = places.map(({ process }) => processes.id(process));
  const made: TreeRow[] = [];
  const row = (at: number): TreeRow | undefined => {
    const [place, id] = [places[at], shown[at]];
    // The place of a process that was forgotten may be another's by now.
    if (made[at] === undefined && place !== undefined && id !== undefined && processes.row(id) === place.process)
      made[at] = make(place);
    return made[at];
  };
  return {
    ...counts,
    ids: places.map(({ fold, member }, at) => (fold === undefined || member ? (shown[at] as number) : fold.id)),
    depths: places.map(({ depth }) => depth),
    cgroups: new Set(places.map(({ process }) => processes.cgroupPath.get(process))),
    row,
    get rows() {
      return places.map((_, at) => row(at)).filter((one) => one !== undefined);
    },
  };
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

function forestOf(graph: Graph, visible: readonly ProcessIndex[], options: TreeOptions): Forest {
  const { processes } = graph;
  const size = processes.limit;
  const state = new Uint8Array(size);
  for (const process of visible) state[process] = SHOWN;
  if (options.matches !== undefined) keepMatches(graph, visible, options.matches, state);
  const shown = visible.filter((process) => state[process] !== HIDDEN);
  const [firstChild, nextSibling] = [new Int32Array(size).fill(NONE), new Int32Array(size).fill(NONE)];
  const { unfolded } = options;
  const forest: Forest = {
    graph,
    options,
    state,
    firstChild,
    nextSibling,
    children: new Int32Array(size),
    alike: unfolded && new AlikeSiblings(graph, unfolded, firstChild, nextSibling),
    roots: NONE,
  };
  const ordered = sorted(graph, shown, options);
  // Each goes before those that come after it.
  for (let i = ordered.length - 1; i >= 0; i--) {
    const process = ordered[i] as ProcessIndex;
    const parent = nearest(graph, process, state);
    if (parent === NONE) {
      forest.nextSibling[process] = forest.roots;
      forest.roots = process;
    } else {
      forest.nextSibling[process] = forest.firstChild[parent] as number;
      forest.firstChild[parent] = process;
      forest.children[parent] = (forest.children[parent] as number) + 1;
    }
  }
  return forest;
}

/** Leaves what matches, and its visible ancestors as context. */
function keepMatches(
  graph: Graph,
  visible: readonly ProcessIndex[],
  matches: ReadonlySet<number>,
  state: Uint8Array,
): void {
  const { processes } = graph;
  const kept = new Uint8Array(state.length);
  for (const process of visible) {
    if (!matches.has(processes.id(process))) continue;
    kept[process] = SHOWN;
    for (
      let above = nearest(graph, process, state);
      above !== NONE && kept[above] === HIDDEN;
      above = nearest(graph, above, state)
    ) {
      kept[above] = CONTEXT;
    }
  }
  state.set(kept);
}

function nearest(graph: Graph, process: ProcessIndex, state: Uint8Array): ProcessIndex {
  let above = graph.processes.parent.get(process);
  while (above !== NONE && state[above] === HIDDEN) above = graph.processes.parent.get(above);
  return above;
}

/** From the roots down, each with what is below it: with a list of what is under way, for there are trees deeper than the stack. */
function placesOf(forest: Forest): Place[] {
  const places: Place[] = [];
  const underWay = [stageOf(forest, forest.roots, NONE, NO_GUIDES)];
  for (let stage = underWay.at(-1); stage !== undefined; stage = underWay.at(-1)) {
    const { placed, guides } = stage;
    const placing = placed[stage.next++];
    if (placing === undefined) {
      underWay.pop();
      continue;
    }
    const { process, fold, member } = placing;
    const last = stage.next === placed.length;
    places.push({ process, depth: underWay.length - 1, guides, last, member, ...(fold === undefined ? {} : { fold }) });
    const below = fold === undefined || member ? (forest.firstChild[process] as number) : NONE;
    if (below !== NONE && !isCollapsed(forest, process))
      underWay.push(stageOf(forest, below, process, guides.length < MOST_GUIDES ? [...guides, !last] : guides));
  }
  return places;
}

/** Siblings that are being placed. */
interface Stage {
  readonly placed: readonly Placed[];
  readonly guides: readonly boolean[];
  next: number;
}

function stageOf(forest: Forest, first: ProcessIndex, parent: ProcessIndex, guides: readonly boolean[]): Stage {
  const siblings: ProcessIndex[] = [];
  for (let process = first; process !== NONE; process = forest.nextSibling[process] as number) siblings.push(process);
  return { placed: withFolds(forest, siblings, parent), guides, next: 0 };
}

type Placed = Pick<Place, "process" | "fold" | "member">;

/**
 * Siblings with alike ones behind a row that stands for them. Such rows stand together, at the place of the first of all these, in an
 * order of their own: of two that a loop runs in turn now the one and now the other has the oldest.
 */
function withFolds({ graph, alike }: Forest, siblings: readonly ProcessIndex[], parent: ProcessIndex): Placed[] {
  const folds = alike?.foldsOf(siblings, parent);
  if (folds === undefined || folds.size === 0) return siblings.map((process) => ({ process, member: false }));
  const { startNs } = graph.processes;
  const together = [...new Set(folds.values())]
    .sort((a, b) => a.id - b.id)
    .flatMap((fold): Placed[] => {
      const newest = fold.members.reduce((best, one) => (startNs.get(one) > startNs.get(best) ? one : best));
      const members = fold.open ? fold.members.map((process) => ({ process, fold, member: true })) : [];
      return [{ process: newest, fold, member: false }, ...members];
    });
  const first = siblings.findIndex((process) => folds.has(process));
  return siblings.flatMap((process, at): Placed[] => {
    if (at === first) return together;
    return folds.has(process) ? [] : [{ process, member: false }];
  });
}

function isCollapsed({ graph, options }: Forest, process: ProcessIndex): boolean {
  return options.collapsed.has(graph.processes.id(process));
}

function placedRow(forest: Forest, { process, depth, guides, last, fold, member }: Place): TreeRow {
  const row = treeRow(forest.graph, process, forest.options);
  row.depth = depth;
  row.guides = guides;
  row.lastChild = last;
  row.context = forest.state[process] === CONTEXT;
  row.member = member;
  if (fold !== undefined && !member) {
    row.count = fold.members.length;
    row.open = fold.open;
    row.mixed = fold.mixed;
    return row;
  }
  const below = forest.firstChild[process] as number;
  row.children = forest.children[process] as number;
  if (below !== NONE && isCollapsed(forest, process)) {
    row.collapsed = true;
    row.hidden = countBelow(forest, below);
  }
  return row;
}

function countBelow(forest: Forest, first: ProcessIndex): number {
  let count = 0;
  for (let process = first; process !== NONE; process = forest.nextSibling[process] as number) {
    count += 1 + countBelow(forest, forest.firstChild[process] as number);
  }
  return count;
}

function treeRow(graph: Graph, process: ProcessIndex, options: TreeOptions): Mutable<TreeRow> {
  return {
    ...rowOf(graph, process, options.nowNs),
    depth: 0,
    guides: NO_GUIDES,
    lastChild: false,
    children: 0,
    collapsed: false,
    hidden: 0,
    context: false,
    count: 1,
    mixed: false,
    open: false,
    member: false,
  };
}

function sorted(graph: Graph, list: readonly ProcessIndex[], options: TreeOptions): ProcessIndex[] {
  const { processes } = graph;
  const sign = options.descending ? -1 : 1;
  const byTime = (a: ProcessIndex, b: ProcessIndex): number =>
    processes.startNs.get(a) - processes.startNs.get(b) || processes.id(a) - processes.id(b);
  if (options.sort === "command" || options.sort === "container") {
    const textOf = (process: ProcessIndex): string =>
      options.sort === "command" ? commandOf(graph, process) : processes.cgroupPath.get(process);
    const texts = new Map(list.map((process) => [process, textOf(process)]));
    const text = (process: ProcessIndex): string => texts.get(process) ?? "";
    return [...list].sort((a, b) => (text(a) < text(b) ? -sign : text(a) > text(b) ? sign : byTime(a, b)));
  }
  const key = numericKey(graph, options.sort, options.nowNs);
  const keys = new Float64Array(processes.limit);
  for (const process of list) keys[process] = key(process);
  return [...list].sort((a, b) => sign * ((keys[a] as number) - (keys[b] as number)) || byTime(a, b));
}

function numericKey(
  graph: Graph,
  sort: Exclude<SortKey, "command" | "container">,
  nowNs: number,
): (process: ProcessIndex) => number {
  const { processes } = graph;
  switch (sort) {
    case "pid":
      return (process) => processes.tgid.get(process);
    case "ppid":
      return (process) => parentPid(graph, process);
    case "threads":
      return (process) => (processes.has(process, PROCESS_FLAG.EXITED) ? 0 : processes.threads.get(process));
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
