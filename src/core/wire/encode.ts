import { parseAddress } from "../text/address.ts";
import type {
  BytesFields,
  CallFields,
  CredFields,
  DnsFields,
  ExitFields,
  FileFields,
  ForkFields,
  ImageFields,
  LossFields,
  MarkFields,
  PathFields,
  PipeFields,
  RowHead,
  SockFields,
  TickFields,
  U64,
  UnixFields,
  UseFields,
} from "./fields.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import {
  BATCH,
  BATCH_FLAG,
  BYTES,
  CALL,
  CRED,
  DNS,
  EXIT,
  FILE,
  FORK,
  HDR,
  IMAGE,
  KIND,
  LOSS,
  MAGIC,
  MARK,
  PATH,
  PIPE,
  SOCK,
  TICK,
  UNIX,
  USE,
  WIRE_VERSION,
} from "./layout.gen.ts";
import { encodeUtf8 } from "./utf8.ts";

export type SockKind =
  | typeof KIND.CONNECT
  | typeof KIND.ACCEPT
  | typeof KIND.LISTEN
  | typeof KIND.CLOSE
  | typeof KIND.SOCKET
  | typeof KIND.DATAGRAM;
export type PathKind =
  | typeof KIND.RENAME
  | typeof KIND.UNLINK
  | typeof KIND.LINK
  | typeof KIND.SYMLINK
  | typeof KIND.MOUNT
  | typeof KIND.TRUNCATE
  | typeof KIND.CHOWN;
export type CallKind =
  | typeof KIND.INJECT
  | typeof KIND.MEMORY
  | typeof KIND.SIGNAL
  | typeof KIND.KERNEL
  | typeof KIND.NAMESPACE
  | typeof KIND.URING
  | typeof KIND.FD_PASS
  | typeof KIND.CGROUP;
export type UnixKind = typeof KIND.UNIX_CONNECT | typeof KIND.UNIX_ACCEPT | typeof KIND.UNIX_SOCKET;

const NONE = 0xffffffff;
/** Ids restart (a key batch) after this many strings, so that a long run keeps neither side's table growing. */
const MAX_STRINGS = 1 << 16;

/**
 * Builds batches of the layout the native side writes: for sources that are not the kernel, and for tests.
 * Fields that are left out are zero (ids that mean "none" are none). The first batch is a key batch.
 */
export class BatchWriter {
  #rows = new GrowingBytes();
  #strs = new GrowingBytes();
  #ids = new Map<string, number>();
  #nextId = 1;
  #firstId = 1;
  #count = 0;
  #key = true;
  #row = 0;

  /** Grows with each restart: ids of different epochs have nothing to do with each other. */
  epoch = 0;

  /** Rows since the last finish. */
  get rows(): number {
    return this.#count;
  }

  fork(fields: ForkFields): void {
    this.#begin(KIND.FORK, FORK.SIZE, 0, fields);
    this.#u64(FORK.childStart, fields.childStartNs);
    this.#u64(FORK.cgroup, fields.cgroup);
    this.#u32(FORK.childTgid, fields.childPid);
    this.#u32(FORK.childNsPid, fields.childNsPid ?? fields.childPid);
    this.#u32(FORK.pidns, fields.pidns);
  }

