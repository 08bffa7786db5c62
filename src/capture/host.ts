import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, readlinkSync } from "node:fs";

/** Files that tell about a machine, below a folder that stands for its "/". Nothing here throws. */
export class Host {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Trimmed content, or undefined when there is no such file or it is not ours to read. */
  read(path: string): string | undefined {
    try {
      return readFileSync(this.#root + path, "latin1").trim();
    } catch {
      return undefined;
    }
  }

  exists(path: string): boolean {
    return existsSync(this.#root + path);
  }

  /** errno name of opening a file, undefined when it opens. */
  openError(path: string): string | undefined {
    try {
      closeSync(openSync(this.#root + path, "r"));
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? "EIO";
    }
  }

  writable(path: string): boolean {
    try {
      accessSync(this.#root + path, constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  namespace(name: string): number | undefined {
    try {
      return Number(/\[(\d+)\]/.exec(readlinkSync(`${this.#root}/proc/self/ns/${name}`))?.[1]);
    } catch {
      return undefined;
    }
  }

  get release(): string {
    return this.read("/proc/sys/kernel/osrelease") ?? "";
  }

  isBefore(version: readonly [number, number]): boolean {
    const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(this.release) ?? [];
    return Number(major) < version[0] || (Number(major) === version[0] && Number(minor) < version[1]);
  }

  status(key: string): string | undefined {
    return new RegExp(`^${key}:\\s*(\\S+)`, "m").exec(this.read("/proc/self/status") ?? "")?.[1];
  }

  can(capability: bigint): boolean {
    return ((BigInt(`0x${this.status("CapEff") ?? "0"}`) >> capability) & 1n) === 1n;
  }
}
