import { resolvePath } from "../../../core/graph/paths.ts";
import type { BatchWriter } from "../../../core/wire/encode.ts";
import { S_IFMT } from "../../../core/wire/inode.ts";
import { KIND, OPEN_FLAG } from "../../../core/wire/layout.gen.ts";
import type { AuditEvent, PathItem } from "./event.ts";
import type { AuditProcess } from "./processes.ts";
import { hexField, numberField } from "./record.ts";

const O_ACCMODE = 3;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const PERMISSIONS = 0o7777;

export const CREAT_FLAGS = O_WRONLY | O_CREAT | O_TRUNC;

/** Writes an OPEN row of the file a successful call named. */
export function opened(
  writer: BatchWriter,
  process: AuditProcess,
  event: AuditEvent,
  timeNs: number,
  oflags: number,
): void {
  const item = target(event);
  if (item === undefined) return;
  const access = oflags & O_ACCMODE;
  const created = item.nametype === "CREATE";
  writer.open({
    ...fileFields(process, event, item, timeNs),
    fd: numberField(event.main, " exit=") ?? -1,
    oflags,
    open:
      (access === O_WRONLY ? 0 : OPEN_FLAG.READ) |
      (access === O_WRONLY || access === O_RDWR || created ? OPEN_FLAG.WRITE : 0) |
      (created ? OPEN_FLAG.CREATED : 0) |
      (oflags & O_TRUNC ? OPEN_FLAG.TRUNC : 0),
    mode: item.mode,
  });
}

/** Writes a CHMOD row. @param argument key of the new mode in the record */
export function modeChanged(
  writer: BatchWriter,
  process: AuditProcess,
  event: AuditEvent,
  timeNs: number,
  argument: string,
): void {
  const item = target(event);
  if (item === undefined) return;
  const mode = (item.mode & S_IFMT) | (hexField(event.main, argument) & PERMISSIONS);
  writer.chmod({ ...fileFields(process, event, item, timeNs), open: 0, mode });
}

/** Writes a RENAME, UNLINK or LINK row of the names a successful call took away and made. */
export function nameChanged(
  writer: BatchWriter,
  kind: typeof KIND.RENAME | typeof KIND.UNLINK | typeof KIND.LINK,
  { pid, startNs }: AuditProcess,
  { paths, cwd }: AuditEvent,
  timeNs: number,
): void {
  // Of a name that a rename replaced there is a second DELETE.
  const from = paths.find(({ nametype }) => nametype === (kind === KIND.LINK ? "NORMAL" : "DELETE"));
  const to = paths.find(({ nametype }) => nametype === "CREATE");
  if (from === undefined || (kind !== KIND.UNLINK && to === undefined)) return;
  const made = to === undefined ? {} : { to: to.name, toDir: cwd };
  writer.path(kind, { timeNs, pid, startNs, from: from.name, fromDir: cwd, ...made });
}

function target(event: AuditEvent): PathItem | undefined {
  return event.paths.findLast(({ nametype, name }) => nametype !== "PARENT" && name !== "");
}

function fileFields({ pid, startNs }: AuditProcess, event: AuditEvent, item: PathItem, timeNs: number) {
  const path = resolvePath(item.name, event.cwd);
  return { timeNs, pid, startNs, path, dev: item.dev, ino: item.ino, uid: item.uid };
}