  /** An EXEC row, or with kind PROCESS a process that ran before. */
  image(fields: ImageFields, kind: typeof KIND.EXEC | typeof KIND.PROCESS = KIND.EXEC): void {
    this.#begin(kind, IMAGE.SIZE, 7, fields);
    this.#text(IMAGE.exe, fields.exe);
    this.#text(IMAGE.cwd, fields.cwd);
    const argv = typeof fields.argv === "string" || fields.argv === undefined ? fields.argv : fields.argv.join("\0");
    this.#text(IMAGE.argv, argv);
    this.#text(IMAGE.script, fields.script);
    this.#text(IMAGE.cgroupPath, fields.cgroupPath);
    this.#text(IMAGE.comm, fields.comm);
    this.#text(IMAGE.env, fields.env);
    this.#u64(IMAGE.exeIno, fields.exeIno);
    this.#u32(IMAGE.exeDev, fields.exeDev);
    this.#u32(IMAGE.exeGen, fields.exeGen);
    for (let fd = 0; fd < 3; fd++) {
      const target = fields.stdio?.[fd];
      if (target !== undefined) this.#stdio(IMAGE.stdio + fd * 8, target.mode, target.ino);
    }
    this.#u64(IMAGE.cgroup, fields.cgroup);
    this.#u64(IMAGE.caps, fields.caps);
    this.#u64(IMAGE.parentStart, fields.parentStartNs);
    this.#u32(IMAGE.parentTgid, fields.parentPid);
    this.#u32(IMAGE.nsPid, fields.nsPid ?? fields.pid);
    this.#u32(IMAGE.uid, fields.uid);
    this.#u32(IMAGE.euid, fields.euid ?? fields.uid);
    this.#u32(IMAGE.gid, fields.gid);
    this.#u32(IMAGE.egid, fields.egid ?? fields.gid);
    this.#u32(IMAGE.loginUid, fields.loginUid ?? NONE);
    this.#u32(IMAGE.sessionId, fields.sessionId ?? NONE);
    this.#u32(IMAGE.mntns, fields.mntns);
    this.#u32(IMAGE.pidns, fields.pidns);
    this.#u32(IMAGE.netns, fields.netns);
    this.#u32(IMAGE.userns, fields.userns);
    this.#u32(IMAGE.tty, fields.tty);
    this.#u32(IMAGE.image, fields.image);
    this.#u32(IMAGE.argvLen, fields.argvLen ?? argv?.length);
    this.#u32(IMAGE.sid, fields.sid);
    this.#u32(IMAGE.exeUid, fields.exeUid);
    this.#u32(IMAGE.dirUid, fields.dirUid);
  }

  exit(fields: ExitFields): void {
    this.#begin(KIND.EXIT, EXIT.SIZE, 0, fields);
    this.#u64(EXIT.cpuNs, fields.cpuNs);
    this.#u64(EXIT.readBytes, fields.readBytes);
    this.#u64(EXIT.writeBytes, fields.writeBytes);
    this.#u64(EXIT.maxRssBytes, fields.maxRssBytes);
    this.#u32(EXIT.code, fields.code);
  }

  open(fields: FileFields): void {
    this.#file(KIND.OPEN, fields);
  }

  chmod(fields: FileFields): void {
    this.#file(KIND.CHMOD, fields);
  }

  /** First read or write of a file. */
  use(kind: typeof KIND.READ | typeof KIND.WRITE, fields: UseFields): void {
    this.#begin(kind, USE.SIZE, 1, fields);
    this.#text(USE.path, fields.path);
    this.#u32(USE.dev, fields.dev);
    this.#u64(USE.ino, fields.ino);
    this.#u32(USE.gen, fields.gen);
    this.#u32(USE.mode, fields.mode ?? 0o100644);
    this.#u64(USE.bytes, fields.bytes);
    this.#u32(USE.fd, fields.fd ?? -1);
  }

  /** Totals of a process and file since its READ or WRITE row. */
  bytes(fields: BytesFields): void {
    this.#begin(KIND.BYTES, BYTES.SIZE, 0, fields);
    this.#u64(BYTES.ino, fields.ino);
    this.#u64(BYTES.bytes, fields.bytes);
    this.#u32(BYTES.dev, fields.dev);
    this.#u32(BYTES.gen, fields.gen);
    this.#u32(BYTES.write, fields.write ? 1 : 0);
  }

  path(kind: PathKind, fields: PathFields): void {
    this.#begin(kind, PATH.SIZE, 4, fields);
    this.#text(PATH.from, fields.from);
    this.#text(PATH.to, fields.to);
    this.#text(PATH.fromDir, fields.fromDir);
    this.#text(PATH.toDir, fields.toDir);
    this.#u64(PATH.arg, fields.arg);
    this.#u32(PATH.ret, fields.ret);
  }

  cred(fields: CredFields): void {
    this.#begin(KIND.CRED, CRED.SIZE, 0, fields);
    this.#u32(CRED.uid, fields.uid);
    this.#u32(CRED.euid, fields.euid);
    this.#u32(CRED.gid, fields.gid);
    this.#u32(CRED.egid, fields.egid);
    this.#u64(CRED.caps, fields.caps);
    this.#u32(CRED.oldUid, fields.oldUid ?? NONE);
    this.#u32(CRED.oldEuid, fields.oldEuid ?? NONE);
    this.#u32(CRED.how, fields.how ?? 1);
  }

  call(kind: CallKind, fields: CallFields): void {
    this.#begin(kind, CALL.SIZE, 1, fields);
    this.#text(CALL.path, fields.path);
    this.#u32(CALL.ret, fields.ret);
    fields.args?.forEach((value, i) => {
      this.#u64(CALL.args + i * 8, value);
    });
    this.#u64(CALL.targetStart, fields.targetStartNs);
    this.#u32(CALL.targetTgid, fields.targetPid);
    this.#u32(CALL.nr, fields.nr);
  }

