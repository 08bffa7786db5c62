import { bundleKey, bundles } from "../../core/query/bundles.ts";
import { newestFirst } from "../../core/query/connections.ts";
import type { ConnectionRow } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import type { RowId } from "./cursor.ts";
import type { ConnectionItem } from "./frame.ts";

/** Rows of what is over, the newest: nobody looks through more, and a flood makes a hundred thousand. */
const MOST_OVER = 2000;
/** Rows of bundles have ids of their own beside those of the connections. */
const BUNDLE = 2 ** 41;

export function connectionItem(row: ConnectionRow, queries: Queries): ConnectionItem {
  const owner = row.owners[0] === undefined ? undefined : queries.process(row.owners[0]);
  const peer = row.peer === undefined ? undefined : queries.process(row.peer);
  const alone = { id: row.id, count: 1, open: false, member: false };
  return { row, ...(owner === undefined ? {} : { owner }), ...(peer === undefined ? {} : { peer }), ...alone };
}

/**
 * Alike connections as one row each, in the order they are given by their newest; those of a bundle that is open follow it. `arrange`
 * puts the bundles in order. `left` counts those that are over and have no row. A bundle is also open when one of its members was asked for. `rows` are gone through once, and once more
 * for the members of open ones.
 */
export function bundled(
  rows: () => Iterable<ConnectionRow>,
  queries: Queries,
  unfolded: ReadonlySet<RowId>,
  arrange: (rows: readonly ConnectionItem[]) => readonly ConnectionItem[],
): { readonly items: readonly ConnectionItem[]; readonly left: number } {
  const open = new Map<string, ConnectionRow[]>();
  const members = new Map<RowId, ConnectionRow[]>();
  const folded = bundles(rows(), { marked: (id) => unfolded.has(id), mostOver: MOST_OVER });
  const items = folded.bundles.map(({ key, row, count, oldest, marked }): ConnectionItem => {
    // The oldest one stays when more are folded in.
    const id = count === 1 ? row.id : BUNDLE + oldest;
    if (count === 1 || !(marked || unfolded.has(id))) return { ...connectionItem(row, queries), id, count };
    const own: ConnectionRow[] = [];
    open.set(key, own);
    members.set(id, own);
    return { ...connectionItem(row, queries), id, count, open: true };
  });
  if (open.size > 0) for (const row of rows()) open.get(bundleKey(row))?.push(row);
  const arranged = arrange(items).flatMap((item) => [
    item,
    ...(members.get(item.id) ?? []).sort(newestFirst).map((row) => ({ ...connectionItem(row, queries), member: true })),
  ]);
  return { items: arranged, left: folded.left };
}
