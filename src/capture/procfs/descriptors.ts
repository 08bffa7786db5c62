import { lstatSync, readdirSync, statSync } from "node:fs";
import type { BatchWriter } from "../../core/wire/encode.ts";
import { S_IFMT, S_IFREG } from "../../core/wire/inode.ts";
import { OPEN_FLAG } from "../../core/wire/layout.gen.ts";
import { kernelDevice } from "./image.ts";
import type { Known } from "./known.ts";
import type { ProcFiles } from "./proc-files.ts";
import type { RowTime, Sockets } from "./sockets.ts";

const SOCKET = "socket:[";
const PIPE = "pipe:[";
const MEMFD = "/memfd:";
const DELETED = " (deleted)";
/** A process that keeps opening new files is told about again after this many. */
const MOST_REPORTED = 4096;
/** A link in /proc/pid/fd is u+r for a descriptor open for reading, u+w for writing. */
const READ_BIT = 0o400;
const WRITE_BIT = 0o200;

/** Reads which sockets, pipes and written files a process holds. A link costs about 2 µs. */
export class Descriptors {
  readonly #files: ProcFiles;
  readonly #writer: BatchWriter;
  readonly #sockets: Sockets;

  constructor(files: ProcFiles, writer: BatchWriter, sockets: Sockets) {
    this.#files = files;
    this.#writer = writer;
    this.#sockets = sockets;
  }

  /** False when they are not ours to see or the process is gone. */
  read(known: Known, time: RowTime): boolean {
    let names: string[];
    try {
      names = readdirSync(`${known.folder}/fd`);
    } catch {
      return false;
    }
    const held = new Map<number, number>();
    for (const name of names) {
      const link = this.#files.link(`${known.folder}/fd/${name}`);
      if (link === undefined) continue;
      if (link.startsWith(SOCKET)) held.set(Number.parseInt(link.slice(SOCKET.length), 10), Number(name));
      else if (link.startsWith(PIPE)) this.#pipe(known, link, Number(name), time);
      else if (link.startsWith("/")) this.#file(known, link, Number(name), time);
    }
    this.#sockets.hold(known, held, time);
    return true;
  }

  #pipe(known: Known, link: string, fd: number, time: RowTime): void {
    const open = this.#access(known, fd);
    if (!once(known, `${open} ${link}`)) return;
    const ino = Number.parseInt(link.slice(PIPE.length), 10);
    this.#writer.pipe({ ...time, pid: known.pid, startNs: known.startNs, ino, open, fd });
  }

  /** Only regular files open for writing: what a process reads leaves no trace worth a poll. */
  #file(known: Known, link: string, fd: number, time: RowTime): void {
    if (known.reported.has(link)) return;
    const access = this.#access(known, fd);
    if ((access & OPEN_FLAG.WRITE) === 0 || !once(known, link)) return;
    try {
      const stat = statSync(`${known.folder}/fd/${fd}`, { bigint: true });
      if ((Number(stat.mode) & S_IFMT) !== S_IFREG) return;
      const memfd = link.startsWith(MEMFD);
      const deleted = stat.nlink === 0n;
      const name = deleted && link.endsWith(DELETED) ? link.slice(0, -DELETED.length) : link;
      this.#writer.open({
        ...time,
        pid: known.pid,
        startNs: known.startNs,
        path: memfd ? name.slice(1) : name,
        dev: kernelDevice(stat.dev),
        ino: stat.ino,
        open: access | (memfd ? OPEN_FLAG.MEMFD : 0) | (deleted ? OPEN_FLAG.DELETED : 0),
        mode: Number(stat.mode),
        fd,
        uid: Number(stat.uid),
        size: stat.size,
      });
    } catch {
      // Vanished between the two calls.
    }
  }

  #access(known: Known, fd: number): number {
    try {
      const { mode } = lstatSync(`${known.folder}/fd/${fd}`);
      return (mode & READ_BIT ? OPEN_FLAG.READ : 0) | (mode & WRITE_BIT ? OPEN_FLAG.WRITE : 0);
    } catch {
      return 0;
    }
  }
}

function once(known: Known, key: string): boolean {
  if (known.reported.has(key)) return false;
  if (known.reported.size >= MOST_REPORTED) known.reported.clear();
  known.reported.add(key);
  return true;
}
