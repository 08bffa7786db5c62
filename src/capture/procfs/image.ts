import { readlinkSync, statSync } from "node:fs";
import type { ImageFields, StdioTarget, U64 } from "../../core/wire/fields.ts";
import { IMAGE_CUT, IMAGE_FLAG } from "../../core/wire/layout.gen.ts";
import { decodeUtf8 } from "../../core/wire/utf8.ts";
import { CgroupPaths } from "./cgroup-paths.ts";
import { CHOSEN_VARIABLES } from "./environment.ts";
import type { Known } from "./known.ts";
import type { ProcFiles } from "./proc-files.ts";
import { STAT, type Stat } from "./stat.ts";

type Identity = Pick<ImageFields, "timeNs" | "pid" | "startNs" | "flags">;

/** Bytes of argv kept; what is longer is marked. */
const ARGV_BYTES = 16 << 10;
/** Bytes of the environment that are looked at. */
const ENV_BYTES = 16 << 10;
const CHOSEN = new RegExp(`^(${CHOSEN_VARIABLES.join("|")})=`, "u");
const S_IWOTH = 0o002n;
const NO_ID = 0xffffffff;
const DELETED = " (deleted)";
const MEMFD = "/memfd:";

/** Reads what an exec decides: executable, arguments, ids, cgroup, namespaces, standard streams. About 150 µs a process. */
export class ImageReader {
  readonly #files: ProcFiles;
  readonly #cgroups: CgroupPaths;

  constructor(files: ProcFiles) {
    this.#files = files;
    this.#cgroups = new CgroupPaths(files);
  }

