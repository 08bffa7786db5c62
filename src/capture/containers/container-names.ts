import { UserNames } from "../users.ts";
import { type CgroupIdentity, parseCgroup, type Runtime } from "./cgroup.ts";
import { inspect } from "./docker-socket.ts";
import { defaultRoots, type EngineRoots, mergeRoots, runningRoots, userRoots } from "./engines.ts";
import { fromDocker, type Pod, type Resolved, resolveFromFiles } from "./resolve.ts";

export interface ContainerInfo {
  readonly kind: "container" | "pod" | "unit" | "session";
  readonly runtime: Runtime;
  /** Full id; unit or machine name where there is no id. */
  readonly id: string;
  /** The engine's name; a short id while it is not known. */
  readonly name: string;
  readonly image?: string;
  readonly pod?: Pod;
}

export interface ContainerNamesOptions {
  /** Roots beside the usual ones, from the configuration. */
  readonly roots?: Partial<EngineRoots>;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
}

interface Entry {
  readonly identity: CgroupIdentity;
  info: ContainerInfo | undefined;
  /** When to ask the engine again, ms of the clock; Infinity = settled. */
  retryAtMs: number;
  waitMs: number;
}

/** Cgroups come and go by the thousand on a build host; the oldest are forgotten first. */
const KEPT = 20_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;
/** A search reads the command line of every process: about 10 µs each. */
const SEARCH_EVERY_MS = 2_000;
const HEX_ID = /^[0-9a-f]{64}$/;

/**
 * Names of containers, pods, units and sessions by cgroup path. The first lookup of a path reads the engine's
 * files at once: make it when the cgroup first appears, and the name outlives the container.
 */
export class ContainerNames {
  readonly #entries = new Map<string, Entry>();
  readonly #users = new UserNames();
  readonly #nowMs: () => number;
  #roots: EngineRoots;
  #searchAtMs = 0;

  constructor(options: ContainerNamesOptions = {}) {
    const { docker = [], storage = [], tasks = [], sockets = [] } = options.roots ?? {};
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#roots = mergeRoots({ docker, storage, tasks, sockets }, defaultRoots());
  }

  /** undefined for the root cgroup and for paths that name nothing. */
  lookup(cgroupPath: string): ContainerInfo | undefined {
    let entry = this.#entries.get(cgroupPath);
    if (entry === undefined) entry = this.#add(cgroupPath);
    else if (entry.retryAtMs !== Infinity && this.#nowMs() >= entry.retryAtMs) this.#resolve(entry);
    return entry.info;
  }

  #add(cgroupPath: string): Entry {
    const identity = parseCgroup(cgroupPath);
    const entry: Entry = { identity, info: unresolved(identity), retryAtMs: Infinity, waitMs: FIRST_WAIT_MS };
    if (this.#entries.size >= KEPT) this.#entries.delete(this.#entries.keys().next().value ?? "");
    this.#entries.set(cgroupPath, entry);
    if (identity.kind === "container" && HEX_ID.test(identity.id)) this.#resolve(entry);
    return entry;
  }

  #resolve(entry: Entry): void {
    const { id, userId } = entry.identity;
    const found = userId === undefined || userId === 0 ? this.#fromSystem(id) : this.#fromUser(id, userId);
    if (found !== undefined) {
      settle(entry, found);
      return;
    }
    entry.retryAtMs = this.#nowMs() + entry.waitMs;
    entry.waitMs = Math.min(entry.waitMs * 2, LONGEST_WAIT_MS);
    if (userId === undefined || userId === 0) void this.#askEngine(entry);
  }

  #fromSystem(id: string): Resolved | undefined {
    const found = resolveFromFiles(id, this.#roots);
    const nowMs = this.#nowMs();
    if (found !== undefined || nowMs < this.#searchAtMs) return found;
    this.#searchAtMs = nowMs + SEARCH_EVERY_MS;
    this.#roots = mergeRoots(this.#roots, runningRoots());
    return resolveFromFiles(id, this.#roots);
  }

  /** A user's cgroups are named by that user: believe them about no one else's containers. */
  #fromUser(id: string, userId: number): Resolved | undefined {
    const home = this.#users.home(userId);
    return home === undefined ? undefined : resolveFromFiles(id, userRoots(userId, home));
  }

  async #askEngine(entry: Entry): Promise<void> {
    for (const socket of this.#roots.sockets) {
      const found = fromDocker(await inspect(socket, entry.identity.id));
      if (found === undefined) continue;
      settle(entry, found);
      return;
    }
  }
}

function unresolved(identity: CgroupIdentity): ContainerInfo | undefined {
  const { kind, runtime, id, name, podUid } = identity;
  if (kind === "none") return undefined;
  return { kind, runtime, id, name, ...(podUid === undefined ? {} : { pod: { uid: podUid } }) };
}

function settle(entry: Entry, found: Resolved): void {
  entry.info = { ...found, id: entry.identity.id };
  entry.retryAtMs = Infinity;
}
