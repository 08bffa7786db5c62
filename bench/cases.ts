import { attach, consumer } from "./cases/attach.ts";
import { event, subjects } from "./cases/events.ts";
import { flood, paced } from "./cases/flood.ts";
import { state } from "./cases/state.ts";

export interface Case {
  readonly name: string;
  readonly what: string;
  run(): Promise<void>;
}

/** In the order they run. */
export const cases: readonly Case[] = [
  { name: "open", what: "cost of an open, one file", run: () => event(subjects.open) },
  { name: "files", what: "cost of an open, 2,000 files", run: () => event(subjects.files) },
  { name: "connect", what: "cost of a connection on loopback", run: () => event(subjects.connect) },
  { name: "exec", what: "cost of a process", run: () => event(subjects.exec) },
  { name: "read", what: "cost of a read after the first", run: () => event(subjects.read) },
  { name: "getppid", what: "cost of a system call nobody traces", run: () => event(subjects.getppid) },
  { name: "flood", what: "events a second to rows, loss", run: () => flood("rows") },
  { name: "paced", what: "consumer's share at 50,000 events a second", run: () => paced("decode") },
  { name: "consumer", what: "consumer's cost of an event", run: () => consumer(["rows", "decode"]) },
  { name: "state", what: "snapshot and refresh at 5,000 processes, against /proc", run: state },
  { name: "attach", what: "time to attach and to detach", run: attach },
];