  dns(fields: DnsFields): void {
    this.#begin(KIND.DNS, DNS.SIZE, 1, fields);
    this.#u32(DNS.message, this.announce(fields.message));
    this.#u32(DNS.size, fields.message.length);
    this.#u64(DNS.sock, fields.sock);
  }

  sock(kind: SockKind, fields: SockFields): void {
    this.#begin(kind, SOCK.SIZE, 0, fields);
    this.#u64(SOCK.sock, fields.sock);
    this.#u64(SOCK.tx, fields.tx);
    this.#u64(SOCK.rx, fields.rx);
    this.#address(SOCK.laddr, fields.local);
    this.#address(SOCK.raddr, fields.remote);
    this.#rows.u16(this.#row + SOCK.lport, fields.localPort ?? 0);
    this.#rows.u16(this.#row + SOCK.rport, fields.remotePort ?? 0);
    this.#rows.u16(this.#row + SOCK.family, fields.family ?? 2);
    this.#rows.u8(this.#row + SOCK.proto, fields.proto ?? 6);
    this.#rows.u8(this.#row + SOCK.state, fields.state ?? (kind === KIND.LISTEN ? 10 : kind === KIND.CLOSE ? 7 : 1));
    this.#u32(SOCK.err, fields.err);
    this.#u32(SOCK.fd, fields.fd ?? -1);
    this.#u32(SOCK.netns, fields.netns);
    this.#u32(SOCK.backlog, fields.backlog);
    this.#u64(SOCK.pair, fields.pair);
  }

  unix(kind: UnixKind, fields: UnixFields): void {
    this.#begin(kind, UNIX.SIZE, 1, fields);
    this.#text(UNIX.path, fields.path);
    this.#u32(UNIX.fd, fields.fd ?? -1);
    this.#u64(UNIX.sock, fields.sock);
    this.#u64(UNIX.end, fields.end);
    this.#u64(UNIX.peer, fields.peer);
    this.#u32(UNIX.peerTgid, fields.peerPid);
    this.#rows.u8(this.#row + UNIX.state, fields.state ?? 1);
    this.#rows.u8(this.#row + UNIX.type, fields.type ?? 1);
  }

  pipe(fields: PipeFields): void {
    this.#begin(KIND.PIPE, PIPE.SIZE, 0, fields);
    this.#u64(PIPE.ino, fields.ino);
    this.#u32(PIPE.open, fields.open);
    this.#u32(PIPE.fd, fields.fd ?? -1);
  }

  tick(fields: TickFields): void {
    this.#begin(KIND.TICK, TICK.SIZE, 0, fields);
    this.#u64(TICK.cpuNs, fields.cpuNs);
    this.#u64(TICK.rssBytes, fields.rssBytes);
    this.#u64(TICK.vszBytes, fields.vszBytes);
    this.#u64(TICK.readBytes, fields.readBytes);
    this.#u64(TICK.writeBytes, fields.writeBytes);
    this.#u32(TICK.threads, fields.threads ?? 1);
    this.#u32(TICK.state, (fields.state ?? "S").charCodeAt(0));
  }

  /** A LOSS row, or with kind THROTTLED what the row's process did beyond its share of a crowded ring. */
  loss(fields: LossFields, kind: typeof KIND.LOSS | typeof KIND.THROTTLED = KIND.LOSS): void {
    this.#begin(kind, LOSS.SIZE, 0, fields);
    this.#u64(LOSS.lost, fields.lost);
    this.#u32(LOSS.kind, fields.kind);
  }

  mark(fields: MarkFields): void {
    this.#begin(KIND.MARK, MARK.SIZE, 0, fields);
    this.#u32(MARK.what, fields.what);
  }

  /** Bytes of the batch that `finish` would give, its header not counted. */
  get length(): number {
    return this.#rows.length + this.#strs.length;
  }

  /** Begins a row that is written field by field: those of a checkpoint have no methods of their own. */
  begin(kind: number, size: number, strings: number, head: RowHead): void {
    this.#begin(kind, size, strings, head);
  }

  u8(offset: number, value: number): void {
    this.#rows.u8(this.#row + offset, value);
  }

  u16(offset: number, value: number): void {
    this.#rows.u16(this.#row + offset, value);
  }

  u32(offset: number, value: number): void {
    this.#rows.u32(this.#row + offset, value);
  }

  u64(offset: number, value: U64): void {
    this.#rows.u64(this.#row + offset, value);
  }

