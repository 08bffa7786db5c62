import type { Certainty } from "../../core/query/model.ts";

/** What happened. A name that is not listed is a kind of record a newer source knows. */
export const EVENT_KINDS = [
  "fork",
  "exec",
  "exit",
  "found",
  "create",
  "open",
  "read",
  "write",
  "chmod",
  "chown",
  "truncate",
  "rename",
  "unlink",
  "link",
  "symlink",
  "mount",
  "connect",
  "accept",
  "listen",
  "close",
  "datagram",
  "socket",
  "unix-connect",
  "unix-accept",
  "pipe",
  "credentials",
  "inject",
  "memory",
  "signal",
  "kernel",
  "namespace",
  "io_uring",
  "dns",
  "fd-pass",
  "cgroup",
  "bytes",
  "throttled",
  "lost",
  "unknown",
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** A process at the moment of an event. */
export interface Actor {
  readonly pid: number;
  /** pid and start since boot in ns: "4242@81234567890". Unique until the next boot. */
  readonly id: string;
  /** ms since 1970. */
  readonly startMs?: number;
  /** Base name of the executable, or the kernel's name for it. */
  readonly name: string;
  readonly executable?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Variables that load or run other code or say who asked for it: "LD_PRELOAD=/tmp/x.so"; absent = none. */
  readonly environment?: readonly string[];
  /** The file an interpreter runs. */
  readonly script?: string;
  /** Absent when nothing but its number is known. */
  readonly uid?: number;
  readonly user?: string;
  readonly loginUid?: number;
  readonly cgroup: string;
  /** Short name of its container; "" for none. */
  readonly container: string;
  readonly parent?: { readonly pid: number; readonly id: string; readonly name: string; readonly executable?: string };
}

export interface FileFacts {
  readonly path: string;
  /** The other name: of a rename or link the new one, of a mount where it is. */
  readonly target?: string;
  readonly access?: "read" | "write" | "read-write";
  /** As stat shows them; absent where the record names a path alone. */
  readonly inode?: string;
  readonly device?: string;
  /** st_mode: type and permissions. */
  readonly mode?: number;
  readonly ownerUid?: number;
  readonly size?: number;
  readonly deleted?: boolean;
  /** A file that lives in memory only. */
  readonly memory?: boolean;
}

export interface Endpoint {
  readonly ip: string;
  /** What it was looked up as. */
  readonly name?: string;
  readonly port: number;
}

export interface NetworkFacts {
  readonly protocol: "tcp" | "udp" | "unix" | "other";
  /** IP protocol number. */
  readonly number?: number;
  readonly ipVersion?: 4 | 6;
  readonly direction: "out" | "in" | "listen" | "unknown";
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** Of a unix socket; "@" stands for the NUL of an abstract name. */
  readonly path?: string;
  /** Inode of the socket, as /proc/net shows it. */
  readonly socket: string;
  readonly txBytes: number;
  readonly rxBytes: number;
}

/** One event. Strings are as the kernel gave them: writers escape. */
export interface MonitorEvent {
  readonly kind: EventKind;
  /** ms since 1970. */
  readonly atMs: number;
  readonly certainty: Certainty;
  /** A string was longer than what was kept. */
  readonly truncated: boolean;
  /** Who did it; absent when the kernel did not say. */
  readonly process?: Actor;
  /** To whom: the child of a fork, the receiver of a signal, the process that was injected into. */
  readonly target?: Actor;
  readonly file?: FileFacts;
  readonly network?: NetworkFacts;
  readonly exit?: { readonly status?: number; readonly signal?: number; readonly cpuNs: number };
  /** errno name of what failed. */
  readonly error?: string;
  /** What only this kind has. */
  readonly details?: Readonly<Record<string, string | number>>;
}
