import { SEVERITIES } from "./certainty.ts";
import { newestFirst } from "./connections.ts";
import type { ConnectionId, ConnectionRow } from "./model.ts";
import type { Mutable } from "./process-row.ts";

/** Alike connections as one: the newest stands for all, bytes and rates are those of all. */
export interface ConnectionBundle {
  /** Of its members, and of no others: see bundleKey. */
  readonly key: string;
  readonly row: ConnectionRow;
  /** 1 = a connection of its own. */
  readonly count: number;
  readonly oldest: ConnectionId;
  /** What `marked` said of one of them. */
  readonly marked: boolean;
}

/** What is added up over a bundle. */
const SUMS = ["rxBytes", "txBytes", "rxBytesPerSecond", "txBytesPerSecond"] as const;

export interface Bundles {
  readonly bundles: readonly ConnectionBundle[];
  /** Connections that are over and in none of them: there were enough. */
  readonly left: number;
}

export interface BundleOptions {
  readonly marked?: (id: ConnectionId) => boolean;
  /** At most so many bundles of what is over: those that come first. */
  readonly mostOver?: number;
}

/**
 * Folds connections of the same owner to the same server, or of one client address to the same port; open and ended ones apart, and
 * failed ones by their error. In the order of the newest of each. Of the rows only the newest of each bundle is kept.
 */
export function bundles(
  rows: Iterable<ConnectionRow>,
  { marked = () => false, mostOver = Number.POSITIVE_INFINITY }: BundleOptions = {},
): Bundles {
  const folded = new Map<string, Mutable<ConnectionBundle>>();
  let over = 0;
  let left = 0;
  for (const row of rows) {
    const key = bundleKey(row);
    const bundle = folded.get(key);
    if (bundle !== undefined) add(bundle, row, marked(row.id));
    else if (row.closedNs !== undefined && over === mostOver) left++;
    else {
      if (row.closedNs !== undefined) over++;
      folded.set(key, { key, row: { ...row }, count: 1, oldest: row.id, marked: marked(row.id) });
    }
  }
  return { bundles: [...folded.values()].sort((a, b) => newestFirst(a.row, b.row)), left };
}

/** Equal for those that are folded into one. */
export function bundleKey(row: ConnectionRow): string {
  const { direction, protocol, closedNs, error, owners, local, remote, id } = row;
  // One without an endpoint that it could share with others (an unnamed unix socket) is alone.
  const shared = direction === "listen" || direction === "in" ? local : remote;
  if (shared === "" || direction === "listen") return `${id}`;
  const client = direction === "in" ? host(remote) : "";
  return [direction, protocol, closedNs !== undefined, error ?? "", owners[0] ?? -1, shared, client].join("|");
}

/** "[2001:db8::1]:80" -> "[2001:db8::1]". */
function host(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}

function add(bundle: Mutable<ConnectionBundle>, row: ConnectionRow, marked: boolean): void {
  const { row: before } = bundle;
  const both: Mutable<ConnectionRow> = newestFirst(row, before) < 0 ? { ...row } : before;
  for (const field of SUMS) both[field] = before[field] + row[field];
  const severity = worse(before.severity, row.severity);
  if (severity !== undefined) both.severity = severity;
  bundle.row = both;
  bundle.count++;
  bundle.oldest = Math.min(bundle.oldest, row.id) as ConnectionId;
  bundle.marked ||= marked;
}

function worse(a: ConnectionRow["severity"], b: ConnectionRow["severity"]): ConnectionRow["severity"] {
  return SEVERITIES.indexOf(a) < SEVERITIES.indexOf(b) ? b : a;
}
