import type { Env } from "../components/env.ts";
import type { TreeItem } from "../state/frame.ts";
import type { TreeColumns } from "./tree-columns.ts";
import { cellOf, type RowLook, treeLine } from "./tree-line.ts";

/** A row, and how it is marked. */
export interface LookedAt extends RowLook {
  readonly row: TreeItem;
}

/** All that a line is made of; undefined for one that tells how long ago something was. */
function saidBy(env: Env, { row, selected, tagged }: LookedAt, columns: TreeColumns): string | undefined {
  if (row.exit !== undefined || row.leaf !== undefined) {
    return undefined;
  }
  const said: unknown[] = [row.pid, row.command, selected, tagged, row.suspect, row.severity, row.context];
  said.push(row.lastChild, row.collapsed, row.hidden, row.depth, ...row.guides);
  for (const { name } of columns.shown) {
    said.push(...cellOf(env, row, name));
  }
  for (const { kind, text, count, severity } of row.activity) {
    said.push(kind, text, count, severity);
  }
  return said.join("\0");
}

/** The lines of the tree, as `treeLine` makes them: those that say what they said a moment ago are taken from then. */
export class TreeLines {
  readonly #env: Env;
  readonly #columns: TreeColumns;
  readonly #width: number;
  #before: ReadonlyMap<string, string> = new Map();

  constructor(env: Env, columns: TreeColumns, width: number) {
    this.#env = env;
    this.#columns = columns;
    this.#width = width;
  }

  /** The line of a row that is gone is blank. */
  draw(rows: readonly (LookedAt | undefined)[], nowNs: number): string[] {
    const drawn = new Map<string, string>();
    const lines = rows.map((looked) => {
      if (looked === undefined) {
        return "";
      }
      const said = saidBy(this.#env, looked, this.#columns);
      const known = said === undefined ? undefined : this.#before.get(said);
      const line = known ?? treeLine(this.#env, looked.row, this.#columns, this.#width, looked, nowNs);
      if (said !== undefined) {
        drawn.set(said, line);
      }
      return line;
    });
    this.#before = drawn;
    return lines;
  }
}
