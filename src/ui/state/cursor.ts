/** Identity of a row within its list. */
export type RowId = number;

/**
 * Where a list stands. The cursor belongs to a row, not to a place: `settle` finds the row again after every change and
 * keeps it on the same line of the screen.
 */
export interface Cursor {
  readonly id: RowId | undefined;
  readonly index: number;
  /** Index of the first visible row. */
  readonly top: number;
  /** The user chose this row. Until then (and after Home) the cursor stays at the top. */
  readonly chosen: boolean;
  /** The row was asked for by name and its place is not known yet. */
  readonly seek?: boolean;
}

export const TOP: Cursor = { id: undefined, index: 0, top: 0, chosen: false };

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));

function place(ids: readonly RowId[], index: number, top: number, height: number, chosen: boolean): Cursor {
  const at = clamp(index, 0, Math.max(ids.length - 1, 0));
  const lowest = Math.max(ids.length - height, 0);
  const first = clamp(clamp(top, at - height + 1, at), 0, lowest);
  return { id: ids[at], index: at, top: first, chosen };
}

/**
 * The cursor after the rows changed: on its row, or where its row was when that is gone. Until a row was chosen it
 * stays at `home`, the first row that is more than context of a match below it.
 */
export function settle(cursor: Cursor, ids: readonly RowId[], height: number, follow: boolean, home = 0): Cursor {
  if (!cursor.chosen) {
    return place(ids, home, 0, height, false);
  }
  if ((follow || cursor.seek) && cursor.id !== undefined && ids[cursor.index] !== cursor.id) {
    const index = ids.indexOf(cursor.id);
    if (index >= 0) {
      return place(ids, index, index - (cursor.index - cursor.top), height, true);
    }
  }
  return place(ids, cursor.index, cursor.top, height, true);
}

export function moveBy(cursor: Cursor, ids: readonly RowId[], height: number, delta: number): Cursor {
  return place(ids, cursor.index + delta, cursor.top, height, true);
}

/** A whole screen: the page moves, not only the cursor. */
export function pageBy(cursor: Cursor, ids: readonly RowId[], height: number, pages: number): Cursor {
  const delta = Math.trunc(pages * height);
  return place(ids, cursor.index + delta, cursor.top + delta, height, true);
}

/** The cursor on a certain row, in the middle of the screen unless it was visible already. */
export function moveTo(cursor: Cursor, ids: readonly RowId[], height: number, id: RowId): Cursor {
  const index = ids.indexOf(id);
  if (index < 0) {
    return { ...cursor, id, chosen: true, seek: true };
  }
  const visible = index >= cursor.top && index < cursor.top + height;
  return place(ids, index, visible ? cursor.top : index - Math.floor(height / 2), height, true);
}
