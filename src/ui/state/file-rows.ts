import type { FileRow } from "../../core/query/model.ts";
import type { RowId } from "./cursor.ts";

const OPERATIONS = ["read", "write", "create", "execute", "chmod", "delete", "rename"] as const;

// Of ids their rows, which are those of one living object each: ids whole would not fit.
const FILES = 2 ** 26;
const PROCESSES = 2 ** 24;

/** Of one process: a row a file and operation. */
export function ownFileRowId(row: FileRow): RowId {
  return (row.id % FILES) * 8 + OPERATIONS.indexOf(row.operation);
}

/** A row a process, file and operation. */
export function fileRowId(row: FileRow): RowId {
  return ownFileRowId(row) * PROCESSES + (row.process % PROCESSES);
}
