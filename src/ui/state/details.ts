import type { ProcessDetail } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import { formatCount } from "../text/format.ts";
import type { RowId } from "./cursor.ts";
import { ownFileRowId } from "./file-rows.ts";
import type { Body, DetailRow, Pane } from "./frame.ts";
import type { Layout } from "./layout.ts";

/** Ids of rows of different sections must not collide. */
const SECTION = 2 ** 40;

interface Section {
  readonly title: string;
  /** Older ones that are not among the rows. */
  readonly left: number;
  readonly rows: readonly DetailRow[];
  readonly ids: readonly RowId[];
}

type Item = readonly [row: DetailRow, id: number];

function sectionsOf(detail: ProcessDetail, queries: Queries, panes: boolean): readonly Section[] {
  const processes = (rows: ProcessDetail["children"]): readonly Item[] =>
    rows.filter((row) => row.id !== detail.row.id).map((row) => [{ kind: "process", row }, row.id]);
  const connections = detail.connections.map((row): Item => {
    const peer = row.peer === undefined ? undefined : queries.process(row.peer);
    return [{ kind: "connection", row, ...(peer === undefined ? {} : { peer }) }, row.id];
  });
  const named: readonly (readonly [string, readonly Item[]])[] = [
    ["findings", detail.findings.map((finding) => [{ kind: "finding", finding }, finding.id])],
    ["connections", connections],
    ["files", detail.files.map((row) => [{ kind: "file", row }, ownFileRowId(row)])],
    ["ancestors", processes(detail.ancestors)],
    ["children", processes(detail.children)],
    // Beside each other the timeline tells them too.
    ["programs it ran", panes ? [] : detail.images.map((image, index) => [{ kind: "image", image }, index])],
    ["timeline", detail.timeline.map((entry, index) => [{ kind: "event", entry }, index])],
  ];
  return named.map(([title, items], section) => ({
    title,
    left: title === "files" ? detail.filesLeft : title === "timeline" ? detail.timelineLeft : 0,
    rows: items.map(([row]) => row),
    ids: items.map(([, id]) => (section + 1) * SECTION + 1 + id),
  }));
}

/** "12"; "2000 and 46k older". */
export function countOf(count: number, left: number): string {
  return left === 0 ? String(count) : `${count} and ${formatCount(left)} older`;
}

/** Everything about a process: sections below each other with headings, or panes beside each other on a wide terminal. */
export function detailBody(detail: ProcessDetail | undefined, queries: Queries, layout: Layout): Body {
  if (detail === undefined) {
    return { screen: "detail", detail, rows: [], ids: [], panes: [] };
  }
  const rows: DetailRow[] = [];
  const ids: RowId[] = [];
  const panes: Pane[] = [];
  for (const [at, { title, left, ...section }] of sectionsOf(detail, queries, layout.panes).entries()) {
    const count = section.rows.length;
    if (layout.panes) {
      panes.push({ title, start: rows.length, count, left });
    } else if (count > 0) {
      rows.push({ kind: "heading", text: title, count: countOf(count, left) });
      ids.push((at + 1) * SECTION);
    }
    rows.push(...section.rows);
    ids.push(...section.ids);
  }
  return { screen: "detail", detail, rows, ids, panes };
}
