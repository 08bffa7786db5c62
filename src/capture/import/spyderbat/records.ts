import { idOf, type Json, numberOf, secondsOf, textOf, textsOf } from "../json.ts";
import { MalformedLine } from "../problems.ts";

/** Times in a capture are seconds since 1970 with a fraction. The newest version of an id is the one that counts. */
export interface Version {
  readonly id: string;
  readonly timeS: number;
}

export interface ProcessRecord extends Version {
  readonly pid: number;
  readonly createS: number;
  /** Set when it has ended. */
  readonly endS: number | undefined;
  readonly exit: number | undefined;
  /** "thread": a task that executed nothing of its own, which may be a forked process too. */
  readonly type: "normal" | "thread" | "kernel thread";
  readonly ppid: number;
  readonly parent: string;
  readonly session: string;
  readonly sid: number | undefined;
  readonly loginUid: number | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly exe: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly name: string;
  readonly title: string;
  readonly cgroup: string;
  readonly traces: readonly string[];
}

export interface SessionRecord extends Version {
  readonly pid: number;
  readonly loginUid: number | undefined;
  readonly session: number | undefined;
  readonly interactive: boolean;
}

/** A connection, or a listening socket (remotePort 0). */
export interface SocketRecord extends Version {
  readonly owners: readonly string[];
  readonly ipv6: boolean;
  readonly udp: boolean;
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteIp: string;
  readonly remotePort: number;
  readonly direction: "inbound" | "outbound" | "unknown";
  readonly txBytes: number;
  readonly rxBytes: number;
  readonly fromS: number;
  readonly endS: number | undefined;
  /** The record of its other end, when that is in the capture. */
  readonly peer: string;
}

export function versionOf(json: Json): Version {
  const id = textOf(json["id"]);
  const timeS = secondsOf(json["time"]);
  if (id === "") throw new MalformedLine("a record without an id");
  if (timeS === undefined) throw new MalformedLine("a record without a time");
  return { id, timeS };
}

export function processOf(json: Json): ProcessRecord {
  const { id, timeS } = versionOf(json);
  const pid = idOf(json["pid"]);
  const createS = secondsOf(json["create_time"]);
  if (pid === undefined || pid === 0 || createS === undefined)
    throw new MalformedLine("a process without pid or start time");
  const type = json["type"];
  return {
    id,
    timeS,
    pid,
    createS,
    endS: endOf(json),
    exit: numberOf(json["exit"]),
    type: type === "thread" || type === "kernel thread" ? type : "normal",
    ppid: idOf(json["ppid"]) ?? 0,
    parent: textOf(json["ppuid"]),
    session: textOf(json["suid"]),
    sid: loginOf(json["sid"]),
    loginUid: loginOf(json["auid"]),
    uid: idOf(json["euid"]) ?? 0,
    gid: idOf(json["egid"]) ?? 0,
    user: textOf(json["euser"]),
    exe: textOf(json["exe"]),
    args: textsOf(json["args"]),
    cwd: textOf(json["cwd"]),
    name: textOf(json["name"]),
    title: textOf(json["title"]),
    cgroup: textOf(json["cgroup"]),
    traces: textsOf(json["traces"]),
  };
}

export function sessionOf(json: Json): SessionRecord {
  return {
    ...versionOf(json),
    pid: idOf(json["pid"]) ?? 0,
    loginUid: loginOf(json["auid"]),
    session: loginOf(json["session"]),
    interactive: json["interactive"] === true,
  };
}

export function socketOf(json: Json): SocketRecord {
  const { id, timeS } = versionOf(json);
  const localPort = portOf(json["local_port"]);
  if (localPort === undefined) throw new MalformedLine("a socket without a local port");
  const owner = textOf(json["puid"]);
  const owners = textsOf(json["puids"]);
  const direction = json["direction"];
  return {
    id,
    timeS,
    owners: owners.length === 0 && owner !== "" ? [owner] : owners,
    ipv6: json["family"] === "IPV6",
    udp: json["proto"] === "UDP",
    localIp: textOf(json["local_ip"]),
    localPort,
    remoteIp: textOf(json["remote_ip"]),
    remotePort: portOf(json["remote_port"]) ?? 0,
    direction: direction === "inbound" || direction === "outbound" ? direction : "unknown",
    txBytes: numberOf(json["bytes_tx"]) ?? 0,
    rxBytes: numberOf(json["bytes_rx"]) ?? 0,
    fromS: secondsOf(json["create_time"]) ?? secondsOf(json["valid_from"]) ?? timeS,
    endS: endOf(json),
    peer: textOf(json["peer_cuid"]),
  };
}

function endOf(json: Json): number | undefined {
  return json["status"] === "closed" ? (secondsOf(json["valid_to"]) ?? secondsOf(json["time"])) : undefined;
}

/** 4294967295 stands for none. */
function loginOf(value: unknown): number | undefined {
  const id = idOf(value);
  return id === 0xffffffff ? undefined : id;
}

function portOf(value: unknown): number | undefined {
  const port = idOf(value);
  return port !== undefined && port <= 0xffff ? port : undefined;
}
