import type {
  CgroupRow,
  ConnectionRow,
  FileRow,
  Finding,
  ImpactTree,
  OriginChain,
  ProcessDetail,
  ProcessId,
  ProcessRow,
  SearchEntry,
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
  connections(process: ProcessId | undefined, includeClosed: boolean): readonly ConnectionRow[];
  files(process: ProcessId | undefined): readonly FileRow[];
  /** How something came to be; `whole` tells every step. */
  origin(target: Target, whole?: boolean): OriginChain;
  /** What something led to. */
  impact(target: Target, whole?: boolean): ImpactTree;
  findings(): readonly Finding[];
  cgroups(): readonly CgroupRow[];
  entries(): readonly SearchEntry[];
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
