import { bundles } from "../../core/query/bundles.ts";
import type { ConnectionId, ConnectionRow } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import type { RowId } from "./cursor.ts";
import type { ConnectionItem } from "./frame.ts";

/** Rows of bundles have ids of their own beside those of the connections. */
const BUNDLE = 2 ** 41;

/** The oldest one stays when more are folded in. */
const bundleId = (members: readonly ConnectionId[]): RowId => BUNDLE + Math.min(...members);

export function connectionItem(row: ConnectionRow, queries: Queries): ConnectionItem {
  const owner = row.owners[0] === undefined ? undefined : queries.process(row.owners[0]);
  const peer = row.peer === undefined ? undefined : queries.process(row.peer);
  const alone = { id: row.id, count: 1, open: false, member: false };
  return { row, ...(owner === undefined ? {} : { owner }), ...(peer === undefined ? {} : { peer }), ...alone };
}

/**
 * Alike connections as one row each, in the order they are given by their newest; those of a bundle that is open follow it. `arrange`
 * puts the bundles in order. A bundle is also open when one of its members was asked for.
 */
export function bundled(
  items: readonly ConnectionItem[],
  unfolded: ReadonlySet<RowId>,
  arrange: (rows: readonly ConnectionItem[]) => readonly ConnectionItem[],
): readonly ConnectionItem[] {
  const byId = new Map(items.map((item) => [item.row.id, item]));
  const members = new Map<RowId, readonly ConnectionItem[]>();
  const rows: ConnectionItem[] = [];
  for (const { members: ids, ...row } of bundles(items.map((item) => item.row))) {
    const newest = byId.get(row.id);
    if (newest !== undefined) {
      const id = ids.length === 1 ? row.id : bundleId(ids);
      const open = ids.length > 1 && (unfolded.has(id) || ids.some((member) => unfolded.has(member)));
      const own = open ? ids.map((member) => byId.get(member)).filter((item) => item !== undefined) : [];
      members.set(id, own);
      rows.push({ ...newest, row, id, count: ids.length, open });
    }
  }
  return arrange(rows).flatMap((row) => [
    row,
    ...(members.get(row.id) ?? []).map((item) => ({ ...item, member: true })),
  ]);
}
