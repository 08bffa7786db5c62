import type { SortKey } from "../../core/query/model.ts";
import type { Names } from "../ports.ts";
import type { ConnectionItem, ContainerItem, FileItem, FindingItem } from "./frame.ts";
import type { ViewState } from "./view-state.ts";

/** Screens that are one table. */
export type TableName = "tree" | "connections" | "files" | "findings" | "containers" | "listen";

/** A column as the menus know it: its name, whether it is shown by itself, and what a sort by it compares. */
export interface ColumnInfo<Row> {
  readonly key: string;
  readonly label: string;
  /** Left out until it is asked for. */
  readonly off?: true;
  /** Always there. */
  readonly fixed?: true;
  readonly largestFirst?: true;
  readonly of?: (row: Row, names: Names) => number | string;
}

export interface Order {
  readonly key: string;
  readonly descending: boolean;
}

const port = (address: string): number => Number(address.slice(address.lastIndexOf(":") + 1)) || 0;

/** The tree is ordered by its query: here its columns only have names. */
const TREE: readonly (ColumnInfo<never> & { readonly sort?: SortKey })[] = [
  { key: "pid", label: "PID", fixed: true, sort: "pid" },
  { key: "ppid", label: "parent PID", off: true, sort: "ppid" },
  { key: "user", label: "user", sort: "user" },
  { key: "login", label: "user that logged in", off: true },
  { key: "cpu", label: "CPU", largestFirst: true, sort: "cpu" },
  { key: "memory", label: "memory", largestFirst: true, sort: "memory" },
  { key: "threads", label: "threads", off: true, largestFirst: true, sort: "threads" },
  { key: "age", label: "age", sort: "age" },
  { key: "receive", label: "bytes received a second", largestFirst: true, sort: "receive" },
  { key: "send", label: "bytes sent a second", largestFirst: true, sort: "send" },
  { key: "container", label: "container", sort: "container" },
  { key: "unit", label: "systemd unit or session", off: true },
  { key: "command", label: "command", fixed: true, sort: "command" },
];

export const CONNECTIONS: readonly ColumnInfo<ConnectionItem>[] = [
  { key: "proto", label: "protocol", of: ({ row }) => row.protocol },
  { key: "local", label: "local address", fixed: true, of: ({ row }) => row.local },
  { key: "remote", label: "remote address", fixed: true, of: ({ row }) => row.remote },
  { key: "name", label: "name of the remote address", of: ({ row }) => row.name ?? "" },
  { key: "state", label: "state", of: ({ row }) => row.error ?? row.state },
  { key: "receive", label: "received a second", largestFirst: true, of: ({ row }) => row.rxBytesPerSecond },
  { key: "send", label: "sent a second", largestFirst: true, of: ({ row }) => row.txBytesPerSecond },
  { key: "rx", label: "bytes received", largestFirst: true, of: ({ row }) => row.rxBytes },
  { key: "tx", label: "bytes sent", largestFirst: true, of: ({ row }) => row.txBytes },
  { key: "age", label: "age", of: ({ row }) => -row.openedNs },
  { key: "process", label: "process", fixed: true, of: ({ owner }) => owner?.name ?? "" },
  { key: "user", label: "user", of: ({ owner }, names) => (owner === undefined ? "" : names.user(owner.uid)) },
  {
    key: "container",
    label: "container",
    of: ({ owner }, names) => (owner === undefined ? "" : names.container(owner.cgroup)),
  },
];

export const LISTEN: readonly ColumnInfo<ConnectionItem>[] = [
  { key: "proto", label: "protocol", of: ({ row }) => row.protocol },
  { key: "local", label: "port", fixed: true, of: ({ row }) => port(row.local) },
  { key: "age", label: "age", of: ({ row }) => -row.openedNs },
  { key: "process", label: "process", fixed: true, of: ({ owner }) => owner?.name ?? "" },
  { key: "user", label: "user", of: ({ owner }, names) => (owner === undefined ? "" : names.user(owner.uid)) },
  {
    key: "container",
    label: "container",
    of: ({ owner }, names) => (owner === undefined ? "" : names.container(owner.cgroup)),
  },
  { key: "command", label: "command", of: ({ owner }) => owner?.command ?? "" },
];

