import { statSync } from "node:fs";
import { parseCgroup } from "../containers/cgroup.ts";
import type { ProcFiles } from "./proc-files.ts";

export interface Cgroup {
  readonly path: string;
  /** Id of the cgroup in the unified hierarchy, 0 when unknown. */
  readonly id: bigint;
}

const KEPT = 20_000;

/**
 * The cgroup that names a process best. With cgroup v1 beside v2 an older engine puts a container into the v1 trees
 * only and leaves the unified path at its own service: a container wins, then the unified path, then systemd's tree.
 */
export class CgroupPaths {
  readonly #files: ProcFiles;
  readonly #known = new Map<string, Cgroup>();
  readonly #mount: string | undefined;

  constructor(files: ProcFiles) {
    this.#files = files;
    this.#mount = cgroup2Mount(files);
  }

  read(path: string): Cgroup {
    const content = this.#files.text(path) ?? "";
    let cgroup = this.#known.get(content);
    if (cgroup === undefined) {
      cgroup = this.#choose(content);
      if (this.#known.size >= KEPT) this.#known.clear();
      this.#known.set(content, cgroup);
    }
    return cgroup;
  }

  #choose(content: string): Cgroup {
    const lines = content.split("\n").map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
    const paths = new Map(lines.flatMap((line) => (line ? [[line[1] ?? "", line[2] ?? ""] as const] : [])));
    const unified = paths.get("") ?? "/";
    const named = [unified, ...paths.values()].find((each) => {
      const { kind } = parseCgroup(each);
      return kind === "container" || kind === "pod";
    });
    const path = named ?? (unified === "/" ? (paths.get("name=systemd") ?? "/") : unified);
    return { path, id: path === unified ? this.#id(path) : 0n };
  }

  /** A cgroup's id is the inode of its folder. */
  #id(path: string): bigint {
    if (this.#mount === undefined) return 0n;
    try {
      return statSync(this.#mount + path, { bigint: true }).ino;
    } catch {
      return 0n;
    }
  }
}

function cgroup2Mount(files: ProcFiles): string | undefined {
  const length = files.readAll("/proc/self/mounts");
  const mounts = files.bytes.toString("latin1", 0, Math.max(length, 0));
  return /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
}
