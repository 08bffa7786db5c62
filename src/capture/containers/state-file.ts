import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** A runtime's state file is a few KB; podman's list of every container is the largest. */
const LIMIT_BYTES = 8 << 20;

export type JsonObject = { readonly [key: string]: unknown };

/**
 * Parses a small JSON file that belongs to someone else: the last component is never followed as a link, a FIFO or
 * device does not block, and nothing beyond the limit is read. undefined when there is no such file, it is
 * not readable, or it is no JSON.
 */
export function readState(path: string): unknown {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > LIMIT_BYTES) return undefined;
    const bytes = Buffer.allocUnsafe(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const got = readSync(fd, bytes, length, bytes.length - length, null);
      if (got === 0) break;
      length += got;
    }
    return JSON.parse(bytes.toString("utf8", 0, length)) as unknown;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

export function object(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
