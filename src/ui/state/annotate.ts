import type { ProcessId, TreeView } from "../../core/query/model.ts";
import type { RowId } from "./cursor.ts";
import type { TreeItem } from "./frame.ts";

/** Rows of annotations have ids beside those of their processes: at most so many for each. */
const MOST = 16;
const ANNOTATION = 2 ** 44;

export interface Annotated {
  readonly rows: readonly TreeItem[];
  readonly ids: readonly RowId[];
}

const idOf = (process: ProcessId, at: number): RowId => ANNOTATION + process * MOST + at;

/** Each thing a process does as a row of its own below it, before its children. */
export function annotate(view: Pick<TreeView, "ids" | "row">, layout: "tree" | "flat"): Annotated {
  const items: TreeItem[] = [];
  const ids: RowId[] = [];
  for (const [at, id] of view.ids.entries()) {
    const row = view.row(at);
    if (row === undefined) {
      continue;
    }
    items.push(row);
    ids.push(id);
    if (row.count > 1) {
      continue;
    }
    const below = row.collapsed ? 0 : row.children;
    const leaves = row.activity.slice(0, MOST);
    for (const [at, leaf] of leaves.entries()) {
      const flat = layout === "flat";
      items.push({
        ...row,
        leaf,
        depth: flat ? 1 : row.depth + 1,
        guides: flat ? [false] : [...row.guides, !row.lastChild],
        lastChild: at === leaves.length - 1 && (flat || below === 0),
      });
      ids.push(idOf(row.id, at));
    }
  }
  return { rows: items, ids };
}
