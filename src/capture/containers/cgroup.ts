export type Runtime =
  | "docker"
  | "podman"
  | "containerd"
  | "cri-o"
  | "lxc"
  | "nspawn"
  | "machine"
  | "systemd"
  | "unknown";

/** What a cgroup path alone tells. */
export interface CgroupIdentity {
  /** "pod": the cgroup of a whole pod; "session": a login session of systemd-logind; "none": the root or unknown. */
  readonly kind: "container" | "pod" | "unit" | "session" | "none";
  readonly runtime: Runtime;
  /** Full container id, pod uid with dashes, unit or machine name; "" for "none". */
  readonly id: string;
  /** What to show while nothing better is known: short id, unit name. */
  readonly name: string;
  /** Pod the container belongs to, with dashes. */
  readonly podUid?: string;
  /** The user whose systemd manager or session owns the cgroup; such a user names cgroups freely. */
  readonly userId?: number;
}

const NONE: CgroupIdentity = { kind: "none", runtime: "unknown", id: "", name: "" };

const ID = "([0-9a-f]{64})";
/** A leaf "<prefix>-<id>.scope" (systemd driver) or "<prefix>-<id>" (cgroupfs driver). */
const PREFIXED = new RegExp(`^(docker|libpod|cri-containerd|crio|nerdctl|[a-z][a-z0-9-]*)-${ID}(?:\\.scope)?$`);
/** containerd with the systemd form of a path under the cgroupfs driver: "slice:prefix:id". */
const COLON = new RegExp(`^(.*):(cri-containerd|crio|docker|nerdctl):${ID}$`);
const BARE = new RegExp(`^${ID}$`);
const PODMAN_POD = new RegExp(`(?:^|-)libpod_pod_${ID}\\.slice$`);
/** Kubernetes: podUID under cgroupfs, kubepods-…-podUID_with_underscores.slice under systemd; static pods have a plain hash. */
const POD =
  /(?:^|[-/])pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
const USER_SLICE = /^user-(\d+)\.slice$/;

const RUNTIMES: ReadonlyMap<string, Runtime> = new Map([
  ["docker", "docker"],
  ["libpod", "podman"],
  ["libpod-payload", "podman"],
  ["cri-containerd", "containerd"],
  ["nerdctl", "containerd"],
  ["crio", "cri-o"],
]);

/**
 * Reads what a cgroup path says about its owner. The innermost container wins; folders a container made
 * inside itself (systemd in a container, podman's "container") belong to that container. Every form was seen on
 * a real system; test/capture/containers-cgroup.test.ts lists them.
 */
export function parseCgroup(path: string): CgroupIdentity {
  const parts = path.split("/").filter((part) => part !== "");
  const userId = ownerOf(parts);
  for (let at = parts.length - 1; at >= 0; at--) {
    const found = containerAt(parts, at) ?? machineAt(parts, at) ?? podAt(parts, at);
    if (found !== undefined) return userId === undefined ? found : { ...found, userId };
  }
  const unit = unitOf(parts, userId);
  return unit ?? NONE;
}

function ownerOf(parts: readonly string[]): number | undefined {
  const match = parts[0] === "user.slice" ? USER_SLICE.exec(parts[1] ?? "") : null;
  return match ? Number(match[1]) : undefined;
}

function containerAt(parts: readonly string[], at: number): CgroupIdentity | undefined {
  const part = parts[at] ?? "";
  const colon = COLON.exec(part);
  if (colon)
    return container(RUNTIMES.get(colon[2] ?? ""), colon[3] ?? "", podUid([...parts.slice(0, at), colon[1] ?? ""]));
  const prefixed = PREFIXED.exec(part);
  if (prefixed && !prefixed[1]?.endsWith("conmon"))
    return container(RUNTIMES.get(prefixed[1] ?? ""), prefixed[2] ?? "", podUid(parts.slice(0, at)));
  const bare = BARE.exec(part);
  if (bare)
    return container(parts[at - 1] === "docker" ? "docker" : undefined, bare[1] ?? "", podUid(parts.slice(0, at)));
  return undefined;
}

function container(runtime: Runtime | undefined, id: string, pod: string | undefined): CgroupIdentity {
  const base = { kind: "container", runtime: runtime ?? "unknown", id, name: id.slice(0, 12) } as const;
  return pod === undefined ? base : { ...base, podUid: pod };
}

/** The nearest pod above. */
function podUid(above: readonly string[]): string | undefined {
  for (let at = above.length - 1; at >= 0; at--) {
    const match = POD.exec(above[at] ?? "");
    if (match) return match[1]?.replaceAll("_", "-");
  }
  return undefined;
}

function podAt(parts: readonly string[], at: number): CgroupIdentity | undefined {
  const part = parts[at] ?? "";
  const podman = PODMAN_POD.exec(part);
  if (podman) return { kind: "pod", runtime: "podman", id: podman[1] ?? "", name: (podman[1] ?? "").slice(0, 12) };
  if (!parts.slice(0, at + 1).some((above) => above.startsWith("kubepods") || above.startsWith("kubelet")))
    return undefined;
  const uid = podUid([part]);
  return uid === undefined
    ? undefined
    : { kind: "pod", runtime: "unknown", id: uid, name: uid.slice(0, 8), podUid: uid };
}

/** LXC, systemd-nspawn and other machines registered with systemd-machined: their cgroup holds the name itself. */
function machineAt(parts: readonly string[], at: number): CgroupIdentity | undefined {
  const part = parts[at] ?? "";
  const above = parts[at - 1];
  if (above === "lxc" || above === "lxc.payload") return machine("lxc", part);
  const lxc = /^lxc\.payload\.(.+)$/.exec(part);
  if (lxc) return machine("lxc", lxc[1] ?? "");
  if (above !== "machine.slice") return undefined;
  const nspawn = /^systemd-nspawn@(.+)\.service$/.exec(part);
  if (nspawn) return machine("nspawn", unescapeUnit(nspawn[1] ?? ""));
  const scope = /^machine-(.+)\.scope$/.exec(part);
  if (!scope) return undefined;
  const name = unescapeUnit(scope[1] ?? "");
  // libvirt registers "qemu-3-name": driver, number, name.
  const libvirt = /^(?:qemu|lxc)-\d+-(.+)$/.exec(name);
  return libvirt ? machine("machine", libvirt[1] ?? "") : machine("nspawn", name);
}

function machine(runtime: Runtime, name: string): CgroupIdentity {
  return { kind: "container", runtime, id: name, name };
}

function unitOf(parts: readonly string[], userId: number | undefined): CgroupIdentity | undefined {
  for (let at = parts.length - 1; at >= 0; at--) {
    const part = parts[at] ?? "";
    const session = /^session-(.+)\.scope$/.exec(part);
    if (session && userId !== undefined) {
      return { kind: "session", runtime: "systemd", id: session[1] ?? "", name: `session ${session[1]}`, userId };
    }
    const unit = /^(.+)\.(?:service|scope|socket|mount|swap|slice)$/.exec(part);
    if (!unit) continue;
    const name = unescapeUnit(part.endsWith(".service") ? (unit[1] ?? "") : part);
    const base = { kind: "unit", runtime: "systemd", id: part, name } as const;
    return userId === undefined ? base : { ...base, userId };
  }
  return undefined;
}

/** Undoes systemd-escape's \xNN. "-" stays: in a unit name it is ambiguous with "/". */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
