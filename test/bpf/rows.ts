import type { BatchReader } from "../../src/core/wire/decode.ts";
import {
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
  MARK,
  PATH,
  PIPE,
  SOCK,
  TICK,
  UNIX,
  USE,
} from "../../src/core/wire/layout.gen.ts";

interface Bodies {
  FORK: ReturnType<typeof fork>;
  EXEC: ReturnType<typeof image>;
  PROCESS: ReturnType<typeof image>;
  EXIT: ReturnType<typeof exit>;
  OPEN: ReturnType<typeof file>;
  CHMOD: ReturnType<typeof file>;
  CONNECT: ReturnType<typeof sock>;
  ACCEPT: ReturnType<typeof sock>;
  LISTEN: ReturnType<typeof sock>;
  CLOSE: ReturnType<typeof sock>;
  SOCKET: ReturnType<typeof sock>;
  DATAGRAM: ReturnType<typeof sock>;
  UNIX_CONNECT: ReturnType<typeof unix>;
  UNIX_ACCEPT: ReturnType<typeof unix>;
  UNIX_SOCKET: ReturnType<typeof unix>;
  PIPE: ReturnType<typeof pipe>;
  TICK: ReturnType<typeof tick>;
  LOSS: ReturnType<typeof loss>;
  THROTTLED: ReturnType<typeof loss>;
  BYTES: ReturnType<typeof bytes>;
  MARK: ReturnType<typeof mark>;
  READ: ReturnType<typeof use>;
  WRITE: ReturnType<typeof use>;
  RENAME: ReturnType<typeof names>;
  UNLINK: ReturnType<typeof names>;
  LINK: ReturnType<typeof names>;
  SYMLINK: ReturnType<typeof names>;
  MOUNT: ReturnType<typeof names>;
  TRUNCATE: ReturnType<typeof names>;
  CHOWN: ReturnType<typeof names>;
  CRED: ReturnType<typeof cred>;
  INJECT: ReturnType<typeof call>;
  MEMORY: ReturnType<typeof call>;
  SIGNAL: ReturnType<typeof call>;
  KERNEL: ReturnType<typeof call>;
  NAMESPACE: ReturnType<typeof call>;
  URING: ReturnType<typeof call>;
  FD_PASS: ReturnType<typeof call>;
  CGROUP: ReturnType<typeof call>;
  DNS: ReturnType<typeof dns>;
}

export type KindName = keyof Bodies;

export type RowOf<K extends KindName> = Bodies[K] & {
  readonly kind: K;
  readonly flags: number;
  /** Bit i: the string of slot i was cut. */
  readonly trunc: number;
  /** ns since boot. */
  readonly timeNs: bigint;
  readonly startNs: bigint;
  readonly pid: number;
  readonly tid: number;
};

export type Row = { [K in KindName]: RowOf<K> }[KindName];

const NAMES = new Map(Object.entries(KIND).map(([name, kind]) => [kind as number, name]));

export const kindName = (kind: number): string => NAMES.get(kind) ?? `kind ${kind}`;

/** The reader's current row as an object; undefined for a kind these tests do not look into. */
export function rowOf(r: BatchReader): Row | undefined {
  const body = bodyOf(r);
  if (!body) return undefined;
  const head = {
    kind: kindName(r.kind),
    flags: r.flags,
    trunc: r.trunc,
    timeNs: u64(r, HDR.time),
    startNs: u64(r, HDR.start),
    pid: r.u32(HDR.tgid),
    tid: r.u32(HDR.tid),
  };
  return { ...head, ...body } as Row;
}

