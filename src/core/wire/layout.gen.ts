// Generated from bpf/wire.h by scripts/layout.mjs (`npm run layout`). Do not edit.
//
// Records: SIZE in bytes and the byte offset of each field from the row's start. Every row begins with HDR; its
// fields are listed there only; BATCH stands before the rows of a batch.

export const MAGIC = 0x42595053;

export const WIRE_VERSION = 2;

export const STR_LEN_MASK = 0xffffff;

export const STR_RAW = 0;

export const STR_PATH = 0x1000000;

export const STR_ANON = 0x2000000;

export const STR_FORM_MASK = 0xff000000;

export const KIND = {
  NONE: 0,
  FORK: 1,
  EXEC: 2,
  EXIT: 3,
  PROCESS: 4,
  OPEN: 5,
  CONNECT: 6,
  ACCEPT: 7,
  LISTEN: 8,
  CLOSE: 9,
  SOCKET: 10,
  DATAGRAM: 11,
  UNIX_CONNECT: 12,
  UNIX_ACCEPT: 13,
  UNIX_SOCKET: 14,
  PIPE: 15,
  TICK: 16,
  LOSS: 17,
  MARK: 18,
  CHMOD: 19,
  READ: 20,
  WRITE: 21,
  RENAME: 22,
  UNLINK: 23,
  LINK: 24,
  SYMLINK: 25,
  MOUNT: 26,
  TRUNCATE: 27,
  CHOWN: 28,
  CRED: 29,
  INJECT: 30,
  MEMORY: 31,
  SIGNAL: 32,
  KERNEL: 33,
  NAMESPACE: 34,
  URING: 35,
  DNS: 36,
  FD_PASS: 37,
  CGROUP: 38,
  THROTTLED: 39,
  BYTES: 40,
  STATE_FILE: 64,
  STATE_CHANNEL: 65,
  STATE_CONNECTION: 66,
  STATE_IMAGE: 67,
  STATE_PROCESS: 68,
  STATE_EDGE: 69,
  STATE_FINDING: 70,
  STATE_LINK: 71,
  STATE_MARK: 72,
  STATE_NAME: 73,
  STATE_END: 74,
  MAX: 75,
} as const;

export const FLAG = {
  BEFORE_START: 1,
  NO_OWNER: 2,
  UNVERIFIED: 4,
  POLLED: 8,
} as const;

export const MARK_WHAT = {
  SNAPSHOT_BEGIN: 1,
  SNAPSHOT_END: 2,
  TICK: 3,
  SOCKETS: 4,
} as const;

export const IMAGE_FLAG = {
  KTHREAD: 1,
  DELETED: 2,
  MEMFD: 4,
  SETUID: 8,
  COMPAT: 16,
  NO_ARGV: 32,
  SHARED: 64,
  COVERED: 128,
} as const;

export const IMAGE_CUT = {
  ARGV: 4,
  ENV: 64,
} as const;

export const OPEN_FLAG = {
  CREATED: 1,
  READ: 2,
  WRITE: 4,
  DELETED: 8,
  MEMFD: 16,
  TRUNC: 32,
} as const;

export const BATCH_FLAG = {
  KEY: 1,
} as const;

export const HDR = {
  SIZE: 32,
  kind: 0,
  size: 2,
  nstr: 4,
  trunc: 5,
  flags: 6,
  time: 8,
  start: 16,
  tgid: 24,
  tid: 28,
} as const;

export const FORK = {
  SIZE: 64,
  childStart: 32,
  cgroup: 40,
  childTgid: 48,
  childNsPid: 52,
  pidns: 56,
} as const;

export const IMAGE = {
  SIZE: 200,
  exe: 32,
  cwd: 36,
  argv: 40,
  script: 44,
  cgroupPath: 48,
  comm: 52,
  env: 56,
  exeIno: 64,
  exeDev: 72,
  exeGen: 76,
  stdio: 80,
  cgroup: 104,
  caps: 112,
  parentStart: 120,
  parentTgid: 128,
  nsPid: 132,
  uid: 136,
  euid: 140,
  gid: 144,
  egid: 148,
  loginUid: 152,
  sessionId: 156,
  mntns: 160,
  pidns: 164,
  netns: 168,
  userns: 172,
  tty: 176,
  image: 180,
  argvLen: 184,
  sid: 188,
  exeUid: 192,
  dirUid: 196,
} as const;

export const EXIT = {
  SIZE: 72,
  cpuNs: 32,
  readBytes: 40,
  writeBytes: 48,
  maxRssBytes: 56,
  code: 64,
} as const;

export const FILE = {
  SIZE: 80,
  path: 32,
  dev: 36,
  ino: 40,
  gen: 48,
  open: 52,
  mode: 56,
  fd: 60,
  oflags: 64,
  uid: 68,
  size: 72,
} as const;

export const USE = {
  SIZE: 72,
  path: 32,
  dev: 36,
  ino: 40,
  gen: 48,
  mode: 52,
  bytes: 56,
  fd: 64,
} as const;

export const BYTES = {
  SIZE: 64,
  ino: 32,
  bytes: 40,
  dev: 48,
  gen: 52,
  write: 56,
} as const;

export const PATH = {
  SIZE: 64,
  from: 32,
  to: 36,
  fromDir: 40,
  toDir: 44,
  arg: 48,
  nr: 56,
  ret: 60,
} as const;

