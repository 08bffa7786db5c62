import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CaptureError } from "../source.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
/** link(2) where there are no hard links. */
const NO_LINKS: readonly string[] = ["EPERM", "ENOSYS", "EOPNOTSUPP", "EMLINK"];

/**
 * A file that did not exist: mode 0600, owned by whoever called sudo, never through a symbolic link. One that is of use only when it is
 * whole has another name in the same folder until then, so that nothing incomplete ever has its own.
 */
export class NewFile {
  readonly path: string;
  readonly fd: number;
  #name: string;

  private constructor(path: string, name: string, fd: number) {
    this.path = path;
    this.#name = name;
    this.fd = fd;
  }

  /** Throws CaptureError. */
  static create(path: string, whole: boolean): NewFile {
    try {
      if (whole && lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw exists();
      const name = whole ? join(dirname(path), `.spydertop-${process.pid}-${Date.now().toString(36)}.part`) : path;
      const fd = openSync(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      giveToCaller(fd);
      return new NewFile(path, name, fd);
    } catch (error) {
      throw creationError(path, error);
    }
  }

  /** Gives it its own name, which nobody else may have got meanwhile. Throws as the file system does. */
  publish(): void {
    if (this.#name === this.path) return;
    if (!this.#isOurs()) throw Object.assign(new Error("replaced"), { code: "ESTALE" });
    try {
      linkSync(this.#name, this.path);
      unlinkSync(this.#name);
    } catch (error) {
      if (!NO_LINKS.includes(codeOf(error))) throw error;
      closeSync(openSync(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
      renameSync(this.#name, this.path);
    }
    this.#name = this.path;
    syncFolder(dirname(this.path));
  }

  /** Removes its name, unless that has become another's. */
  remove(): void {
    try {
      if (this.#isOurs()) unlinkSync(this.#name);
    } catch {
      // Gone already.
    }
  }

  /** Whoever may write the folder may have put another file in its place. */
  #isOurs(): boolean {
    const own = fstatSync(this.fd, { bigint: true });
    const named = lstatSync(this.#name, { bigint: true, throwIfNoEntry: false });
    return own.dev === named?.dev && own.ino === named.ino;
  }
}

const exists = (): Error => Object.assign(new Error("exists"), { code: "EEXIST" });

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "EIO";
}

/** Under sudo the file is the caller's: a replay needs no root. */
function giveToCaller(fd: number): void {
  const { SUDO_UID: uid = "", SUDO_GID: gid = "" } = process.env;
  if (process.geteuid?.() !== 0 || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return;
  try {
    fchownSync(fd, Number(uid), Number(gid));
  } catch {
    // A file system without owners, or of another machine: it stays root's.
  }
}

function syncFolder(path: string): void {
  try {
    const fd = openSync(path, O_RDONLY | O_DIRECTORY);
    fsyncSync(fd);
    closeSync(fd);
  } catch {
    // A file system that does not: the name is there all the same.
  }
}

const isFolder = (message: string): CaptureError =>
  new CaptureError(`${message}: it is a folder`, "EISDIR", "name a file in it");

function creationError(path: string, error: unknown): CaptureError {
  const code = codeOf(error);
  const message = `cannot create the recording ${path}`;
  switch (code) {
    case "EEXIST":
    case "ELOOP": {
      const there = lstatSync(path, { throwIfNoEntry: false });
      if (there?.isDirectory()) return isFolder(message);
      return (there?.isSymbolicLink() ?? code === "ELOOP")
        ? new CaptureError(`${message}: it is a symbolic link, which is never followed`, code, "name the file itself")
        : new CaptureError(
            `${message}: it exists and is never overwritten`,
            code,
            "choose another name, or remove it first",
          );
    }
    case "EISDIR":
      return isFolder(message);
    case "ENOENT":
      return new CaptureError(`${message}: its folder does not exist`, code, "create the folder first");
    case "EACCES":
    case "EPERM":
      return new CaptureError(`${message}: not permitted`, code, "choose a folder you may write to");
    case "EROFS":
      return new CaptureError(`${message}: the file system is read-only`, code, "choose another folder");
    default:
      return new CaptureError(`${message}: ${code}`, code, "choose another folder");
  }
}
