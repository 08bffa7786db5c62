import { baseName } from "../../core/graph/paths.ts";
import type { Actor, Endpoint, FileFacts, MonitorEvent, NetworkFacts } from "./event.ts";
import { isoTime } from "./native.ts";
import type { Reporter } from "./reporter.ts";

const VERSION = "8.17.0";
const S_IFMT_SHIFT = 12;
const FILE_TYPES: Readonly<Record<number, string>> = { 4: "dir", 8: "file", 10: "symlink" };

interface Classes {
  readonly category?: readonly string[];
  readonly type: readonly string[];
}

/** One event in the field names of the Elastic Common Schema 8 (docs/schema/event-ecs.json). */
export function ecsOf(event: MonitorEvent, reporter: Reporter): object {
  const { kind, error, process, target, details, file, network } = event;
  const lost = kind === "lost" || kind === "throttled";
  const subject = kind === "fork" ? (target ?? process) : process;
  return {
    "@timestamp": isoTime(event.atMs),
    ecs: { version: VERSION },
    event: {
      kind: lost ? "pipeline_error" : "event",
      ...classesOf(kind),
      action: kind,
      outcome: error === undefined ? (lost ? "unknown" : "success") : "failure",
      module: "spydertop",
    },
    agent: { type: "spydertop", version: reporter.version },
    host: { ...(reporter.hostname === "" ? {} : { hostname: reporter.hostname }), os: { type: "linux" } },
    ...(lost ? { message: `${details?.["records"]} records of kind ${details?.["of"]} were lost` } : {}),
    ...(error === undefined ? {} : { error: { code: error } }),
    ...(subject === undefined ? {} : { process: processOf(subject, event), ...userOf(subject) }),
    ...(process === undefined || process.container === "" ? {} : { container: { name: process.container } }),
    ...(file === undefined ? {} : { file: fileOf(file) }),
    ...(network === undefined ? {} : networkOf(network)),
    spydertop: {
      certainty: event.certainty,
      ...(event.truncated ? { truncated: true } : {}),
      ...(target === undefined || kind === "fork"
        ? {}
        : { target: { pid: target.pid, entity_id: target.id, name: target.name } }),
      ...(details === undefined ? {} : { details }),
    },
  };
}

function classesOf(kind: MonitorEvent["kind"]): Classes {
  switch (kind) {
    case "fork":
    case "exec":
    case "found":
      return { category: ["process"], type: ["start"] };
    case "exit":
      return { category: ["process"], type: ["end"] };
    case "credentials":
    case "inject":
    case "namespace":
    case "cgroup":
    case "signal":
      return { category: ["process"], type: ["change"] };
    case "memory":
    case "io_uring":
    case "pipe":
    case "fd-pass":
    case "unknown":
      return { category: ["process"], type: ["info"] };
    case "create":
    case "link":
    case "symlink":
      return { category: ["file"], type: ["creation"] };
    case "open":
    case "read":
      return { category: ["file"], type: ["access"] };
    case "write":
    case "bytes":
    case "chmod":
    case "chown":
    case "truncate":
    case "rename":
    case "mount":
      return { category: ["file"], type: ["change"] };
    case "unlink":
      return { category: ["file"], type: ["deletion"] };
    case "connect":
    case "accept":
    case "socket":
    case "unix-connect":
    case "unix-accept":
      return { category: ["network"], type: ["connection", "start"] };
    case "close":
      return { category: ["network"], type: ["connection", "end"] };
    case "datagram":
      return { category: ["network"], type: ["connection"] };
    case "listen":
    case "dns":
      return { category: ["network"], type: ["info"] };
    case "kernel":
      return { category: ["driver"], type: ["change"] };
    case "lost":
    case "throttled":
      return { type: ["error"] };
  }
}

function processOf(actor: Actor, { exit, atMs }: MonitorEvent): object {
  const { pid, id, name, executable, args, environment, cwd, startMs, parent } = actor;
  const code = exit?.signal === undefined ? exit?.status : 128 + exit.signal;
  return {
    pid,
    entity_id: id,
    name,
    ...(executable === undefined ? {} : { executable }),
    ...(args.length === 0 ? {} : { args, args_count: args.length, command_line: args.join(" ") }),
    ...(environment === undefined ? {} : { env_vars: environment }),
    ...(cwd === undefined ? {} : { working_directory: cwd }),
    ...(startMs === undefined ? {} : { start: isoTime(startMs) }),
    ...(exit === undefined ? {} : { end: isoTime(atMs) }),
    ...(code === undefined ? {} : { exit_code: code }),
    ...(parent === undefined
      ? {}
      : {
          parent: {
            pid: parent.pid,
            entity_id: parent.id,
            name: parent.name,
            ...(parent.executable === undefined ? {} : { executable: parent.executable }),
          },
        }),
  };
}

function userOf({ uid, user }: Actor): object {
  return uid === undefined ? {} : { user: { id: String(uid), name: user ?? "" } };
}

function fileOf({ path, target, inode, device, mode, ownerUid, size }: FileFacts): object {
  const type = mode === undefined ? undefined : FILE_TYPES[mode >> S_IFMT_SHIFT];
  return {
    path,
    name: baseName(path) || path,
    directory: path.slice(0, Math.max(1, path.lastIndexOf("/"))),
    ...(target === undefined ? {} : { target_path: target }),
    ...(inode === undefined ? {} : { inode }),
    ...(device === undefined ? {} : { device }),
    ...(mode === undefined ? {} : { mode: (mode & 0o7777).toString(8).padStart(4, "0") }),
    ...(ownerUid === undefined ? {} : { uid: String(ownerUid) }),
    ...(size === undefined ? {} : { size }),
    ...(type === undefined ? {} : { type }),
  };
}

function networkOf({
  protocol,
  number,
  ipVersion,
  direction,
  local,
  remote,
  path,
  txBytes,
  rxBytes,
}: NetworkFacts): object {
  const inward = direction === "in" || direction === "listen";
  const mine = side(local, txBytes);
  const theirs = side(remote, rxBytes);
  const [source, destination] = inward ? [theirs, mine] : [mine, theirs];
  return {
    network: {
      direction: inward ? "ingress" : direction === "out" ? "egress" : "unknown",
      ...(protocol === "tcp" || protocol === "udp" ? { transport: protocol } : {}),
      ...(number === undefined ? {} : { iana_number: String(number) }),
      ...(ipVersion === undefined ? {} : { type: `ipv${ipVersion}` }),
      bytes: txBytes + rxBytes,
    },
    ...(source === undefined ? {} : { source }),
    ...(protocol === "unix" ? { destination: { address: path ?? "(unnamed)" } } : destination && { destination }),
  };
}

/** A side and what it sent. */
function side(end: Endpoint | undefined, bytes: number): object | undefined {
  if (end === undefined) return undefined;
  const { ip, port, name } = end;
  return { address: ip, ip, port, ...(name === undefined ? {} : { domain: name }), bytes };
}
