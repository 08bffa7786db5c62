import type { Host } from "./host.ts";

/** Inode of the first pid namespace, include/linux/proc_ns.h. */
const INIT_PID_NS = 0xeffffffc;

/** The pid namespace this program runs in, when it is not the machine's own. */
export function nestedPidNamespace(host: Host): number | undefined {
  const inode = host.namespace("pid");
  return inode === INIT_PID_NS ? undefined : inode;
}

export const HOST_PIDS_FIX = "run it on the host, or the container with --pid=host";
