import { Host } from "./host.ts";
import { HOST_PIDS_FIX, nestedPidNamespace } from "./pid-namespace.ts";
import { programCommand } from "./program.ts";
import type { Feature } from "./source.ts";

/** One fact about this machine that decides what can be captured. */
export interface Check {
  readonly name: string;
  readonly state: Feature["state"];
  readonly detail: string;
  /** What an administrator does about it; a command where there is one. */
  readonly fix?: string;
}

export interface HostProbe {
  readonly checks: readonly Check[];
  /** The check that rules out kernel events altogether, most fundamental first. */
  readonly blocker?: Check;
}

/** Ring buffers need 5.8, the iterators and relocations we use 5.10. */
const FLOOR = [5, 10] as const;
/** Before 5.11 maps are charged to RLIMIT_MEMLOCK instead of the memory cgroup. */
const MEMCG_SINCE = [5, 11] as const;

const CAP_SYS_PTRACE = 19n;
const CAP_SYS_ADMIN = 21n;
const CAP_SYS_RESOURCE = 24n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

/** Inode of the first user namespace, include/linux/proc_ns.h. */
const INIT_USER_NS = 0xeffffffd;

/** The check that tells whether /proc shows the processes of others. */
export const OTHER_PROCESSES = "other processes";

const BLOCKING: ReadonlySet<string> = new Set(["kernel", "BTF", "lockdown", "user namespace", "bpf(2) permission"]);
const SUDO = `sudo ${programCommand()}`;

/**
 * Finds out why kernel events are or are not to be had, without loading anything.
 * @param root folder that stands for "/": another machine's /proc and /sys
 */
export function probeHost(root = ""): HostProbe {
  const host = new Host(root);
  const checks = [
    kernel(host),
    btf(host),
    lockdown(host),
    userNamespace(host),
    permission(host),
    seccomp(host),
    memlock(host),
    perfEvents(host),
    pidNamespace(host),
    hiddenProcesses(host),
    tracefs(host),
    cgroups(host),
    ...engines(host),
  ];
  const blocker = checks.find((check) => check.state === "missing" && BLOCKING.has(check.name));
  return blocker === undefined ? { checks } : { checks, blocker };
}

function kernel(host: Host): Check {
  const name = "kernel";
  const needed = FLOOR.join(".");
  if (!host.isBefore(FLOOR)) return { name, state: "ok", detail: `${host.release} (${needed} or newer is needed)` };
  return {
    name,
    state: "missing",
    detail: `${host.release || "unknown"} is older than ${needed}`,
    fix: `boot a kernel of ${needed} or newer`,
  };
}

function btf(host: Host): Check {
  const name = "BTF";
  const path = "/sys/kernel/btf/vmlinux";
  const error = host.openError(path);
  if (error === undefined) return { name, state: "ok", detail: path };
  return {
    name,
    state: "missing",
    detail: `${path}: ${error}`,
    fix: "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y",
  };
}

function lockdown(host: Host): Check {
  const name = "lockdown";
  const modes = host.read("/sys/kernel/security/lockdown");
  const mode = /\[(\w+)\]/.exec(modes ?? "")?.[1];
  if (mode === undefined) return { name, state: "ok", detail: "not in this kernel, or securityfs is not mounted" };
  if (mode !== "confidentiality") return { name, state: "ok", detail: mode };
  return {
    name,
    state: "missing",
    detail: "confidentiality: the kernel refuses to let BPF read its memory (EPERM)",
    fix: "boot with lockdown=integrity, or without Secure Boot",
  };
}

function userNamespace(host: Host): Check {
  const name = "user namespace";
  const inode = host.namespace("user");
  if (inode === undefined || inode === INIT_USER_NS) return { name, state: "ok", detail: "the machine's own" };
  return {
    name,
    state: "missing",
    detail: "capabilities of a nested user namespace do not reach bpf(2) (EPERM)",
    fix: "run it on the host itself",
  };
}

function permission(host: Host): Check {
  const name = "bpf(2) permission";
  if (host.can(CAP_SYS_ADMIN)) return { name, state: "ok", detail: "CAP_SYS_ADMIN" };
  if (host.can(CAP_BPF) && host.can(CAP_PERFMON)) return { name, state: "ok", detail: "CAP_BPF and CAP_PERFMON" };
  const uid = host.status("Uid") ?? "?";
  const setting = host.read("/proc/sys/kernel/unprivileged_bpf_disabled");
  const disabled = setting === undefined || setting === "0" ? "" : `; kernel.unprivileged_bpf_disabled = ${setting}`;
  const lacking = host.can(CAP_BPF) ? "CAP_PERFMON" : host.can(CAP_PERFMON) ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
  return {
    name,
    state: "missing",
    detail: `EPERM: uid ${uid} lacks ${lacking}, or CAP_SYS_ADMIN${disabled}`,
    fix: SUDO,
  };
}

function seccomp(host: Host): Check {
  const name = "seccomp";
  const mode = host.status("Seccomp");
  if (mode === undefined || mode === "0") return { name, state: "ok", detail: "no filter" };
  return {
    name,
    state: "degraded",
    detail: "a filter is active and may refuse bpf(2) or perf_event_open(2)",
    fix: "in a container: --security-opt seccomp=unconfined",
  };
}

