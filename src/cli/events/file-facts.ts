import type { Graph } from "../../core/graph/graph.ts";
import { NONE } from "../../core/graph/indexes.ts";
import { resolvePath } from "../../core/graph/paths.ts";
import { errnoName } from "../../core/query/errno.ts";
import type { BatchReader } from "../../core/wire/decode.ts";
import { majorOf, minorOf, S_IFBLK, S_IFMT } from "../../core/wire/inode.ts";
import { BYTES, FILE, KIND, OPEN_FLAG, PATH, USE } from "../../core/wire/layout.gen.ts";
import type { EventKind, FileFacts, MonitorEvent } from "./event.ts";

export function openKind(reader: BatchReader): EventKind {
  return (reader.u32(FILE.open) & OPEN_FLAG.CREATED) === 0 ? "open" : "create";
}

/** Of OPEN and CHMOD. */
export function fileFacts(reader: BatchReader): FileFacts {
  const open = reader.u32(FILE.open);
  const mode = reader.u32(FILE.mode);
  const access = accessOf(open);
  return {
    path: reader.text(FILE.path),
    ...identity(reader),
    ...(access === undefined ? {} : { access }),
    ...(mode === 0 ? {} : { mode, ownerUid: reader.u32(FILE.uid) }),
    ...(reader.kind === KIND.OPEN && (mode & S_IFMT) !== S_IFBLK ? { size: reader.number(FILE.size) } : {}),
    ...((open & OPEN_FLAG.DELETED) === 0 ? {} : { deleted: true }),
    ...((open & OPEN_FLAG.MEMFD) === 0 ? {} : { memory: true }),
  };
}

/** Of READ and WRITE: the first by a process. */
export function firstUseFacts(reader: BatchReader, access: "read" | "write"): FileFacts {
  const mode = reader.u32(USE.mode);
  return { path: reader.text(USE.path), ...identity(reader), access, ...(mode === 0 ? {} : { mode }) };
}

/** Of BYTES: the file is one that was opened before. */
export function bytesFacts(graph: Graph, reader: BatchReader): Pick<MonitorEvent, "file" | "details"> {
  const { files } = graph;
  const lo = reader.lo(BYTES.ino);
  const hi = reader.hi(BYTES.ino);
  const dev = reader.u32(BYTES.dev);
  const file = files.find(dev, reader.u32(BYTES.gen), lo, hi);
  return {
    file: {
      path: file === NONE ? "" : files.path.get(file),
      inode: String((BigInt(hi) << 32n) | BigInt(lo)),
      device: deviceOf(dev),
      access: reader.u32(BYTES.write) === 0 ? "read" : "write",
    },
    details: { bytes: reader.number(BYTES.bytes) },
  };
}

/** Of the calls that name files: absolute where the caller's folder is known. */
export function pathFacts(
  reader: BatchReader,
  kind: EventKind,
): Pick<MonitorEvent, "kind" | "file" | "error" | "details"> {
  const from = reader.text(PATH.from);
  const to = reader.text(PATH.to);
  // What a symbolic link points to, and what is mounted, are no names of this file system.
  const literal = reader.kind === KIND.SYMLINK || reader.kind === KIND.MOUNT;
  const path = literal ? from : absolute(from, reader.text(PATH.fromDir));
  const target = to === "" ? "" : absolute(to, reader.text(PATH.toDir));
  const ret = reader.i32(PATH.ret);
  return {
    kind,
    file: { path, ...(target === "" ? {} : { target }) },
    ...(ret < 0 ? { error: errnoName(-ret) } : {}),
    ...argument(reader),
  };
}

function argument(reader: BatchReader): Pick<MonitorEvent, "details"> {
  switch (reader.kind) {
    case KIND.TRUNCATE:
      return { details: { size: reader.number(PATH.arg) } };
    case KIND.CHOWN:
      return { details: { uid: reader.hi(PATH.arg), gid: reader.lo(PATH.arg) } };
    default:
      return {};
  }
}

function absolute(path: string, folder: string): string {
  return resolvePath(path, folder) || path;
}

/** FILE and USE begin alike. */
function identity(reader: BatchReader): Pick<FileFacts, "inode" | "device"> {
  const lo = reader.lo(FILE.ino);
  const hi = reader.hi(FILE.ino);
  if (lo === 0 && hi === 0) return {};
  const dev = reader.u32(FILE.dev);
  return { inode: String((BigInt(hi) << 32n) | BigInt(lo)), device: deviceOf(dev) };
}

function deviceOf(dev: number): string {
  return `${majorOf(dev)}:${minorOf(dev)}`;
}

function accessOf(open: number): FileFacts["access"] {
  const read = (open & OPEN_FLAG.READ) !== 0;
  const write = (open & OPEN_FLAG.WRITE) !== 0;
  return read && write ? "read-write" : write ? "write" : read ? "read" : undefined;
}