  /** `stat` must be that of `known`, just read. undefined when the process vanished meanwhile. */
  read(known: Known, stat: Stat, parentStartNs: U64 | undefined, head: Identity): ImageFields | undefined {
    const { folder } = known;
    // Copied first: `stat` and the buffer are reused by the next read.
    const tty = stat.get(STAT.tty);
    const sid = stat.get(STAT.session);
    const status = this.#files.text(`${folder}/status`);
    if (status === undefined) return undefined;
    const [uid = 0, euid = 0] = numbers(status, "\nUid:");
    const [gid = 0, egid = 0] = numbers(status, "\nGid:");
    const argv = this.#argv(known);
    const env = this.#env(known);
    const executable = known.kernelThread ? NOTHING : this.#executable(known);
    known.readable = known.kernelThread || executable.readable;
    known.unfinished = argv.length === 0 && executable.readable;
    const cgroup = this.#cgroups.read(`${folder}/cgroup`);
    known.netns = this.#namespace(folder, "net");
    return {
      ...head,
      ...executable.fields,
      ...argv.fields,
      env: env.text,
      trunc: (argv.cut ? IMAGE_CUT.ARGV : 0) | env.cut,
      image: executable.flags | argv.flags | (known.kernelThread ? IMAGE_FLAG.KTHREAD : 0),
      cwd: (known.readable && !known.kernelThread && this.#files.link(`${folder}/cwd`)) || "",
      comm: known.comm,
      cgroupPath: cgroup.path,
      cgroup: cgroup.id,
      stdio: known.readable && !known.kernelThread ? [0, 1, 2].map((fd) => this.#stdio(`${folder}/fd/${fd}`)) : [],
      caps: BigInt(`0x${/\nCapEff:\s*([0-9a-f]+)/.exec(status)?.[1] ?? "0"}`),
      parentPid: known.ppid,
      parentStartNs: parentStartNs ?? 0,
      nsPid: numbers(status, "\nNSpid:").at(-1) ?? known.pid,
      uid,
      euid,
      gid,
      egid,
      loginUid: this.#id(`${folder}/loginuid`),
      sessionId: this.#id(`${folder}/sessionid`),
      mntns: this.#namespace(folder, "mnt"),
      pidns: this.#namespace(folder, "pid"),
      netns: known.netns,
      userns: this.#namespace(folder, "user"),
      tty,
      sid,
    };
  }

  #argv(known: Known): Arguments {
    const length = known.kernelThread ? 0 : this.#files.read(`${known.folder}/cmdline`);
    const kept = Math.min(length, ARGV_BYTES);
    // setproctitle(3) pads with NULs.
    let end = Math.max(kept, 0);
    while (end > 0 && this.#files.bytes[end - 1] === 0) end--;
    const argv = decodeUtf8(this.#files.bytes, 0, end);
    const cut = length > kept;
    return {
      fields: { argv, argvLen: cut ? length : end },
      flags: length < 0 ? IMAGE_FLAG.NO_ARGV : 0,
      cut,
      length,
    };
  }

  #env(known: Known): { text: string; cut: number } {
    const length = known.kernelThread ? 0 : this.#files.read(`${known.folder}/environ`);
    const kept = Math.max(0, Math.min(length, ENV_BYTES));
    const variables = decodeUtf8(this.#files.bytes, 0, kept).split("\0");
    const chosen = variables.filter((variable) => CHOSEN.test(variable));
    return {
      text: chosen.map((variable) => `${variable}\0`).join(""),
      cut: length > kept || length < 0 ? IMAGE_CUT.ENV : 0,
    };
  }

  #executable(known: Known): Executable {
    const path = this.#files.link(`${known.folder}/exe`);
    if (path === undefined) return NOTHING;
    try {
      const stat = statSync(`${known.folder}/exe`, { bigint: true });
      const memfd = path.startsWith(MEMFD);
      const deleted = stat.nlink === 0n;
      const name = deleted && path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
      return {
        fields: {
          exe: memfd ? name.slice(1) : name,
          exeIno: stat.ino,
          exeDev: kernelDevice(stat.dev),
          exeUid: Number(stat.uid),
        },
        flags:
          (memfd ? IMAGE_FLAG.MEMFD : 0) |
          (deleted ? IMAGE_FLAG.DELETED : 0) |
          ((stat.mode & S_IWOTH) !== 0n ? IMAGE_FLAG.SHARED : 0),
        readable: true,
      };
    } catch {
      return NOTHING;
    }
  }

  #stdio(path: string): StdioTarget | undefined {
    try {
      const { mode, ino } = statSync(path, { bigint: true });
      return { mode: Number(mode), ino: ino & 0xffffffffffffn };
    } catch {
      return undefined;
    }
  }

  #id(path: string): number {
    const value = Number.parseInt(this.#files.text(path) ?? "", 10);
    return Number.isNaN(value) ? NO_ID : value;
  }

  /** Inode of a namespace, 0 when we may not know. */
  #namespace(folder: string, name: string): number {
    try {
      return Number.parseInt(readlinkSync(`${folder}/ns/${name}`).slice(name.length + 2), 10);
    } catch {
      return 0;
    }
  }
}

interface Arguments {
  readonly fields: Pick<ImageFields, "argv" | "argvLen">;
  readonly flags: number;
  readonly cut: boolean;
  /** Bytes read with all padding; -1 when refused. */
  readonly length: number;
}

interface Executable {
  readonly fields: Pick<ImageFields, "exe" | "exeIno" | "exeDev" | "exeUid">;
  readonly flags: number;
  readonly readable: boolean;
}

const NOTHING: Executable = { fields: {}, flags: 0, readable: false };

/** stat(2)'s device number to the kernel's own: major << 20 | minor. */
export function kernelDevice(dev: bigint): number {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return Number(BigInt.asUintN(32, (major << 20n) | minor));
}

function numbers(status: string, key: string): number[] {
  const at = status.indexOf(key);
  if (at < 0) return [];
  const end = status.indexOf("\n", at + 1);
  return status
    .slice(at + key.length, end)
    .trim()
    .split(/\s+/)
    .map(Number);
}
