import { standing } from "../../core/query/connections.ts";
import type {
  ConnectionRow,
  FileRow,
  ProcessId,
  ProcessRow,
  Trace,
  TreeOptions,
  TreeRow,
  TreeView,
} from "../../core/query/model.ts";
import { MOST_GUIDES } from "../../core/query/tree.ts";
import { helpPages, helpRows } from "../keymap/help.ts";
import type { Names, Queries, TimeMachine } from "../ports.ts";
import { containerValues, type Field, parseQuery, queryHolds } from "../search/query.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { findingBody } from "./alerts.ts";
import { annotate } from "./annotate.ts";
import { bundled, connectionItem } from "./bundling.ts";
import { CONNECTIONS, FILES, inOrder, LISTEN, type Order } from "./columns.ts";
import { containerBody } from "./containers.ts";
import type { RowId } from "./cursor.ts";
import { detailBody } from "./details.ts";
import { fileRowId } from "./file-rows.ts";
import type { Body, ConnectionItem, FileItem } from "./frame.ts";
import type { Layout } from "./layout.ts";
import { currentScreen, type Screen, screenKey, type ViewState } from "./view-state.ts";

/** Exited processes stay in the tree this long. */
const LINGER_NS = 30e9;

/** What exits at the very moment that is shown is gone too. */
const GONE_NS = -1;

export interface Sources {
  readonly queries: Queries;
  readonly names: Names;
  readonly search: SearchIndex;
  /** Leads the queries to other moments; without it there is only the present. */
  readonly time?: TimeMachine;
}

/** The rows of the screen that is shown, at the moment nowNs. */
export function buildBody(view: ViewState, sources: Sources, nowNs: number, layout: Layout): Body {
  const screen = currentScreen(view);
  const filter = view.filters[screenKey(screen)] ?? "";
  switch (screen.name) {
    case "tree":
      return treeBody(view, sources, filter, nowNs);
    case "connections":
      return connectionBody(screen, sources, filter, view.closedConnections, view.orders.connections, view.unfolded);
    case "listen":
      return connectionBody(screen, sources, filter, false, view.orders.listen, view.unfolded);
    case "files":
      return fileBody(screen.process, sources, filter, view.orders.files);
    case "findings":
      return findingBody(sources, filter, view.unfolded, view.orders.findings);
    case "containers":
      return containerBody(sources, filter, view.orders.containers);
    case "detail":
      return detailBody(sources.queries.detail(screen.process), sources.queries, layout);
    case "origin": {
      const trace = guilty(sources.queries.origin(screen.target, screen.whole), sources.queries);
      return { screen: "origin", trace, sentence: trace.rootCause, ids: trace.steps.map((_, index) => index) };
    }
    case "impact": {
      const trace = guilty(sources.queries.impact(screen.target, screen.whole), sources.queries);
      return { screen: "impact", trace, sentence: trace.summary, ids: trace.steps.map((_, index) => index) };
    }
    case "help": {
      const of = view.screens.at(-2)?.name ?? "tree";
      const pages = helpPages(helpRows(of), layout.columns, layout.list);
      return { screen: "help", of, pages, ids: pages.map((_, index) => index) };
    }
  }
}

/** A chain in which only those that did something suspicious are marked. */
function guilty<T extends Trace>(trace: T, queries: Queries): T {
  const steps = trace.steps.map((step) => {
    const { severity: _, ...unmarked } = step;
    return step.subject.kind === "process" && !queries.process(step.subject.id)?.suspect ? unmarked : step;
  });
  return { ...trace, steps };
}

function treeBody(view: ViewState, { queries, search }: Sources, filter: string, nowNs: number): Body {
  const options: TreeOptions = {
    layout: view.layout,
    sort: view.sort,
    descending: view.descending,
    // Under a filter everything that matches is shown.
    collapsed: filter === "" ? view.collapsed : new Set(),
    showKernelThreads: view.kernelThreads,
    lingerNs: view.exited ? LINGER_NS : GONE_NS,
    unfolded: view.unfolded,
    nowNs,
    ...(filter === "" ? {} : { matches: search.processes(filter, nowNs) }),
  };
  const all = queries.tree(options);
  const { processes, cgroups } = all;
  const shown = view.zoom === undefined || view.layout === "flat" ? all : subtree(all, view.zoom);
  if (view.annotations !== "rows") {
    return { screen: "tree", ids: shown.ids, row: shown.row, cgroups, processes };
  }
  const { rows, ids } = annotate(shown, view.layout);
  return { screen: "tree", ids, row: (at) => rows[at], cgroups, processes };
}

/** A process and what is below it, as a tree of its own; everything when it is no longer shown. */
function subtree(view: TreeView, root: ProcessId): Pick<TreeView, "ids" | "row"> {
  const { ids, depths } = view;
  const first = ids.indexOf(root);
  const top = depths[first];
  if (top === undefined) {
    return view;
  }
  const end = depths.findIndex((depth, at) => at > first && depth <= top);
  const shown = ids.slice(first, end < 0 ? ids.length : end);
  return {
    ids: shown,
    row: (at) => {
      const row = at < shown.length ? view.row(first + at) : undefined;
      return row && { ...row, depth: row.depth - top, guides: guidesBelow(row, top) };
    },
  };
}

