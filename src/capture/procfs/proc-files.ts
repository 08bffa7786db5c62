import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";

/** Largest single file read: an argument vector of this size is cut. */
const BUFFER_BYTES = 64 << 10;

/** Reads /proc through one reused buffer. A process that vanished and a refusal are no errors: both happen at every poll. */
export class ProcFiles {
  /** Valid until the next read. */
  bytes: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  /** Bytes read into `bytes`; -1 when the file is gone or refused. One read: enough for everything but tables. */
  read(path: string): number {
    return this.#with(path, (fd) => readSync(fd, this.bytes, 0, BUFFER_BYTES, 0));
  }

  /** As read, but to the end of a table of any size; `bytes` grows to hold it. */
  readAll(path: string): number {
    return this.#with(path, (fd) => {
      let length = 0;
      for (;;) {
        if (this.bytes.length - length < BUFFER_BYTES / 2) {
          const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
          this.bytes.copy(larger, 0, 0, length);
          this.bytes = larger;
        }
        const got = readSync(fd, this.bytes, length, this.bytes.length - length, null);
        if (got === 0) return length;
        length += got;
      }
    });
  }

  text(path: string): string | undefined {
    const length = this.read(path);
    return length < 0 ? undefined : this.bytes.toString("latin1", 0, length);
  }

  link(path: string): string | undefined {
    try {
      return readlinkSync(path);
    } catch {
      return undefined;
    }
  }

  #with(path: string, use: (fd: number) => number): number {
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch {
      return -1;
    }
    try {
      return use(fd);
    } catch {
      return -1;
    } finally {
      closeSync(fd);
    }
  }
}

/** Constants of this machine that the numbers in /proc are in. */
export interface Units {
  readonly pageBytes: number;
  readonly nsPerTick: number;
}

const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

export function machineUnits(): Units {
  const auxv = readFileSync("/proc/self/auxv");
  let pageBytes = 4096;
  let ticksPerSecond = 100;
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    const value = Number(auxv.readBigUInt64LE(at + 8));
    switch (auxv.readBigUInt64LE(at)) {
      case AT_PAGESZ:
        pageBytes = value;
        break;
      case AT_CLKTCK:
        ticksPerSecond = value;
        break;
    }
  }
  return { pageBytes, nsPerTick: 1e9 / ticksPerSecond };
}
