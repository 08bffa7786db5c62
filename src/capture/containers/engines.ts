import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";

import { object, readState, text } from "./state-file.ts";

/** Folders where container engines keep their state, most likely first. */
export interface EngineRoots {
  /** Docker: `<root>/containers/<id>/config.v2.json`. */
  readonly docker: readonly string[];
  /** Podman and CRI-O: `<root>/containers.json` and `<root>/<id>/userdata/config.json`. */
  readonly storage: readonly string[];
  /** containerd: `<root>/<namespace>/<id>/config.json`. */
  readonly tasks: readonly string[];
  /** Docker API sockets, for a user who may talk to the engine but not read its files. */
  readonly sockets: readonly string[];
}

const TASKS = "io.containerd.runtime.v2.task";
const ENGINES: ReadonlySet<string> = new Set(["dockerd", "conmon", "containerd-shim", "containerd-shim-runc-v2"]);
/** containers/storage keeps one list for each storage driver that was ever used. */
const STORAGE_DRIVERS = ["overlay", "vfs", "btrfs", "zfs"] as const;

export function defaultRoots(): EngineRoots {
  const configured = text(object(readState("/etc/docker/daemon.json"))?.["data-root"]);
  return {
    docker: [
      ...(configured === undefined ? [] : [configured]),
      "/var/lib/docker",
      "/var/snap/docker/common/var-lib-docker",
    ],
    storage: [...storageFolders("/var/lib/containers/storage"), ...storageFolders("/run/containers/storage")],
    tasks: [
      `/run/containerd/${TASKS}`,
      `/run/docker/containerd/daemon/${TASKS}`,
      `/run/k3s/containerd/${TASKS}`,
      `/var/snap/microk8s/common/run/containerd/${TASKS}`,
    ],
    sockets: ["/run/docker.sock"],
  };
}

/** Rootless engines of one user; `home` as in /etc/passwd. */
export function userRoots(uid: number, home: string): EngineRoots {
  return {
    docker: [`${home}/.local/share/docker`],
    storage: [
      ...storageFolders(`${home}/.local/share/containers/storage`),
      ...storageFolders(`/run/user/${uid}/containers`),
    ],
    tasks: [`/run/user/${uid}/docker/containerd/daemon/${TASKS}`],
    sockets: [],
  };
}

export function mergeRoots(first: EngineRoots, second: EngineRoots): EngineRoots {
  const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];
  return {
    docker: union(first.docker, second.docker),
    storage: union(first.storage, second.storage),
    tasks: union(first.tasks, second.tasks),
    sockets: union(first.sockets, second.sockets),
  };
}

/**
 * Finds engines that run with folders of their own (`dockerd --data-root`, `podman --root`, a private containerd)
 * from the arguments of root's engine processes. Reads every cmdline once: call it on a miss, not per lookup.
 */
export function runningRoots(proc = "/proc"): EngineRoots {
  const found = {
    docker: new Set<string>(),
    storage: new Set<string>(),
    tasks: new Set<string>(),
    sockets: new Set<string>(),
  };
  for (const pid of pids(proc)) {
    const argv = argvOf(`${proc}/${pid}/cmdline`);
    const engine = basename(argv[0] ?? "");
    // Anyone may call a process dockerd and point it at names of his own.
    if (!ENGINES.has(engine) || !ownedByRoot(`${proc}/${pid}`)) continue;
    switch (engine) {
      case "dockerd": {
        const root = option(argv, "--data-root") ?? option(argv, "-g") ?? option(argv, "--graph");
        if (root !== undefined) found.docker.add(root);
        const exec = option(argv, "--exec-root");
        if (exec !== undefined) found.tasks.add(`${exec}/containerd/daemon/${TASKS}`);
        for (const host of options(argv, ["-H", "--host"]))
          if (host.startsWith("unix://")) found.sockets.add(host.slice(7));
        break;
      }
      case "conmon": {
        // -b <storage>/<id>/userdata
        const bundle = option(argv, "-b");
        if (bundle !== undefined && basename(bundle) === "userdata") found.storage.add(dirname(dirname(bundle)));
        break;
      }
      case "containerd-shim":
      case "containerd-shim-runc-v2": {
        // A shim runs in its bundle: <tasks>/<namespace>/<id>.
        const bundle = link(`${proc}/${pid}/cwd`);
        if (bundle !== undefined) found.tasks.add(dirname(dirname(bundle)));
        break;
      }
    }
  }
  return {
    docker: [...found.docker],
    storage: [...found.storage],
    tasks: [...found.tasks],
    sockets: [...found.sockets],
  };
}

function storageFolders(storage: string): readonly string[] {
  return STORAGE_DRIVERS.map((driver) => `${storage}/${driver}-containers`);
}

function pids(proc: string): readonly string[] {
  try {
    return readdirSync(proc).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function argvOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\0");
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function ownedByRoot(path: string): boolean {
  try {
    return statSync(path).uid === 0;
  } catch {
    return false;
  }
}

function option(argv: readonly string[], name: string): string | undefined {
  return options(argv, [name])[0];
}

/** Values of "--name value" and "--name=value". */
function options(argv: readonly string[], names: readonly string[]): readonly string[] {
  const values: string[] = [];
  argv.forEach((arg, at) => {
    for (const name of names) {
      const value = arg === name ? argv[at + 1] : arg.startsWith(`${name}=`) ? arg.slice(name.length + 1) : undefined;
      if (value !== undefined && value !== "") values.push(value);
    }
  });
  return values;
}
