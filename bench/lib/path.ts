import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Where administrators' tools are, even for a caller whose PATH lacks them. */
export const searchPath = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Whether a command is there. */
export function installed(command: string): boolean {
  return searchPath.split(":").some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
