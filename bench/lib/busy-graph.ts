import { Monitor } from "../../src/core/monitor.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { dice } from "./dice.ts";

const BASE_NS = 5_000_000_000_000;
const BATCH_ROWS = 4096;
const S_IFIFO = 0o010000;
const S_IFCHR = 0o020000;

interface Process {
  readonly pid: number;
  readonly startNs: number;
}

/**
 * The graph of a host that has been busy for long: `processes` processes below each other, each with files read and written, a
 * connection and often a pipe; programs and scripts that were written and then run; a log everybody writes, libraries everybody reads; a
 * server with a great many clients that starts helpers for some of them.
 */
export function busyMonitor(processes: number): Monitor {
  const roll = dice();
  const monitor = new Monitor({ memoryLimitBytes: 2 ** 34 });
  const writer = new BatchWriter();
  let now = BASE_NS;
  const head = ({ pid, startNs }: Process) => ({ pid, startNs, timeNs: (now += 500) });
  const flush = (least: number): void => {
    if (writer.rows >= least) monitor.ingest(writer.finish(now, BigInt(now)));
  };
  let ino = 100_000;
  const living: Process[] = [];
  const start = (parent: Process, exe: string, argv: readonly string[], exeIno: number, pipe: number): Process => {
    const child: Process = { pid: 1000 + living.length, startNs: (now += 20_000) };
    living.push(child);
    writer.fork({ ...head(parent), childPid: child.pid, childStartNs: child.startNs });
    const none = { mode: S_IFCHR, ino: 5 };
    const stdin = pipe === 0 ? none : { mode: S_IFIFO, ino: pipe };
    const names = { parentPid: parent.pid, parentStartNs: parent.startNs, cwd: "/srv", exeDev: 1 };
    writer.image({ ...head(child), exe, argv, exeIno, stdio: [stdin, none, none], ...names });
    return child;
  };
  const init: Process = { pid: 1, startNs: 1_000_000 };
  const server = start(init, "/usr/sbin/server", ["server"], 11, 0);
  let script = 0;
  let clients = 0;
  for (let i = 0; i < processes; i++) {
    // A new process is a child of a recent one, of any, or of the server just after a client came.
    const kind = roll(20);
    if (kind === 0) {
      for (let k = 0; k < 10; k++) {
        clients++;
        const sock = { sock: (ino += 1), local: "10.0.0.4", localPort: 80, remotePort: 1024 + (clients % 60_000) };
        const remote = `203.0.${roll(250)}.${roll(250)}`;
        writer.sock(KIND.ACCEPT, { ...head(server), ...sock, remote });
        if (k < 9) writer.sock(KIND.CLOSE, { ...head(server), ...sock, remote });
      }
    }
    const parent =
      kind === 0
        ? server
        : ((kind < 12 ? living.at(-1 - roll(Math.min(20, living.length))) : living[roll(living.length)]) ?? init);
    const ownScript = script !== 0 && kind % 3 === 0;
    const pipe = kind % 5 === 0 ? (ino += 1) : 0;
    if (pipe !== 0) writer.pipe({ ...head(parent), ino: pipe, open: OPEN_FLAG.READ | OPEN_FLAG.WRITE });
    const child = ownScript
      ? start(parent, `/tmp/tool${script}`, ["tool"], script, pipe)
      : start(parent, `/usr/bin/tool${i % 50}`, ["tool", String(i)], 20 + (i % 50), pipe);
    for (let k = 0; k < 14; k++) {
      const shared = 1000 + roll(5000);
      const path = `/srv/data/file${shared}`;
      writer.open({ ...head(child), path, dev: 1, ino: shared, open: OPEN_FLAG.READ });
    }
    script = ino += 1;
    const write = OPEN_FLAG.WRITE | OPEN_FLAG.CREATED;
    writer.open({ ...head(child), path: `/tmp/tool${script}`, dev: 1, ino: script, open: write });
    writer.open({ ...head(child), path: "/var/log/all", dev: 1, ino: 900, open: OPEN_FLAG.WRITE });
    const sock = {
      sock: (ino += 1),
      local: "10.0.0.4",
      localPort: 30_000 + (i % 30_000),
      remote: "198.51.100.7",
      remotePort: 443,
    };
    writer.sock(KIND.CONNECT, { ...head(child), ...sock });
    writer.sock(KIND.CLOSE, { ...head(child), ...sock, tx: 500, rx: 9000 });
    if (i % 10 !== 0) writer.exit({ ...head(child), code: 0 });
    flush(BATCH_ROWS);
  }
  flush(1);
  return monitor;
}
