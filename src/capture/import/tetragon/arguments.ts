import { idOf, isObject, type Json, numberOf, objectOf, textOf } from "../json.ts";

/** The socket a hook was called with. */
export interface SocketArgument {
  /** Address of the kernel's socket: the same in every event of one socket. */
  readonly sock: bigint;
  readonly ipv6: boolean;
  readonly udp: boolean;
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  /** As the kernel names it: "TCP_ESTABLISHED"; empty when not told. */
  readonly state: string;
}

/** The arguments of a hook: each is an object with one field that names its kind. */
export class HookArguments {
  readonly #all: readonly Json[];

  constructor(event: Json) {
    const returned = isObject(event["return"]) ? [event["return"]] : [];
    const args = Array.isArray(event["args"]) ? event["args"].filter(isObject) : [];
    this.#all = [...args, ...returned];
  }

  /** The first argument of a kind. */
  first(kind: string): unknown {
    return this.#all.find((one) => one[kind] !== undefined)?.[kind];
  }

  number(): number | undefined {
    return numberOf(this.first("size_arg") ?? this.first("int_arg") ?? this.first("uint_arg"));
  }

  /** Path of a file argument; empty without one. */
  path(): string {
    const file = this.first("file_arg") ?? this.first("path_arg");
    return file === undefined ? textOf(this.first("string_arg")) : textOf(objectOf(file)["path"]);
  }

  socket(): SocketArgument | undefined {
    const sock = this.first("sock_arg");
    if (isObject(sock)) return socketOf(sock, textOf(sock["daddr"]), idOf(sock["dport"]) ?? 0);
    const target = this.first("sockaddr_arg");
    const socket = objectOf(this.first("socket_arg"));
    if (!isObject(target)) return undefined;
    return socketOf({ ...socket, family: target["family"] }, textOf(target["addr"]), idOf(target["port"]) ?? 0);
  }
}

function socketOf(sock: Json, remote: string, remotePort: number): SocketArgument | undefined {
  const family = textOf(sock["family"]);
  if (family !== "AF_INET" && family !== "AF_INET6") return undefined;
  const cookie = textOf(sock["cookie"]);
  return {
    sock: /^\d{1,20}$/.test(cookie) ? BigInt.asUintN(64, BigInt(cookie)) : 0n,
    ipv6: family === "AF_INET6",
    udp: textOf(sock["protocol"]) === "IPPROTO_UDP" || textOf(sock["type"]) === "SOCK_DGRAM",
    local: textOf(sock["saddr"]),
    localPort: idOf(sock["sport"]) ?? 0,
    remote,
    remotePort,
    state: textOf(sock["state"]),
  };
}