export const CRED = {
  SIZE: 88,
  uid: 32,
  euid: 36,
  gid: 40,
  egid: 44,
  caps: 48,
  oldUid: 56,
  oldEuid: 60,
  oldGid: 64,
  oldEgid: 68,
  oldCaps: 72,
  nr: 80,
  how: 84,
} as const;

export const CALL = {
  SIZE: 88,
  path: 32,
  ret: 36,
  args: 40,
  targetStart: 72,
  targetTgid: 80,
  nr: 84,
} as const;

export const DNS = {
  SIZE: 48,
  message: 32,
  size: 36,
  sock: 40,
} as const;

export const SOCK = {
  SIZE: 120,
  sock: 32,
  tx: 40,
  rx: 48,
  laddr: 56,
  raddr: 72,
  lport: 88,
  rport: 90,
  family: 92,
  proto: 94,
  state: 95,
  err: 96,
  fd: 100,
  netns: 104,
  backlog: 108,
  pair: 112,
} as const;

export const UNIX = {
  SIZE: 72,
  path: 32,
  fd: 36,
  sock: 40,
  end: 48,
  peer: 56,
  peerTgid: 64,
  state: 68,
  type: 69,
} as const;

export const PIPE = {
  SIZE: 48,
  ino: 32,
  open: 40,
  fd: 44,
} as const;

export const TICK = {
  SIZE: 80,
  cpuNs: 32,
  rssBytes: 40,
  vszBytes: 48,
  readBytes: 56,
  writeBytes: 64,
  threads: 72,
  state: 76,
} as const;

export const LOSS = {
  SIZE: 48,
  lost: 32,
  kind: 40,
} as const;

export const MARK = {
  SIZE: 40,
  what: 32,
} as const;

export const STATE_FILE = {
  SIZE: 72,
  path: 32,
  number: 36,
  first: 40,
  ino: 48,
  dev: 56,
  gen: 60,
  flags: 64,
  named: 68,
} as const;

export const STATE_CHANNEL = {
  SIZE: 48,
  ino: 32,
  number: 40,
  indexed: 44,
} as const;

export const STATE_CONNECTION = {
  SIZE: 304,
  path: 32,
  name: 36,
  closed: 40,
  ino: 48,
  end: 64,
  tx: 80,
  rx: 96,
  txRate: 112,
  rxRate: 128,
  sampled: 144,
  refresh: 160,
  endFlags: 168,
  indexed: 176,
  credTgid: 184,
  port: 192,
  addr: 200,
  pair: 232,
  seenAddr: 240,
  seenPort: 272,
  netns: 280,
  flags: 284,
  err: 288,
  family: 292,
  proto: 294,
  state: 295,
  client: 296,
  number: 300,
} as const;

export const STATE_IMAGE = {
  SIZE: 80,
  exe: 32,
  cwd: 36,
  argv: 40,
  script: 44,
  env: 48,
  number: 52,
  previous: 56,
  file: 60,
  image: 64,
  known: 68,
  stdio: 72,
} as const;

export const STATE_PROCESS = {
  SIZE: 192,
  cgroupPath: 32,
  comm: 36,
  parentStart: 40,
  cgroup: 48,
  cpuNs: 56,
  cpuPercent: 64,
  rssBytes: 72,
  readBytes: 80,
  writeBytes: 88,
  sampled: 96,
  refresh: 104,
  number: 108,
  image: 112,
  flags: 116,
  parentTgid: 120,
  realParentTgid: 124,
  uid: 128,
  euid: 132,
  gid: 136,
  egid: 140,
  loginUid: 144,
  sessionId: 148,
  sid: 152,
  tty: 156,
  nsPid: 160,
  pidns: 164,
  netns: 168,
  mntns: 172,
  exitCode: 176,
  threads: 180,
  severity: 184,
  snapshot: 188,
} as const;

export const STATE_EDGE = {
  SIZE: 56,
  first: 32,
  object: 40,
  times: 44,
  detail: 48,
  flags: 52,
  kind: 54,
  family: 55,
} as const;

export const STATE_FINDING = {
  SIZE: 64,
  rule: 32,
  title: 36,
  reason: 40,
  techniques: 44,
  key: 48,
  severity: 52,
  certainty: 56,
} as const;

export const STATE_LINK = {
  SIZE: 48,
  role: 32,
  kind: 36,
  number: 40,
} as const;

export const STATE_MARK = {
  SIZE: 64,
  text: 32,
  times: 36,
  first: 40,
  bits: 48,
  failed: 56,
  kind: 60,
  how: 62,
} as const;

export const STATE_NAME = {
  SIZE: 56,
  name: 32,
  addr: 40,
} as const;

export const STATE_END = {
  SIZE: 112,
  events: 32,
  snapshotBegun: 40,
  ticked: 48,
  socketsTicked: 56,
  snapshot: 64,
  tick: 68,
  socketsTick: 72,
  forgottenProcesses: 80,
  forgottenConnections: 88,
  forgottenFiles: 96,
  forgottenEdges: 104,
} as const;

export const BATCH = {
  SIZE: 48,
  magic: 0,
  version: 4,
  flags: 6,
  rowBytes: 8,
  strBytes: 12,
  rows: 16,
  strs: 20,
  firstStr: 24,
  time: 32,
  wall: 40,
} as const;
