import type { CgroupRow } from "../../core/query/model.ts";
import type { CgroupName, Names, Queries } from "../ports.ts";
import { parseQuery, queryHolds, SHORT_ID } from "../search/query.ts";
import { CONTAINERS, inOrder, type Order } from "./columns.ts";
import type { RowId } from "./cursor.ts";
import type { Body, ContainerItem } from "./frame.ts";

interface Group {
  readonly key: string;
  readonly known: CgroupName | undefined;
  readonly rows: CgroupRow[];
}

const KINDS = ["container", "pod", "unit", "session"] as const;

/** FNV-1a over UTF-16 units: the same group is the same row at every moment. */
function idOf(key: string): RowId {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}

/** Cgroups of one container taken together: one may have made cgroups inside itself. */
function groupsOf(rows: readonly CgroupRow[], names: Names): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const known = names.cgroup(row.cgroup);
    const key = known === undefined ? row.cgroup : `${known.kind} ${known.id}`;
    const group = groups.get(key) ?? { key, known, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function itemOf({ key, known, rows }: Group, ambiguous: boolean): ContainerItem {
  const sum = (field: (row: CgroupRow) => number): number => rows.reduce((total, row) => total + field(row), 0);
  const path = rows[0]?.cgroup ?? "";
  const exact = known === undefined ? path : ambiguous ? known.id.slice(0, SHORT_ID) : known.name;
  return {
    id: idOf(key),
    known,
    name: known?.name ?? path,
    filter: `cont:="${exact}"`,
    processes: sum((row) => row.processes),
    cpuPercent: sum((row) => row.cpuPercent),
    rssBytes: sum((row) => row.rssBytes),
    connections: sum((row) => row.connections),
    rxBytesPerSecond: sum((row) => row.rxBytesPerSecond),
    txBytesPerSecond: sum((row) => row.txBytesPerSecond),
    oldestNs: Math.min(...rows.map((row) => row.oldestNs)),
    suspects: sum((row) => row.suspects),
    listening: [...new Set(rows.flatMap((row) => row.listening))],
  };
}

/** Containers and pods first, then systemd units and sessions, then cgroups without a name; by name, so that rows stay. */
function byKind(a: ContainerItem, b: ContainerItem): number {
  const rank = ({ known }: ContainerItem): number => (known === undefined ? KINDS.length : KINDS.indexOf(known.kind));
  return rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id);
}

export function containerBody(
  { queries, names }: { queries: Queries; names: Names },
  filter: string,
  order: Order | undefined,
): Body {
  const groups = groupsOf(queries.cgroups(), names);
  const labels = groups.map(({ known }) => known?.name);
  const all = groups.map((group) =>
    itemOf(group, labels.filter((label) => label !== undefined && label === group.known?.name).length > 1),
  );
  const terms = parseQuery(filter);
  const kept = all
    .filter(({ known, name, listening }) =>
      queryHolds(terms, {
        haystack:
          `${known?.kind ?? ""} ${name} ${known?.image ?? ""} ${known?.pod ?? ""} ${known?.id ?? ""}`.toLowerCase(),
        field: (field) => {
          switch (field) {
            case "cont":
            case "name":
              return [name.toLowerCase()];
            case "port":
              return listening.map((address) => address.slice(address.lastIndexOf(":") + 1));
            default:
              return [];
          }
        },
      }),
    )
    .sort(byKind);
  const rows = inOrder(kept, CONTAINERS, order, names);
  return { screen: "containers", rows, ids: rows.map(({ id }) => id), total: all.length };
}
