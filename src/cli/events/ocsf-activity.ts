import type { MonitorEvent } from "./event.ts";

/** Class and activity of an event in OCSF 1.6.0. */
export interface OcsfActivity {
  readonly classUid: 0 | 1001 | 1007 | 4001;
  readonly activityId: number;
  readonly activityName: string;
}

const PROCESS = { 1: "Launch", 2: "Terminate", 4: "Inject", 5: "Set User ID" } as const;
const FILE = {
  1: "Create",
  2: "Read",
  3: "Update",
  4: "Delete",
  5: "Rename",
  7: "Set Security",
  12: "Mount",
  14: "Open",
} as const;
const NETWORK = { 1: "Open", 2: "Close", 3: "Reset", 4: "Fail", 5: "Refuse", 6: "Traffic", 7: "Listen" } as const;
const OTHER = 99;

export const CLASSES = {
  0: { name: "Base Event", categoryUid: 0, categoryName: "Uncategorized" },
  1001: { name: "File System Activity", categoryUid: 1, categoryName: "System Activity" },
  1007: { name: "Process Activity", categoryUid: 1, categoryName: "System Activity" },
  4001: { name: "Network Activity", categoryUid: 4, categoryName: "Network Activity" },
} as const;

/** What has no activity of its own in these classes is "Other" of Process Activity, named by its kind: nothing is left out. */
export function activityOf({ kind, error, certainty, file }: MonitorEvent): OcsfActivity {
  switch (kind) {
    case "fork":
    case "exec":
      return processActivity(1);
    case "found":
      // By polling that is how a launch is seen.
      return certainty === "inferred" ? processActivity(1) : other(kind);
    case "exit":
      return processActivity(2);
    case "inject":
      return processActivity(4);
    case "credentials":
      return processActivity(5);
    case "create":
    case "link":
    case "symlink":
      return fileActivity(1);
    case "read":
      return fileActivity(2);
    case "bytes":
      return fileActivity(file?.access === "write" ? 3 : 2);
    case "write":
    case "truncate":
      return fileActivity(3);
    case "unlink":
      return fileActivity(4);
    case "rename":
      return fileActivity(5);
    case "chmod":
    case "chown":
      return fileActivity(7);
    case "mount":
      return fileActivity(12);
    case "open":
      return fileActivity(14);
    case "connect":
      return networkActivity(error === undefined ? 1 : error === "ECONNREFUSED" ? 5 : error === "ECONNRESET" ? 3 : 4);
    case "accept":
    case "socket":
    case "unix-connect":
    case "unix-accept":
      return networkActivity(1);
    case "close":
      return networkActivity(2);
    case "datagram":
      return networkActivity(6);
    case "listen":
      return networkActivity(7);
    case "lost":
    case "throttled":
      return { classUid: 0, activityId: OTHER, activityName: "Lost" };
    case "pipe":
    case "memory":
    case "signal":
    case "kernel":
    case "namespace":
    case "io_uring":
    case "dns":
    case "fd-pass":
    case "cgroup":
    case "unknown":
      return other(kind);
  }
}

function processActivity(id: keyof typeof PROCESS): OcsfActivity {
  return { classUid: 1007, activityId: id, activityName: PROCESS[id] };
}

function fileActivity(id: keyof typeof FILE): OcsfActivity {
  return { classUid: 1001, activityId: id, activityName: FILE[id] };
}

function networkActivity(id: keyof typeof NETWORK): OcsfActivity {
  return { classUid: 4001, activityId: id, activityName: NETWORK[id] };
}

function other(kind: string): OcsfActivity {
  return { classUid: 1007, activityId: OTHER, activityName: kind };
}
