import type {
  CgroupRow,
  ConnectionRow,
  FileRow,
  FileView,
  Finding,
  ImpactTree,
  OriginChain,
  ProcessDetail,
  ProcessId,
  ProcessRow,
  SearchEntries,
  Severity,
  Subject,
  Target,
  TreeOptions,
  TreeView,
} from "../core/query/model.ts";

/** What the screens ask of the graph. Pure: the same version gives the same answers. */
export interface Queries {
  /** Grows whenever an answer may have changed. */
  readonly version: number;
  /** Now, in ns since capture began. */
  readonly nowNs: number;
  /** Wall clock of a moment, ms since 1970. */
  wallMs(ns: number): number;
  tree(options: TreeOptions): TreeView;
  process(id: ProcessId): ProcessRow | undefined;
  /** When a process began, in ns since boot: with its pid its identity. */
  startSinceBootNs(id: ProcessId): number | undefined;
  /** From the root to the parent. */
  ancestors(id: ProcessId): readonly ProcessId[];
  detail(id: ProcessId): ProcessDetail | undefined;
  /** Of one process, or of all, newest first. Infinity leaves out those that are over. */
  eachConnection(process: ProcessId | undefined, closedSinceNs: number): Iterable<ConnectionRow>;
  files(process: ProcessId | undefined, holds?: (row: FileRow) => boolean): FileView;
  /** How something came to be; `whole` tells every step. */
  origin(target: Target, whole?: boolean): OriginChain;
  /** What something led to. */
  impact(target: Target, whole?: boolean): ImpactTree;
  findings(): readonly Finding[];
  /** How often there was one more that is not among them: there were too many alike. */
  untold(): number;
  cgroups(): readonly CgroupRow[];
  entries(): SearchEntries;
  /** What a subject is, in words that mean the same at every moment; undefined when it is forgotten. */
  keyOf(subject: Subject): string | undefined;
  /** The subject with a key at the moment that is shown. */
  findKey(key: string): Subject | undefined;
}

/** A tick on the time bar. */
export interface TimeMark {
  readonly atNs: number;
  /** Of an alert; a bookmark has none. */
  readonly severity?: Severity;
}

/** A moment on its way to the screens. */
export interface Making {
  readonly toNs: number;
  /** How much of what leads to it is taken in, 0 to 1. */
  readonly share: number;
  /** It takes so long that the rows of another moment should not be taken for its own. */
  readonly late: boolean;
}

/** Where the screens stand in time. Times are ns since capture began. */
export interface Standing {
  /** At the present, still at a moment of the past, or going on from there. */
  readonly mode: "live" | "paused" | "playing";
  /** Name of the recording that is shown: it has no present. */
  readonly file?: string;
  /** The moment that is shown. */
  readonly nowNs: number;
  /** The moment that is being made, until it is shown. */
  readonly making?: Making;
  /** What can be gone to; the end of what is live moves. */
  readonly startNs: number;
  readonly endNs: number;
  readonly speed: number;
  readonly marks: readonly TimeMark[];
}

export type TimeAction =
  | { readonly kind: "toggle" | "live" | "bookmark" | "speed" }
  /** One change, or one alert, back or forward. */
  | { readonly kind: "step" | "alert"; readonly by: 1 | -1 }
  | { readonly kind: "move"; readonly byNs: number }
  | { readonly kind: "go"; readonly toNs: number };

/** Leads the queries of the screens to other moments, while capture goes on. */
export interface TimeMachine {
  readonly standing: Standing;
  /** Grows whenever the screens have something else to show. */
  readonly revision: number;
  /** Called when the queries begin to answer from another graph, in which every id means something else. */
  onSwitch: ((before: Queries, after: Queries) => void) | undefined;
  /** Does it, or begins to; returns what the user should be told. */
  act(action: TimeAction): string | undefined;
  /** How much happened, in `cells` equal parts from the start to the end. */
  density(cells: number): ArrayLike<number>;
}

/** What a cgroup path stands for. */
export interface CgroupName {
  readonly kind: "container" | "pod" | "unit" | "session";
  /** Full id of a container; the name of anything else. */
  readonly id: string;
  readonly name: string;
  readonly image?: string;
  /** "docker", "containerd", "systemd", ... */
  readonly runtime?: string;
  /** Name of its pod. */
  readonly pod?: string;
}

/** Names of numbers and paths the kernel gives. */
export interface Names {
  user(uid: number): string;
  /** Short name of the container a cgroup path belongs to; "" for none. */
  container(cgroup: string): string;
  /** The container, unit or session a cgroup path belongs to. */
  cgroup(path: string): CgroupName | undefined;
}

/** The machine as a whole, and this program's own cost, since the sample before. */
export interface HostSample {
  /** Busy share of all cores, 0-100. */
  readonly cpuPercent: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Share of one core. */
  readonly selfCpuPercent: number;
  readonly selfRssBytes: number;
}

/** What capture has done so far. */
export interface CaptureTotals {
  readonly kind: "live" | "procfs" | "replay" | "import";
  readonly events: number;
  readonly lost: number;
  /** A file that is written meanwhile. */
  readonly recording?: { readonly bytes: number; readonly failed: boolean };
  readonly limited?: { readonly why: string; readonly missed: string; readonly fix: string };
}

/** What a key can do outside the screen. */
export interface Effects {
  readonly readOnly: boolean;
  /** Sends a signal. Returns the reason when it could not be sent. */
  signal(pid: number, signal: string): string | undefined;
  copy(text: string): void;
  suspend(): void;
  quit(): void;
}