export const FILES: readonly ColumnInfo<FileItem>[] = [
  { key: "age", label: "how long ago", of: ({ row }) => -row.lastNs },
  { key: "op", label: "operation", of: ({ row }) => row.operation },
  { key: "path", label: "path", fixed: true, of: ({ row }) => row.path },
  { key: "count", label: "how often", largestFirst: true, of: ({ row }) => row.count },
  { key: "process", label: "process", fixed: true, of: ({ process }) => process?.name ?? "" },
  { key: "user", label: "user", of: ({ process }, names) => (process === undefined ? "" : names.user(process.uid)) },
  {
    key: "container",
    label: "container",
    of: ({ process }, names) => (process === undefined ? "" : names.container(process.cgroup)),
  },
];

const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;

export const FINDINGS: readonly ColumnInfo<FindingItem>[] = [
  {
    key: "severity",
    label: "severity",
    fixed: true,
    largestFirst: true,
    of: ({ finding }) => SEVERITIES.indexOf(finding.severity),
  },
  { key: "time", label: "time", largestFirst: true, of: ({ finding }) => finding.atNs },
  { key: "count", label: "how many", largestFirst: true, of: ({ count }) => count },
  { key: "rule", label: "rule", fixed: true, of: ({ finding }) => finding.rule },
  { key: "techniques", label: "ATT&CK technique", of: ({ finding }) => finding.techniques.join(" ") },
  { key: "chain", label: "chain", fixed: true, of: ({ chain }) => chain.map((row) => row.name).join(" ") },
];

export const CONTAINERS: readonly ColumnInfo<ContainerItem>[] = [
  { key: "kind", label: "kind", of: ({ known }) => known?.kind ?? "" },
  { key: "name", label: "name", fixed: true, of: ({ name }) => name },
  { key: "image", label: "image", of: ({ known }) => known?.image ?? "" },
  { key: "processes", label: "processes", largestFirst: true, of: ({ processes }) => processes },
  { key: "cpu", label: "CPU", largestFirst: true, of: ({ cpuPercent }) => cpuPercent },
  { key: "memory", label: "memory", largestFirst: true, of: ({ rssBytes }) => rssBytes },
  { key: "receive", label: "received a second", largestFirst: true, of: ({ rxBytesPerSecond }) => rxBytesPerSecond },
  { key: "send", label: "sent a second", largestFirst: true, of: ({ txBytesPerSecond }) => txBytesPerSecond },
  { key: "connections", label: "connections", largestFirst: true, of: ({ connections }) => connections },
  { key: "age", label: "age", of: ({ oldestNs }) => -oldestNs },
  { key: "listening", label: "listens on", of: ({ listening }) => listening.join(" ") },
];

const TABLES: Readonly<Record<TableName, readonly (ColumnInfo<never> & { readonly sort?: SortKey })[]>> = {
  tree: TREE,
  connections: CONNECTIONS,
  files: FILES,
  findings: FINDINGS,
  containers: CONTAINERS,
  listen: LISTEN,
};

export function isTable(name: string): name is TableName {
  return name in TABLES;
}

/** Columns a list can be sorted by. */
export function sortColumns(table: TableName): readonly ColumnInfo<never>[] {
  return TABLES[table].filter((column) => (table === "tree" ? column.sort : column.of) !== undefined);
}

/** Columns that can be shown or left out. */
export function optionalColumns(table: TableName): readonly ColumnInfo<never>[] {
  return TABLES[table].filter((column) => !column.fixed);
}

/** How a list is ordered; undefined = as its query gives it. */
export function orderOf(view: ViewState, table: TableName): Order | undefined {
  return table === "tree" ? { key: view.sort, descending: view.descending } : view.orders[table];
}

/** Sorts by a column; the same column again turns the order around. */
export function sortBy(view: ViewState, table: TableName, key: string): ViewState {
  const before = orderOf(view, table);
  const column = TABLES[table].find((one) => one.key === key);
  const descending = before?.key === key ? !before.descending : column?.largestFirst === true;
  if (table !== "tree") {
    return { ...view, orders: { ...view.orders, [table]: { key, descending } } };
  }
  return column?.sort === undefined ? view : { ...view, sort: column.sort, descending };
}

export function invertOrder(view: ViewState, table: TableName): ViewState {
  const order = orderOf(view, table);
  return order === undefined ? view : sortBy(view, table, order.key);
}

/** Rows in the order that was asked for; what compares equal stays as it was. */
export function inOrder<Row>(
  rows: readonly Row[],
  columns: readonly ColumnInfo<Row>[],
  order: Order | undefined,
  names: Names,
): readonly Row[] {
  const of = order && columns.find((column) => column.key === order.key)?.of;
  if (of === undefined) {
    return rows;
  }
  const sign = order?.descending ? -1 : 1;
  return rows
    .map((row) => [of(row, names), row] as const)
    .sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0))
    .map(([, row]) => row);
}
