/**
 * What the screens draw. Plain immutable values, made by the queries beside this file; the UI never walks
 * the graph. Strings here are as the kernel gave them: the UI sanitises before it draws.
 * Times are ns since the start of capture (negative = before); wall clock = Clock.wallOf(ns).
 */

/** Serial number of a process in this run; never reused, so a cursor can follow it. */
export type ProcessId = number & { readonly __table?: "process" };
export type ConnectionId = number & { readonly __table?: "connection" };
export type FileId = number & { readonly __table?: "file" };
export type ChannelId = number & { readonly __table?: "channel" };
export type FindingId = number & { readonly __table?: "finding" };

/** How we know: an event seen as it happened, deduced from state, or state found when capture began. */
export type Certainty = "observed" | "inferred" | "before start";
export type Severity = "info" | "low" | "medium" | "high" | "critical";

export type Subject =
  | { readonly kind: "process"; readonly id: ProcessId }
  | { readonly kind: "connection"; readonly id: ConnectionId }
  | { readonly kind: "file"; readonly id: FileId }
  | { readonly kind: "channel"; readonly id: ChannelId };

/** What can be asked about: where it came from, what it led to. */
export type Target = Subject | { readonly kind: "finding"; readonly id: FindingId };

/** One chip of the activity column. */
export interface Activity {
  readonly kind: "listen" | "accepted" | "connected" | "datagram" | "write" | "execute-written" | "delete";
  /** Without the glyph: "203.0.113.9:51022", ":22", "/tmp/.x". */
  readonly text: string;
  /** How many alike were folded into this chip; 1 = one. */
  readonly count: number;
  readonly severity?: Severity;
  readonly subject: Subject;
}

export interface Exit {
  /** Exit status, or undefined when a signal ended it. */
  readonly status?: number;
  readonly signal?: number;
  /** Who sent that signal, when it was seen. */
  readonly by?: ProcessId;
  readonly atNs: number;
}

export interface ProcessRow {
  readonly id: ProcessId;
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly loginUid?: number;
  /** Share of one core over the last refresh interval, 0-100 x cores; undefined before the second refresh. */
  readonly cpuPercent?: number;
  readonly rssBytes: number;
  readonly ageNs: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Cgroup path; the container or unit name is resolved from it by the caller's ContainerNames. */
  readonly cgroup: string;
  /** argv joined by blanks; "[comm]" for a kernel thread or where there is no argv. */
  readonly command: string;
  /** Base name of the executable, or comm. */
  readonly name: string;
  readonly kernelThread: boolean;
  readonly threads: number;
  readonly exit?: Exit;
  readonly activity: readonly Activity[];
  /** Worst severity of the findings this process takes part in. */
  readonly severity?: Severity;
  /** A finding is about what it did itself; without it `severity` is that of something below it. */
  readonly suspect: boolean;
}

export interface TreeRow extends ProcessRow {
  readonly depth: number;
  /** One boolean per ancestor level, of the first 256 (tree.ts): whether a vertical line continues there. */
  readonly guides: readonly boolean[];
  readonly lastChild: boolean;
  readonly children: number;
  readonly collapsed: boolean;
  /** Descendants hidden by the collapse. */
  readonly hidden: number;
  /** Shown only because a descendant matches the filter. */
  readonly context: boolean;
  /** How many alike exited siblings this row, of the newest, stands for; 1 = itself. */
  readonly count: number;
  /** Those that it stands for are one program with different arguments. */
  readonly mixed: boolean;
  /** Those that it stands for follow. */
  readonly open: boolean;
  /** One of those that a row above stands for. */
  readonly member: boolean;
}

export type SortKey =
  | "pid"
  | "ppid"
  | "cpu"
  | "memory"
  | "threads"
  | "age"
  | "user"
  | "container"
  | "command"
  | "receive"
  | "send";

