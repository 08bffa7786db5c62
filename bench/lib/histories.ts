import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import type { Process } from "./busy-host.ts";

const SOCKET = 0o140000;
const PIPE = 0o010000;
const FILE = 0o100644;
const TCP_ESTABLISHED = 1;
const TCP_LISTEN = 10;
const SOCK_STREAM = 1;
const START_NS = 5_000_000_000_000;

type Stdio = readonly ({ readonly mode: number; readonly ino: number } | undefined)[];

/** Writes what processes do, one step after the other. */
export class Teller {
  readonly writer = new BatchWriter();
  readonly main: Process = { pid: 11, startNs: 2e9 };
  nowNs = START_NS;
  #pids = 1000;

  batch(): Uint8Array {
    return this.writer.finish(this.nowNs, BigInt(this.nowNs));
  }

  head({ pid, startNs }: Process) {
    return { pid, startNs, timeNs: (this.nowNs += 1000) };
  }

  runs(
    process: Process,
    exe: string,
    stdio: Stdio = [],
    parent: Process = { pid: 1, startNs: 1e6 },
    exeIno = 10,
  ): void {
    const from = { parentPid: parent.pid, parentStartNs: parent.startNs };
    const argv = [exe, String(process.pid)];
    this.writer.image({ ...this.head(process), exe, argv, cwd: "/srv", exeDev: 1, exeIno, stdio, ...from });
  }