function bodyOf(r: BatchReader) {
  switch (r.kind) {
    case KIND.FORK:
      return fork(r);
    case KIND.EXEC:
    case KIND.PROCESS:
      return image(r);
    case KIND.EXIT:
      return exit(r);
    case KIND.OPEN:
    case KIND.CHMOD:
      return file(r);
    case KIND.CONNECT:
    case KIND.ACCEPT:
    case KIND.LISTEN:
    case KIND.CLOSE:
    case KIND.SOCKET:
    case KIND.DATAGRAM:
      return sock(r);
    case KIND.UNIX_CONNECT:
    case KIND.UNIX_ACCEPT:
    case KIND.UNIX_SOCKET:
      return unix(r);
    case KIND.PIPE:
      return pipe(r);
    case KIND.TICK:
      return tick(r);
    case KIND.BYTES:
      return bytes(r);
    case KIND.LOSS:
    case KIND.THROTTLED:
      return loss(r);
    case KIND.MARK:
      return mark(r);
    case KIND.READ:
    case KIND.WRITE:
      return use(r);
    case KIND.RENAME:
    case KIND.UNLINK:
    case KIND.LINK:
    case KIND.SYMLINK:
    case KIND.MOUNT:
    case KIND.TRUNCATE:
    case KIND.CHOWN:
      return names(r);
    case KIND.CRED:
      return cred(r);
    case KIND.INJECT:
    case KIND.MEMORY:
    case KIND.SIGNAL:
    case KIND.KERNEL:
    case KIND.NAMESPACE:
    case KIND.URING:
    case KIND.FD_PASS:
    case KIND.CGROUP:
      return call(r);
    case KIND.DNS:
      return dns(r);
    default:
      return undefined;
  }
}

const u64 = (r: BatchReader, offset: number): bigint => (BigInt(r.hi(offset)) << 32n) | BigInt(r.lo(offset));

const fork = (r: BatchReader) => ({
  childPid: r.u32(FORK.childTgid),
  childStartNs: u64(r, FORK.childStart),
  childNsPid: r.u32(FORK.childNsPid),
  pidns: r.u32(FORK.pidns),
  cgroup: r.number(FORK.cgroup),
});

const image = (r: BatchReader) => ({
  exe: r.text(IMAGE.exe),
  cwd: r.text(IMAGE.cwd),
  argv: r.text(IMAGE.argv).split("\0").slice(0, -1),
  argvText: r.text(IMAGE.argv),
  argvBytes: r.u32(IMAGE.argvLen),
  env: r.text(IMAGE.env).split("\0").slice(0, -1),
  script: r.text(IMAGE.script),
  cgroupPath: r.text(IMAGE.cgroupPath),
  cgroup: r.number(IMAGE.cgroup),
  comm: r.text(IMAGE.comm),
  exeIno: r.number(IMAGE.exeIno),
  exeDev: r.u32(IMAGE.exeDev),
  /** Inode number of each standard descriptor, with the type bits of its mode; undefined = closed. */
  stdio: [0, 8, 16].map((at) => stdio(u64(r, IMAGE.stdio + at))),
  caps: u64(r, IMAGE.caps),
  parentPid: r.u32(IMAGE.parentTgid),
  parentStartNs: u64(r, IMAGE.parentStart),
  nsPid: r.u32(IMAGE.nsPid),
  uid: r.u32(IMAGE.uid),
  euid: r.u32(IMAGE.euid),
  gid: r.u32(IMAGE.gid),
  egid: r.u32(IMAGE.egid),
  loginUid: r.u32(IMAGE.loginUid),
  sessionId: r.u32(IMAGE.sessionId),
  ns: {
    mnt: r.u32(IMAGE.mntns),
    pid: r.u32(IMAGE.pidns),
    net: r.u32(IMAGE.netns),
    user: r.u32(IMAGE.userns),
  },
  tty: r.u32(IMAGE.tty),
  image: r.u32(IMAGE.image),
  sid: r.u32(IMAGE.sid),
});

const stdio = (id: bigint) =>
  id === 0n ? undefined : { type: Number(id >> 48n), ino: Number(id & 0xffff_ffff_ffffn) };

const exit = (r: BatchReader) => ({
  code: r.u32(EXIT.code),
  cpuNs: r.number(EXIT.cpuNs),
  maxRssBytes: r.number(EXIT.maxRssBytes),
});

const file = (r: BatchReader) => ({
  path: r.text(FILE.path),
  dev: r.u32(FILE.dev),
  ino: r.number(FILE.ino),
  open: r.u32(FILE.open),
  mode: r.u32(FILE.mode),
  fd: r.i32(FILE.fd),
  oflags: r.u32(FILE.oflags),
  uid: r.u32(FILE.uid),
  size: r.number(FILE.size),
});