export interface TreeOptions {
  readonly layout: "tree" | "flat";
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly collapsed: ReadonlySet<ProcessId>;
  readonly showKernelThreads: boolean;
  /** Exited processes stay visible this long. */
  readonly lingerNs: number;
  /** Ids of folds that are open, and what a process opens its fold by; without it alike exited siblings are not folded. */
  readonly unfolded?: ReadonlySet<number>;
  /** Processes that match; ancestors are kept as context. undefined = all. */
  readonly matches?: ReadonlySet<ProcessId>;
  readonly nowNs: number;
}

export interface TreeView {
  /** Of the rows in display order, processes and folds of alike ones, and how deep each stands. */
  readonly ids: readonly number[];
  readonly depths: readonly number[];
  /** Of all of them. */
  readonly cgroups: ReadonlySet<string>;
  /** Made when it is first asked for, from what is known by then; a process that was forgotten meanwhile has none. */
  row(at: number): TreeRow | undefined;
  /** All of them: more work than a screen needs. */
  readonly rows: readonly TreeRow[];
  readonly processes: number;
  readonly exited: number;
}

/** The living processes of one cgroup taken together. */
export interface CgroupRow {
  /** Path of the cgroup; "" = not known. */
  readonly cgroup: string;
  readonly processes: number;
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly connections: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Start of its oldest process. */
  readonly oldestNs: number;
  /** Processes that a finding is about. */
  readonly suspects: number;
  /** Addresses it listens on. */
  readonly listening: readonly string[];
}

export interface ConnectionRow {
  readonly id: ConnectionId;
  readonly protocol: "tcp" | "udp" | "unix" | "other";
  readonly direction: "out" | "in" | "listen" | "local";
  /** "10.0.0.4:41822", "[::1]:80"; a path for unix. */
  readonly local: string;
  readonly remote: string;
  /** What the server's address was looked up as, before the connection was made. */
  readonly name?: string;
  /** The name is what another process on this host was told. */
  readonly nameGuessed?: boolean;
  readonly state: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly openedNs: number;
  readonly closedNs?: number;
  /** Where NAT gave the two ends different addresses: both as the server's socket has them. */
  readonly translated?: { readonly client: string; readonly server: string };
  /** errno name of a failed connect: "ECONNREFUSED". */
  readonly error?: string;
  /** Owners at this end: usually one, several after fork or fd passing. */
  readonly owners: readonly ProcessId[];
  /** The process at the other end when it is on this host. */
  readonly peer?: ProcessId;
  readonly certainty: Certainty;
  readonly severity?: Severity;
}

export interface FileRow {
  readonly id: FileId;
  readonly path: string;
  readonly operation: "read" | "write" | "create" | "execute" | "chmod" | "delete" | "rename";
  readonly count: number;
  /** Moved by system calls, in all; 4 GiB = that or more; absent = not told. */
  readonly bytes?: number;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly process: ProcessId;
  readonly certainty: Certainty;
}

export interface FileView {
  readonly rows: readonly FileRow[];
  /** Older ones that were not looked at. */
  readonly left: number;
}

export interface ImageRow {
  readonly path: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly script?: string;
  readonly atNs: number;
  readonly certainty: Certainty;
  readonly deleted: boolean;
  readonly memfd: boolean;
  /** argv longer than what was kept. */
  readonly truncated: boolean;
  /** Variables that load or run other code or say who asked for it: "LD_PRELOAD=/tmp/x.so". */
  readonly env: readonly string[];
  /** Not all variables were looked at, or one is longer than what was kept. */
  readonly envTruncated: boolean;
}

/** What a process did to itself or to the kernel: "made memory writable and executable". */
export interface MarkRow {
  readonly text: string;
  readonly count: number;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly certainty: Certainty;
}

/** What a process did to another, or another to it. */
export interface ReachRow {
  readonly link: "injected" | "passed descriptor" | "signalled";
  readonly from: ProcessId;
  readonly to: ProcessId;
  /** Of the one asked about: "wrote into the memory of 812 sshd", "was sent signal 9 by 77 bash". */
  readonly text: string;
  readonly count: number;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly certainty: Certainty;
}

export interface TimelineEntry {
  readonly atNs: number;
  readonly text: string;
  readonly certainty: Certainty;
  readonly subject?: Subject;
}