function memlock(host: Host): Check {
  const name = "locked memory";
  if (!host.isBefore(MEMCG_SINCE)) return { name, state: "ok", detail: "charged to the memory cgroup" };
  const limit = /^Max locked memory\s+(\S+)/m.exec(host.read("/proc/self/limits") ?? "")?.[1];
  if (limit === undefined || limit === "unlimited" || host.can(CAP_SYS_RESOURCE))
    return { name, state: "ok", detail: `limit ${limit ?? "unknown"}` };
  return { name, state: "degraded", detail: `maps must fit into ${limit} bytes`, fix: "ulimit -l unlimited" };
}

function perfEvents(host: Host): Check {
  const name = "perf_event_paranoid";
  const level = host.read("/proc/sys/kernel/perf_event_paranoid") ?? "absent";
  if (host.can(CAP_SYS_ADMIN) || host.can(CAP_PERFMON))
    return { name, state: "ok", detail: `${level}, not applied to us` };
  return { name, state: "degraded", detail: `${level}: tracepoints need CAP_PERFMON`, fix: SUDO };
}

function pidNamespace(host: Host): Check {
  const name = "pid namespace";
  if (nestedPidNamespace(host) === undefined) return { name, state: "ok", detail: "the machine's own" };
  const engine = containerKind(host);
  const detail = `nested${engine === undefined ? "" : `, inside ${engine}`}: /proc shows this namespace only`;
  return { name, state: "degraded", detail, fix: HOST_PIDS_FIX };
}

/** hidepid of /proc; written as a word since 5.8. CAP_SYS_PTRACE sees through it. */
function hiddenProcesses(host: Host): Check {
  const name = OTHER_PROCESSES;
  // The last one mounted there is the one that is seen.
  const mounts = [...(host.read("/proc/self/mounts") ?? "").matchAll(/^\S+ \/proc proc (\S*)/gm)];
  const mode = /hidepid=(\w+)/.exec(mounts.at(-1)?.[1] ?? "")?.[1];
  if (mode === undefined || mode === "0" || mode === "off") return { name, state: "ok", detail: "shown by /proc" };
  if (host.can(CAP_SYS_PTRACE)) return { name, state: "ok", detail: `hidepid=${mode}, not applied to us` };
  return { name, state: "degraded", detail: `hidepid=${mode}: other users' processes are hidden`, fix: SUDO };
}

function containerKind(host: Host): string | undefined {
  if (host.exists("/.dockerenv")) return "docker";
  if (host.exists("/run/.containerenv")) return "podman";
  return host.read("/run/systemd/container");
}

function tracefs(host: Host): Check {
  const name = "tracefs";
  const mount = mountOf(host, "tracefs");
  if (mount !== undefined) return { name, state: "ok", detail: mount };
  return {
    name,
    state: "degraded",
    detail: "not mounted: classic tracepoints cannot be found",
    fix: "sudo mount -t tracefs tracefs /sys/kernel/tracing",
  };
}

function cgroups(host: Host): Check {
  const name = "cgroups";
  const v2 = mountOf(host, "cgroup2");
  const v1 = mountOf(host, "cgroup");
  if (v2 !== undefined && v1 === undefined) return { name, state: "ok", detail: `v2 at ${v2}` };
  if (v2 !== undefined) return { name, state: "ok", detail: `v2 at ${v2}, controllers in v1` };
  const fix = "boot with systemd.unified_cgroup_hierarchy=1";
  if (v1 !== undefined) return { name, state: "degraded", detail: "v1 only: kernel events carry no cgroup", fix };
  return { name, state: "degraded", detail: "not mounted: no containers or units", fix };
}

function mountOf(host: Host, type: string): string | undefined {
  return new RegExp(`^\\S+ (\\S+) ${type} `, "m").exec(host.read("/proc/self/mounts") ?? "")?.[1];
}

const ENGINES = [
  { name: "docker", socket: "/run/docker.sock", files: "/var/lib/docker/containers" },
  {
    name: "containerd",
    socket: "/run/containerd/containerd.sock",
    files: "/run/containerd/io.containerd.runtime.v2.task",
  },
  { name: "CRI-O", socket: "/run/crio/crio.sock", files: "/run/containers/storage/overlay-containers" },
  { name: "podman", socket: "/run/podman/podman.sock", files: "/var/lib/containers/storage" },
] as const;

/** One row for each engine that is here: whether its containers' names can be read. */
function engines(host: Host): readonly Check[] {
  const found = ENGINES.flatMap(({ name, socket, files }): readonly Check[] => {
    const here = [socket, files].filter((path) => host.exists(path));
    if (here.length === 0) return [];
    const readable =
      host.openError(files) === undefined ? files : name === "docker" && host.writable(socket) ? socket : undefined;
    if (readable !== undefined) return [{ name, state: "ok", detail: `names from ${readable}` }];
    return [
      { name, state: "degraded", detail: `${here[0]} is not ours to read: short ids instead of names`, fix: SUDO },
    ];
  });
  return found.length > 0 ? found : [{ name: "container engines", state: "ok", detail: "none found" }];
}