const sock = (r: BatchReader) => ({
  sock: r.number(SOCK.sock),
  tx: r.number(SOCK.tx),
  rx: r.number(SOCK.rx),
  local: address(r, SOCK.laddr),
  remote: address(r, SOCK.raddr),
  localPort: r.u16(SOCK.lport),
  remotePort: r.u16(SOCK.rport),
  family: r.u16(SOCK.family),
  proto: r.u8(SOCK.proto),
  state: r.u8(SOCK.state),
  err: r.i32(SOCK.err),
  fd: r.i32(SOCK.fd),
  netns: r.u32(SOCK.netns),
  backlog: r.u32(SOCK.backlog),
  pair: u64(r, SOCK.pair),
});

const unix = (r: BatchReader) => ({
  path: r.text(UNIX.path),
  fd: r.i32(UNIX.fd),
  sock: r.number(UNIX.sock),
  end: u64(r, UNIX.end),
  peer: u64(r, UNIX.peer),
  peerPid: r.u32(UNIX.peerTgid),
  state: r.u8(UNIX.state),
  type: r.u8(UNIX.type),
});

const pipe = (r: BatchReader) => ({ ino: r.number(PIPE.ino), open: r.u32(PIPE.open), fd: r.i32(PIPE.fd) });

const tick = (r: BatchReader) => ({
  cpuNs: r.number(TICK.cpuNs),
  rssBytes: r.number(TICK.rssBytes),
  vszBytes: r.number(TICK.vszBytes),
  threads: r.u32(TICK.threads),
  state: String.fromCharCode(r.u32(TICK.state)),
});

const loss = (r: BatchReader) => ({ lost: r.number(LOSS.lost), lostKind: kindName(r.u32(LOSS.kind)) });

const mark = (r: BatchReader) => ({ what: r.u32(MARK.what) });

const use = (r: BatchReader) => ({
  path: r.text(USE.path),
  dev: r.u32(USE.dev),
  ino: r.number(USE.ino),
  bytes: r.number(USE.bytes),
  fd: r.i32(USE.fd),
});

const bytes = (r: BatchReader) => ({
  dev: r.u32(BYTES.dev),
  ino: r.number(BYTES.ino),
  bytes: r.number(BYTES.bytes),
  write: r.u32(BYTES.write) === 1,
});

const names = (r: BatchReader) => ({
  from: r.text(PATH.from),
  to: r.text(PATH.to),
  fromDir: r.text(PATH.fromDir),
  toDir: r.text(PATH.toDir),
  arg: u64(r, PATH.arg),
});

const cred = (r: BatchReader) => ({
  now: [CRED.uid, CRED.euid, CRED.gid, CRED.egid].map((at) => r.u32(at)),
  old: [CRED.oldUid, CRED.oldEuid, CRED.oldGid, CRED.oldEgid].map((at) => r.u32(at)),
  caps: u64(r, CRED.caps),
  oldCaps: u64(r, CRED.oldCaps),
  how: r.u32(CRED.how),
});

const call = (r: BatchReader) => ({
  path: r.text(CALL.path),
  ret: r.i32(CALL.ret),
  args: [0, 8, 16, 24].map((at) => u64(r, CALL.args + at)),
  targetPid: r.u32(CALL.targetTgid),
  targetStartNs: u64(r, CALL.targetStart),
  nr: r.u32(CALL.nr),
});

const dns = (r: BatchReader) => ({ message: r.text(DNS.message), size: r.u32(DNS.size), sock: r.number(DNS.sock) });

/** "127.0.0.1" for a mapped address, else the eight groups in hex without leading zeros: "0:0:0:0:0:0:0:1". */
function address(r: BatchReader, offset: number): string {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => r.u8(offset + i));
  const mapped = bytes.every((byte, i) => i > 11 || byte === (i < 10 ? 0 : 0xff));
  if (mapped) return bytes.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return groups.join(":");
}