export interface ProcessDetail {
  readonly row: ProcessRow;
  readonly startNs: number;
  readonly images: readonly ImageRow[];
  readonly euid: number;
  readonly gid: number;
  readonly containerPid?: number;
  /** Root first, this process last. */
  readonly ancestors: readonly ProcessRow[];
  readonly children: readonly ProcessRow[];
  /** Real parent now, when it is not the process that forked it. */
  readonly adoptedBy?: ProcessRow;
  readonly connections: readonly ConnectionRow[];
  /** The newest of what it did to files; of older ones how many. */
  readonly files: readonly FileRow[];
  readonly filesLeft: number;
  readonly marks: readonly MarkRow[];
  readonly reach: readonly ReachRow[];
  /** Its newest entries; of older ones how many. */
  readonly timeline: readonly TimelineEntry[];
  readonly timelineLeft: number;
  readonly findings: readonly Finding[];
}

export type LinkKind =
  | "spawned"
  | "executed"
  | "wrote"
  | "read"
  | "piped"
  | "local socket"
  | "accepted"
  | "connected"
  | "stdin"
  | "login"
  | "injected"
  | "passed descriptor"
  | "signalled"
  | "boundary";

/** One link of an origin chain: what happened, when, and how we know. */
export interface OriginStep {
  readonly subject: Subject;
  /** What led from the step before (its cause) to this one. */
  readonly link: LinkKind;
  readonly atNs: number;
  /** The object in words: "20991 curl -s http://cdn.x/i.sh", "203.0.113.9:51022 -> :22". */
  readonly title: string;
  /** The link in words: "ran the file 20991 curl wrote 0.5 s earlier". */
  readonly explanation: string;
  readonly certainty: Certainty;
  /** Indentation: distance from the root of its branch. */
  readonly depth: number;
  /** Index in Trace.steps of the step that caused this one; -1 = root. */
  readonly cause: number;
  readonly severity?: Severity;
  /** This step is what was asked about. */
  readonly target: boolean;
  /** Steps next to this one that are not told: more of its effects, or causes between it and the step before. A whole trace tells them. */
  readonly left?: number;
}

/** How things led to each other: an origin, or an impact. */
export interface Trace {
  readonly target: Target;
  readonly title: string;
  /** Every step after the one that caused it. */
  readonly steps: readonly OriginStep[];
  readonly observedLinks: number;
  readonly links: number;
  /** What is not known: "events were lost", "parent ran before start", "earlier history forgotten". */
  readonly gaps: readonly string[];
}

/** Causes first, the target last; side branches follow the step they explain. */
export interface OriginChain extends Trace {
  /** The root cause in one sentence. */
  readonly rootCause: string;
}

/** The target first, then what it led to; below each step its effects, oldest first. */
export interface ImpactTree extends Trace {
  /** What it led to in one sentence. */
  readonly summary: string;
}

export interface Finding {
  readonly id: FindingId;
  /** Stable name of the signal or rule: "download-then-execute". */
  readonly rule: string;
  readonly title: string;
  /** The reason in words, with the names of those involved. */
  readonly reason: string;
  readonly severity: Severity;
  /** MITRE ATT&CK technique ids. */
  readonly techniques: readonly string[];
  readonly atNs: number;
  readonly process: ProcessId;
  /** Every process of the chain that is highlighted, root first. */
  readonly chain: readonly ProcessId[];
  readonly evidence: readonly Subject[];
  readonly certainty: Certainty;
}

export interface SearchEntries {
  readonly entries: readonly SearchEntry[];
  /** Files that are too many to be among them: the oldest that are only read. */
  readonly filesLeft: number;
}

export interface SearchEntry {
  readonly subject: Subject | { readonly kind: "finding"; readonly id: FindingId };
  /** The process to select in the tree for this hit. */
  readonly process?: ProcessId;
  /** Of a process, in lower case: base name of its executable; its command without folder and blanks. */
  readonly name?: string;
  readonly joined?: string;
  /** What is shown: command line, tuple, path. */
  readonly text: string;
  /** Lower-case text and fields that are searched; begins with the text. */
  readonly haystack: string;
  readonly note: string;
  readonly live: boolean;
}