/** Of a row in a tree that begins at a depth: those that were left out because it is too deep are blank. */
function guidesBelow({ depth, guides }: TreeRow, top: number): readonly boolean[] {
  return Array.from({ length: Math.min(depth - top, MOST_GUIDES) }, (_, at) => guides[top + at] ?? false);
}

function scope(process: ProcessId | undefined, queries: Queries): { readonly of?: ProcessRow } {
  const row = process === undefined ? undefined : queries.process(process);
  return row === undefined ? {} : { of: row };
}

const portOf = (address: string): string => /:(\d+)$/u.exec(address)?.[1] ?? "";

/** Its addresses: four where NAT is between the ends. */
const endsOf = ({ local, remote, translated }: ConnectionRow): readonly string[] =>
  translated === undefined ? [local, remote] : [local, remote, translated.client, translated.server];

function processFields(item: { owner?: ConnectionItem["owner"] }, names: Names, field: Field): readonly string[] {
  const { owner } = item;
  if (owner === undefined) {
    return [];
  }
  switch (field) {
    case "pid":
      return [String(owner.pid)];
    case "ppid":
      return [String(owner.ppid)];
    case "user":
      return [names.user(owner.uid).toLowerCase(), String(owner.uid)];
    case "name":
      return [owner.name.toLowerCase()];
    case "cmd":
      return [owner.command.toLowerCase()];
    case "cont":
      return containerValues(names, owner.cgroup);
    case "kind":
    case "port":
    case "host":
    case "path":
    case "state":
    case "rule":
      return [];
  }
}

function connectionBody(
  screen: Extract<Screen, { name: "connections" | "listen" }>,
  { queries, names }: Sources,
  filter: string,
  closed: boolean,
  order: Order | undefined,
  unfolded: ReadonlySet<RowId>,
): Body {
  const listening = screen.name === "listen";
  const process = screen.name === "connections" ? screen.process : undefined;
  // What ended lingers a moment, as in the tree.
  const sinceNs = listening ? Number.POSITIVE_INFINITY : closed ? Number.NEGATIVE_INFINITY : queries.nowNs - LINGER_NS;
  // Socket pairs without a name would drown the others; the connections of one process and a filter for them have them.
  const pairs = process !== undefined || /\bunix\b/u.test(filter);
  const terms = parseQuery(filter);
  let total = 0;
  let unnamed = 0;
  // Of a flood there are more rows than memory for them: they come one at a time.
  const kept = function* (): Generator<ConnectionRow, void, void> {
    total = unnamed = 0;
    for (const row of queries.eachConnection(process, sinceNs)) {
      if (listening && row.direction !== "listen") continue;
      if (!pairs && row.protocol === "unix" && row.local === "" && row.remote === "") {
        unnamed++;
        continue;
      }
      total++;
      if (terms.length === 0 || connectionHolds(row)) yield row;
    }
  };
  const connectionHolds = (row: ConnectionRow): boolean => {
    const { owner } = connectionItem(row, queries);
    const ends = endsOf(row);
    const haystack = `${row.protocol} ${ends.join(" ")} ${row.name ?? ""} ${row.state} ${owner?.command ?? ""} ${owner?.pid ?? ""}`;
    return queryHolds(terms, {
      haystack: haystack.toLowerCase(),
      field: (field) => {
        switch (field) {
          case "port":
            return ends.map(portOf);
          case "host":
          case "path":
            return [...ends, (row.name ?? "").toLowerCase()];
          case "state":
            return [row.state.toLowerCase()];
          default:
            return processFields(owner === undefined ? {} : { owner }, names, field);
        }
      },
    });
  };
  const ofOne = (rows: readonly ConnectionItem[]): readonly ConnectionItem[] =>
    process === undefined ? rows : rows.toSorted((a, b) => standing(a.row) - standing(b.row));
  const byPort = (a: ConnectionItem, b: ConnectionItem): number =>
    Number(portOf(a.row.local)) - Number(portOf(b.row.local)) || a.row.id - b.row.id;
  const { items: rows, left } = listening
    ? {
        items: inOrder([...kept()].map((row) => connectionItem(row, queries)).sort(byPort), LISTEN, order, names),
        left: 0,
      }
    : bundled(kept, queries, unfolded, (bundles) => inOrder(ofOne(bundles), CONNECTIONS, order, names));
  return {
    screen: screen.name,
    rows,
    ids: rows.map(({ id }) => id),
    total,
    unnamed,
    left,
    ...scope(process, queries),
  };
}

function fileBody(
  process: ProcessId | undefined,
  { queries, names }: Sources,
  filter: string,
  order: Order | undefined,
): Body {
  const terms = parseQuery(filter);
  const itemOf = (row: FileRow): FileItem => {
    const owner = queries.process(row.process);
    return owner === undefined ? { row } : { row, process: owner };
  };
  const holds = (row: FileRow): boolean => {
    const { process: owner } = itemOf(row);
    return queryHolds(terms, {
      haystack: `${row.operation} ${row.path} ${owner?.command ?? ""} ${owner?.pid ?? ""}`.toLowerCase(),
      field: (field) =>
        field === "path" ? [row.path.toLowerCase()] : processFields(owner ? { owner } : {}, names, field),
    });
  };
  const { rows: kept, left } = queries.files(process, terms.length === 0 ? undefined : holds);
  const rows = inOrder(kept.map(itemOf), FILES, order, names);
  return {
    screen: "files",
    rows,
    ids: rows.map(({ row }) => fileRowId(row)),
    left,
    ...scope(process, queries),
  };
}