  child(exe: string, stdio: Stdio = [], parent = this.main, exeIno = 10): Process {
    const child = { pid: this.#pids++, startNs: (this.nowNs += 1000) };
    this.writer.fork({ ...this.head(parent), childPid: child.pid, childStartNs: child.startNs });
    this.runs(child, exe, stdio, parent, exeIno);
    return child;
  }

  exits(process: Process): void {
    this.writer.exit({ ...this.head(process), code: 0 });
  }

  opens(process: Process, ino: number, open: number): void {
    this.writer.open({ ...this.head(process), path: `/srv/file${ino}`, dev: 1, ino, open, mode: FILE });
  }

  writes(process: Process, ino: number): void {
    this.opens(process, ino, OPEN_FLAG.WRITE);
    this.writer.use(KIND.WRITE, { ...this.head(process), path: `/srv/file${ino}`, dev: 1, ino, bytes: 10 });
  }

  tcp(kind: typeof KIND.CONNECT | typeof KIND.ACCEPT | typeof KIND.CLOSE, process: Process, sock: number): void {
    const ends = {
      local: "10.0.0.4",
      localPort: 80,
      remote: `203.0.113.${sock >> 14}`,
      remotePort: 1024 + (sock & 0x3fff),
    };
    this.writer.sock(kind, { ...this.head(process), sock, ...ends });
  }

  unix(
    kind: typeof KIND.UNIX_CONNECT | typeof KIND.UNIX_ACCEPT | typeof KIND.UNIX_SOCKET,
    process: Process,
    end: number,
  ): void {
    const ends = { sock: 1e6 + end, end: 1e6 + end, peer: 1e6 + (end ^ 1), type: SOCK_STREAM, state: TCP_ESTABLISHED };
    this.writer.unix(kind, { ...this.head(process), ...ends, path: "/run/bus" });
  }
}

export interface History {
  readonly name: string;
  begin(teller: Teller): void;
  /** Tells the same once more; i counts. */
  step(teller: Teller, i: number): void;
}

const shell = (teller: Teller, stdio: Stdio = []): void => teller.runs(teller.main, "/bin/sh", stdio);
const below = (stdio: Stdio): Pick<History, "begin" | "step"> => ({
  begin: (teller) => {
    teller.unix(KIND.UNIX_SOCKET, teller.main, 0);
    teller.unix(KIND.UNIX_SOCKET, { pid: 10, startNs: 1e9 }, 1);
    shell(teller, stdio);
  },
  step: (teller) => teller.exits(teller.child("/usr/bin/cc", stdio)),
});

/** Each runs what the one before it wrote. */
function lineOfForks(): History {
  let last: Process;
  return {
    name: "a line of forks without end",
    begin: (teller) => {
      shell(teller);
      last = teller.main;
    },
    step: (teller, i) => {
      teller.opens(last, 5e6 + i, OPEN_FLAG.WRITE | OPEN_FLAG.CREATED);
      const next = teller.child(`/srv/file${5e6 + i}`, [], last, 5e6 + i);
      teller.exits(last);
      last = next;
    },
  };
}

/** What goes on for days on a server, and what somebody may do to keep the monitor busy. */
export const histories: readonly History[] = [
  { name: "children below a socket", ...below([0, 1, 2].map(() => ({ mode: SOCKET, ino: 1e6 }))) },
  { name: "children below a pipe", ...below([undefined, { mode: PIPE, ino: 55 }, { mode: PIPE, ino: 55 }]) },
  {
    name: "pipelines of a shell",
    begin: shell,
    step: (teller, i) => {
      const pipe = { mode: PIPE, ino: 2e6 + i };
      const stages = [teller.child("/bin/cat", [undefined, pipe]), teller.child("/bin/grep", [pipe])];
      for (const stage of stages) teller.exits(stage);
    },
  },
  {
    name: "a shell that reads what it wrote",
    begin: shell,
    step: (teller, i) => {
      teller.opens(teller.main, 3e6 + i, OPEN_FLAG.WRITE | OPEN_FLAG.CREATED);
      teller.opens(teller.main, 3e6 + i, OPEN_FLAG.READ);
      teller.exits(teller.child("/usr/bin/cc"));
    },
  },
  {
    name: "many that write one file",
    begin: shell,
    step: (teller) => {
      const child = teller.child("/usr/bin/logger");
      teller.writes(child, 77);
      teller.exits(child);
    },
  },
  {
    name: "a program that many wrote",
    begin: shell,
    step: (teller) => {
      const writer = teller.child("/usr/bin/ld");
      teller.writes(writer, 77);
      teller.exits(teller.child("/srv/file77", [], writer, 77));
      teller.exits(writer);
    },
  },
  {
    name: "a server that starts shells",
    begin: (teller) => teller.runs(teller.main, "/usr/sbin/nginx"),
    step: (teller, i) => {
      teller.tcp(KIND.ACCEPT, teller.main, i);
      teller.exits(teller.child("/bin/sh"));
      teller.tcp(KIND.CLOSE, teller.main, i);
    },
  },
  {
    name: "a server that keeps its connections",
    begin: (teller) => teller.runs(teller.main, "/usr/sbin/nginx"),
    step: (teller, i) => {
      teller.tcp(KIND.ACCEPT, teller.main, i);
      teller.exits(teller.child("/bin/ls"));
    },
  },
  {
    name: "clients of one local server",
    begin: (teller) => teller.runs(teller.main, "/usr/bin/dbus-daemon"),
    step: (teller, i) => {
      const client = teller.child("/usr/bin/app", [], { pid: 12, startNs: 3e9 });
      teller.unix(KIND.UNIX_CONNECT, client, 2 * i + 2);
      teller.unix(KIND.UNIX_ACCEPT, teller.main, 2 * i + 3);
      teller.exits(client);
    },
  },
  {
    name: "downloads of a shell",
    begin: shell,
    step: (teller, i) => {
      const curl = teller.child("/usr/bin/curl", [undefined, { mode: PIPE, ino: 4e6 + i }]);
      teller.tcp(KIND.CONNECT, curl, i);
      teller.tcp(KIND.CLOSE, curl, i);
      teller.exits(curl);
    },
  },
  { name: "execs of one process", begin: shell, step: (teller) => shell(teller) },
  {
    name: "a port that is used again and again",
    begin: shell,
    step: (teller, i) => {
      const { main, writer } = teller;
      const flow = { sock: 10 + i, local: "10.0.0.4", localPort: 4444, remote: "203.0.113.9", remotePort: 443 };
      writer.sock(KIND.CONNECT, { ...teller.head(main), ...flow });
      writer.sock(KIND.CLOSE, { ...teller.head(main), ...flow });
    },
  },
  {
    name: "a port that is listened at again and again",
    begin: shell,
    step: (teller, i) => {
      const { main, writer } = teller;
      const bound = {
        sock: 10 + i,
        local: "0.0.0.0",
        localPort: 80,
        remote: "0.0.0.0",
        remotePort: 0,
        state: TCP_LISTEN,
      };
      writer.sock(KIND.LISTEN, { ...teller.head(main), ...bound });
      writer.sock(KIND.CLOSE, { ...teller.head(main), ...bound });
    },
  },
  lineOfForks(),
  {
    name: "a pid that is used again and again",
    begin: shell,
    step: (teller) => {
      const child = { pid: 99, startNs: (teller.nowNs += 1000) };
      teller.writer.fork({ ...teller.head(teller.main), childPid: child.pid, childStartNs: child.startNs });
      teller.exits(child);
    },
  },
];
