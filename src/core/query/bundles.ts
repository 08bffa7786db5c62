import type { ConnectionId, ConnectionRow } from "./model.ts";

/** Alike connections as one: the newest stands for all, bytes and rates are those of all. */
export interface ConnectionBundle extends ConnectionRow {
  /** Newest first; one = a connection of its own. */
  readonly members: readonly ConnectionId[];
}

/**
 * Folds connections of the same owner to the same server, or of one client address to the same port; open and ended ones apart, and
 * failed ones by their error. In the order of the newest of each.
 */
export function bundles(rows: readonly ConnectionRow[]): readonly ConnectionBundle[] {
  const folded = new Map<string, ConnectionRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const known = folded.get(key);
    if (known === undefined) folded.set(key, [row]);
    else known.push(row);
  }
  return [...folded.values()].map(fold).sort((a, b) => b.openedNs - a.openedNs || b.id - a.id);
}

function keyOf(row: ConnectionRow): string {
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

function fold(rows: readonly ConnectionRow[]): ConnectionBundle {
  const newest = rows.reduce((best, row) => (row.openedNs > best.openedNs ? row : best));
  const members = [...rows].sort((a, b) => b.openedNs - a.openedNs || b.id - a.id).map((row) => row.id);
  const sum = (field: "rxBytes" | "txBytes" | "rxBytesPerSecond" | "txBytesPerSecond"): number =>
    rows.reduce((total, row) => total + row[field], 0);
  return {
    ...newest,
    ...worst(rows),
    rxBytes: sum("rxBytes"),
    txBytes: sum("txBytes"),
    rxBytesPerSecond: sum("rxBytesPerSecond"),
    txBytesPerSecond: sum("txBytesPerSecond"),
    members,
  };
}

const RANK = ["info", "low", "medium", "high", "critical"] as const;

function worst(rows: readonly ConnectionRow[]): Pick<ConnectionRow, "severity"> {
  let rank = -1;
  for (const { severity } of rows) if (severity !== undefined) rank = Math.max(rank, RANK.indexOf(severity));
  const severity = RANK[rank];
  return severity === undefined ? {} : { severity };
}
