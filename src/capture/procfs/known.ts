import type { SockOwner } from "./sockets.ts";

/** What was last seen of one process, to tell what changed. */
export class Known implements SockOwner {
  readonly pid: number;
  /** As in /proc/pid/stat, in ns since boot: the kernel's own number cut to 10 ms. */
  readonly startNs: number;
  /** "/proc/<pid>" */
  readonly folder: string;
  readonly statPath: string;
  ppid = 0;
  comm = "";
  startStack = 0;
  cpuNs = -1;
  rssBytes = 0;
  vsizeBytes = 0;
  readBytes = 0;
  writeBytes = 0;
  threads = 0;
  state = 0;
  kernelThread = false;
  /** Its first row was written; a process that vanished before that never existed for us. */
  told = false;
  /** An EXIT row was written; the zombie may stay for long. */
  exited = false;
  /** Its executable and exit code are ours to read. */
  readable = false;
  /** It had no arguments although it has an executable: the kernel sets them last in an exec. */
  unfinished = false;
  /** Looks in a row that found it so. */
  unfinishedLooks = 0;
  /** Number of the poll that saw it last. */
  seen = 0;
  netns = 0;
  /** Socket inodes it held when its descriptors were last read. */
  sockets: ReadonlySet<number> = new Set();
  /** Pipes and files already reported, as the links read. */
  readonly reported = new Set<string>();

  constructor(pid: number, startNs: number) {
    this.pid = pid;
    this.startNs = startNs;
    this.folder = `/proc/${pid}`;
    this.statPath = `/proc/${pid}/stat`;
  }
}
