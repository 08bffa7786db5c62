import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Example captures that lie beside the checkout, not in it. */
const EXAMPLE = join(import.meta.dirname, "../../../shared/data/spyderbat/minikube-node.json.gz");
/** Longer than the example lasts, and more than its highest pid. */
const SECONDS = 700;
const PIDS = 20_000;
const EPOCH_S = 1_700_000_000;

type Fields = { [field: string]: unknown };

/** A capture of the example's shape that lasts as much longer as it is larger; undefined when the example is not there. */
export function spyderbatCapture(bytes: number): string | undefined {
  let example: string[];
  try {
    example = gunzipSync(readFileSync(EXAMPLE)).toString().trimEnd().split("\n");
  } catch {
    return undefined;
  }
  return repeated(bytes, (copy) => example.map((line) => JSON.stringify(later(JSON.parse(line) as Fields, copy))));
}

/** A log of commands, each with a file it opens and every other with a connection. */
export function auditdLog(bytes: number): string {
  return repeated(bytes, (copy) => {
    const stamp = `msg=audit(${EPOCH_S + Math.floor(copy / 100)}.${String((copy % 100) * 10).padStart(3, "0")}:`;
    const pid = 1000 + (copy % 30_000);
    const call = (nr: number, exit: number, fields: string): string =>
      `arch=c000003e syscall=${nr} success=yes exit=${exit} ${fields} items=2 ppid=900 pid=${pid} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 ` +
      'egid=0 sgid=0 fsgid=0 tty=pts1 ses=3 comm="curl" exe="/usr/bin/curl" subj=unconfined key="all"';
    const path = `PATH_ item=0 name="/tmp/file${copy % 5000}" inode=${copy % 5000} dev=fd:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL`;
    const title = `PROCTITLE_ proctitle=${Buffer.from(`curl\0-s\0http://h/${copy}`).toString("hex")}`;
    const events = [
      [
        `SYSCALL_ ${call(59, 0, "a0=1 a1=2 a2=3 a3=4")}`,
        `EXECVE_ argc=3 a0="curl" a1="-s" a2="http://h/${copy}"`,
        'CWD_ cwd="/root"',
        path,
        title,
      ],
      [`SYSCALL_ ${call(257, 3, "a0=ffffff9c a1=2 a2=0 a3=0")}`, 'CWD_ cwd="/root"', path, title],
      [
        `SYSCALL_ ${call(42, 0, "a0=5 a1=2 a2=10 a3=0")}`,
        `SOCKADDR_ saddr=020001BBCB00${hex16(copy % 1000)}0000000000000000`,
        title,
      ],
    ];
    return events.flatMap((records, i) =>
      records.map((record) => record.replace(/^(\w+)_ /, `type=$1 ${stamp}${copy * 3 + i}): `)),
    );
  });
}

const hex16 = (value: number): string => value.toString(16).toUpperCase().padStart(4, "0");

/** An export of commands in containers, each with a connection and an exit. */
export function tetragonExport(bytes: number): string {
  return repeated(bytes, (copy) => {
    const time = (ms: number): string => new Date(EPOCH_S * 1000 + copy * 10 + ms).toISOString();
    const pod = {
      namespace: "default",
      name: `web-${copy % 10}`,
      container: { id: `containerd://${"ab".repeat(32)}`, name: "web" },
    };
    const parent = {
      exec_id: "cGFyZW50",
      pid: 900,
      uid: 0,
      cwd: "/",
      binary: "/usr/bin/containerd-shim",
      flags: "procFS",
      start_time: time(0),
      pod,
    };
    const pid = 1000 + (copy % 30_000);
    const process = {
      ...parent,
      exec_id: `ZXhlYw${copy}`,
      pid,
      binary: "/usr/bin/curl",
      arguments: `-s http://h/${copy}`,
      flags: "execve clone",
    };
    const sock = {
      family: "AF_INET",
      protocol: "IPPROTO_TCP",
      saddr: "10.0.0.4",
      daddr: "203.0.113.9",
      sport: pid,
      dport: 443,
      cookie: `${copy + 1}`,
    };
    const kprobe = {
      process,
      parent,
      function_name: "tcp_connect",
      args: [{ sock_arg: sock }],
      action: "KPROBE_ACTION_POST",
      policy_name: "net",
    };
    return [
      { process_exec: { process, parent }, node_name: "n", time: time(0) },
      { process_kprobe: kprobe, node_name: "n", time: time(2) },
      { process_exit: { process, parent, status: 0 }, node_name: "n", time: time(4) },
    ].map((event) => JSON.stringify(event));
  });
}

function repeated(bytes: number, linesOf: (copy: number) => readonly string[]): string {
  const parts: string[] = [];
  let size = 0;
  for (let copy = 0; ; copy++) {
    for (const line of linesOf(copy)) {
      if (size >= bytes) return parts.join("");
      parts.push(`${line}\n`);
      size += line.length + 1;
    }
  }
}

/** A record as it would be in the nth stretch of time: other processes and connections, samples of those. */
function later(record: Fields, copy: number): Fields {
  const moved: Fields = {};
  for (const [field, value] of Object.entries(record)) {
    if (TIMES.has(field) && typeof value === "number") moved[field] = value + copy * SECONDS;
    else if (IDS.has(field) && typeof value === "string") moved[field] = `${value}#${copy}`;
    else if (LISTS.has(field) && Array.isArray(value)) moved[field] = value.map((id) => `${id}#${copy}`);
    else if ((field === "pid" || field === "ppid") && typeof value === "number") moved[field] = value + copy * PIDS;
    else if ((field === "local_port" || field === "remote_port") && typeof value === "number")
      moved[field] = (value + copy * 97) % 65_536;
    else if (field === "processes") moved[field] = laterUsage(value as { [pid: string]: Fields }, copy);
    else moved[field] = value;
  }
  return moved;
}

const TIMES = new Set(["time", "create_time", "valid_from", "valid_to"]);
const IDS = new Set(["id", "ppuid", "suid", "puid", "psuid", "ref", "root_node", "trigger", "peer_cuid"]);
const LISTS = new Set(["puids", "traces"]);

function laterUsage(processes: { [pid: string]: Fields }, copy: number): Fields {
  const moved: Fields = {};
  for (const [pid, usage] of Object.entries(processes)) {
    if (pid === "default") moved[pid] = usage;
    else {
      const start = usage["start_time"];
      const shift = typeof start === "number" ? { start_time: start + copy * SECONDS * 100 } : {};
      moved[Number(pid) + copy * PIDS] = { ...usage, ...shift };
    }
  }
  return moved;
}
