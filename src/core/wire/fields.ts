/** What BatchWriter takes for each row. Names are ours, units in the name; meanings as in bpf/wire.h. */

/** A number below 2^53, or a bigint. */
export type U64 = number | bigint;

export interface RowHead {
  /** ns since boot. */
  readonly timeNs: U64;
  readonly pid: number;
  /** Start of the process since boot; with pid its identity. */
  readonly startNs: U64;
  readonly tid?: number;
  readonly flags?: number;
  readonly trunc?: number;
}

export interface ForkFields extends RowHead {
  readonly childPid: number;
  readonly childStartNs: U64;
  readonly childNsPid?: number;
  readonly cgroup?: U64;
  readonly pidns?: number;
}

/** What a file descriptor is: mode holds the S_IFMT bits (0o010000 pipe, 0o140000 socket, 0o020000 terminal, 0o100000 file). */
export interface StdioTarget {
  readonly mode: number;
  readonly ino: U64;
}

export interface ImageFields extends RowHead {
  readonly exe?: string;
  readonly cwd?: string;
  /** Arguments, or their bytes as text with NUL between them. */
  readonly argv?: string | readonly string[];
  readonly script?: string;
  readonly cgroupPath?: string;
  readonly comm?: string;
  /** Chosen variables, each ended by NUL. */
  readonly env?: string;
  readonly exeIno?: U64;
  readonly exeDev?: number;
  readonly exeGen?: number;
  readonly stdio?: readonly (StdioTarget | undefined)[];
  readonly cgroup?: U64;
  readonly caps?: U64;
  readonly parentPid?: number;
  readonly parentStartNs?: U64;
  readonly nsPid?: number;
  readonly uid?: number;
  readonly euid?: number;
  readonly gid?: number;
  readonly egid?: number;
  readonly loginUid?: number;
  readonly sessionId?: number;
  readonly mntns?: number;
  readonly pidns?: number;
  readonly netns?: number;
  readonly userns?: number;
  readonly tty?: number;
  readonly image?: number;
  readonly argvLen?: number;
  readonly sid?: number;
  readonly exeUid?: number;
  readonly dirUid?: number;
}

export interface ExitFields extends RowHead {
  readonly cpuNs?: U64;
  readonly readBytes?: U64;
  readonly writeBytes?: U64;
  readonly maxRssBytes?: U64;
  readonly code?: number;
}

export interface FileFields extends RowHead {
  readonly path: string;
  readonly dev: number;
  readonly ino: U64;
  readonly gen?: number;
  /** OPEN_FLAG bits. */
  readonly open: number;
  readonly mode?: number;
  readonly fd?: number;
  readonly oflags?: number;
  readonly uid?: number;
  readonly size?: U64;
}

export interface UseFields extends RowHead {
  readonly path: string;
  readonly dev: number;
  readonly ino: U64;
  readonly gen?: number;
  readonly mode?: number;
  readonly bytes?: U64;
  readonly fd?: number;
}

export interface BytesFields extends RowHead {
  readonly dev: number;
  readonly ino: U64;
  readonly gen?: number;
  readonly bytes: U64;
  readonly write: boolean;
}

export interface PathFields extends RowHead {
  readonly from: string;
  readonly to?: string;
  readonly fromDir?: string;
  readonly toDir?: string;
  readonly arg?: U64;
  readonly ret?: number;
}

export interface CredFields extends RowHead {
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  readonly caps?: U64;
  /** Real and effective user before; absent = not known. */
  readonly oldUid?: number;
  readonly oldEuid?: number;
  /** 1 = by a call that changes credentials, 2 = noticed later. */
  readonly how?: number;
}

export interface CallFields extends RowHead {
  readonly path?: string;
  readonly ret?: number;
  readonly args?: readonly U64[];
  readonly targetPid?: number;
  readonly targetStartNs?: U64;
  /** System call, or opcode. */
  readonly nr?: number;
}

export interface DnsFields extends RowHead {
  readonly message: Uint8Array;
  readonly sock?: U64;
}

export interface SockFields extends RowHead {
  readonly sock: U64;
  readonly tx?: U64;
  readonly rx?: U64;
  /** Text, or 16 bytes in network order. */
  readonly local?: string | Uint8Array;
  readonly remote?: string | Uint8Array;
  readonly localPort?: number;
  readonly remotePort?: number;
  readonly family?: number;
  readonly proto?: number;
  readonly state?: number;
  readonly err?: number;
  readonly fd?: number;
  readonly netns?: number;
  readonly backlog?: number;
  readonly pair?: U64;
}

export interface UnixFields extends RowHead {
  readonly path?: string;
  readonly fd?: number;
  readonly sock?: U64;
  readonly end?: U64;
  readonly peer?: U64;
  readonly peerPid?: number;
  readonly state?: number;
  readonly type?: number;
}

export interface PipeFields extends RowHead {
  readonly ino: U64;
  readonly open: number;
  readonly fd?: number;
}

export interface TickFields extends RowHead {
  readonly cpuNs?: U64;
  readonly rssBytes?: U64;
  readonly vszBytes?: U64;
  readonly readBytes?: U64;
  readonly writeBytes?: U64;
  readonly threads?: number;
  /** Letter as in /proc/pid/stat. */
  readonly state?: string;
}

export interface LossFields extends RowHead {
  readonly lost: U64;
  readonly kind: number;
}

export interface MarkFields extends RowHead {
  readonly what: number;
}