  f64(offset: number, value: number): void {
    this.#rows.f64(this.#row + offset, value);
  }

  text(offset: number, value: string): void {
    this.#text(offset, value);
  }

  /** The id, in this epoch, of a string that is not looked for among those known. */
  announce(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (start === end) return 0;
    const at = this.#strs.length;
    this.#strs.reserve(4 + ((end - start + 3) & ~3));
    this.#strs.u32(at, end - start);
    this.#strs.set(at + 4, bytes.subarray(start, end));
    return this.#nextId++;
  }

  /**
   * The batch of all rows since the last finish, in memory of its own.
   * @param timeNs ns since boot at this moment
   * @param wallNs ns since 1970 at the same moment
   */
  finish(timeNs: U64, wallNs: U64): Uint8Array {
    const rows = this.#rows.take();
    const strs = this.#strs.take();
    const batch = new GrowingBytes();
    batch.reserve(BATCH.SIZE + rows.length + strs.length);
    batch.u32(BATCH.magic, MAGIC);
    batch.u16(BATCH.version, WIRE_VERSION);
    batch.u16(BATCH.flags, this.#key ? BATCH_FLAG.KEY : 0);
    batch.u32(BATCH.rowBytes, rows.length);
    batch.u32(BATCH.strBytes, strs.length);
    batch.u32(BATCH.rows, this.#count);
    batch.u32(BATCH.strs, this.#nextId - this.#firstId);
    batch.u32(BATCH.firstStr, this.#firstId);
    batch.u64(BATCH.time, timeNs);
    batch.u64(BATCH.wall, wallNs);
    batch.set(BATCH.SIZE, rows);
    batch.set(BATCH.SIZE + rows.length, strs);
    this.#count = 0;
    this.#key = false;
    this.#firstId = this.#nextId;
    if (this.#nextId > MAX_STRINGS) this.restart();
    return batch.take();
  }

  /** The next batch becomes a key batch. Only between batches. */
  restart(): void {
    this.epoch++;
    this.#ids.clear();
    this.#nextId = this.#firstId = 1;
    this.#key = true;
  }

  #file(kind: number, fields: FileFields): void {
    this.#begin(kind, FILE.SIZE, 1, fields);
    this.#text(FILE.path, fields.path);
    this.#u32(FILE.dev, fields.dev);
    this.#u64(FILE.ino, fields.ino);
    this.#u32(FILE.gen, fields.gen);
    this.#u32(FILE.open, fields.open);
    this.#u32(FILE.mode, fields.mode ?? 0o100644);
    this.#u32(FILE.fd, fields.fd ?? -1);
    this.#u32(FILE.oflags, fields.oflags);
    this.#u32(FILE.uid, fields.uid);
    this.#u64(FILE.size, fields.size);
  }

  #begin(kind: number, size: number, strings: number, head: RowHead): void {
    this.#row = this.#rows.length;
    this.#rows.reserve(size);
    this.#count++;
    this.#rows.u16(this.#row + HDR.kind, kind);
    this.#rows.u16(this.#row + HDR.size, size);
    this.#rows.u8(this.#row + HDR.nstr, strings);
    this.#rows.u8(this.#row + HDR.trunc, head.trunc ?? 0);
    this.#rows.u16(this.#row + HDR.flags, head.flags ?? 0);
    this.#u64(HDR.time, head.timeNs);
    this.#u64(HDR.start, head.startNs);
    this.#u32(HDR.tgid, head.pid);
    this.#u32(HDR.tid, head.tid ?? head.pid);
  }

  #u32(offset: number, value: number | undefined): void {
    if (value !== undefined) this.#rows.u32(this.#row + offset, value);
  }

  #u64(offset: number, value: U64 | undefined): void {
    if (value !== undefined) this.#rows.u64(this.#row + offset, value);
  }

  #stdio(offset: number, mode: number, ino: U64): void {
    this.#rows.u64(this.#row + offset, ino);
    this.#rows.u16(this.#row + offset + 6, mode & 0xf000);
  }

  #address(offset: number, address: string | Uint8Array | undefined): void {
    const bytes = typeof address === "string" ? parseAddress(address) : address;
    if (bytes === undefined && address !== undefined) throw new TypeError(`not an IP address: ${address}`);
    if (bytes !== undefined) this.#rows.set(this.#row + offset, bytes);
  }

  #text(offset: number, value: string | undefined): void {
    if (value === undefined || value === "") return;
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.announce(encodeUtf8(value));
      this.#ids.set(value, id);
    }
    this.#u32(offset, id);
  }
}
