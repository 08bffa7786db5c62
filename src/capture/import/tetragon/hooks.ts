import { parseAddress } from "../../../core/text/address.ts";
import type { BatchWriter, SockKind } from "../../../core/wire/encode.ts";
import { KIND, OPEN_FLAG } from "../../../core/wire/layout.gen.ts";
import { numberOf } from "../json.ts";
import type { HookArguments, SocketArgument } from "./arguments.ts";
import type { Life } from "./processes.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const EINPROGRESS = 115;
const SYN_SENT = 2;
/** Bits of `mask` in security_file_permission. */
const MAY_EXEC = 1;
const MAY_WRITE = 2;
const MAY_READ = 4;

const STATES =
  "NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV".split(
    " ",
  );

/** Rows of the kernel functions that tracing policies hook. */
export class Hooks {
  readonly #writer: BatchWriter;
  /** Payload bytes sent so far by open sockets whose sends are traced. */
  readonly #sent = new Map<bigint, number>();

  constructor(writer: BatchWriter) {
    this.#writer = writer;
  }

  /** False when there is no place for what the function did. */
  write(name: string, args: HookArguments, life: Life, timeNs: number): boolean {
    const plain = plainName(name);
    const socket = args.socket();
    if (socket !== undefined) return this.#socket(plain, args, socket, life, timeNs);
    const open = openOf(plain, args);
    const path = args.path();
    if (open === 0 || !path.startsWith("/")) return false;
    const { pid, startNs } = life;
    this.#writer.open({ timeNs, pid, startNs, path, dev: 0, ino: 0, open });
    return true;
  }

  #socket(plain: string, args: HookArguments, socket: SocketArgument, life: Life, timeNs: number): boolean {
    switch (plain) {
      case "tcp_connect":
      case "tcp_v4_connect":
      case "tcp_v6_connect":
      case "socket_connect":
      case "sys_connect":
      case "ip4_datagram_connect":
      case "ip6_datagram_connect":
        this.#row(socket.udp ? KIND.DATAGRAM : KIND.CONNECT, socket, life, timeNs);
        return true;
      case "inet_csk_accept":
      case "socket_accept":
        this.#row(KIND.ACCEPT, socket, life, timeNs);
        return true;
      case "inet_csk_listen_start":
      case "inet_listen":
      case "socket_listen":
      case "sys_listen":
        this.#row(KIND.LISTEN, { ...socket, remotePort: 0, remote: "" }, life, timeNs);
        return true;
      case "tcp_sendmsg":
        this.#sent.set(socket.sock, (this.#sent.get(socket.sock) ?? 0) + (args.number() ?? 0));
        this.#row(KIND.SOCKET, socket, life, timeNs);
        return true;
      case "udp_sendmsg":
      case "udpv6_sendmsg":
        this.#row(KIND.DATAGRAM, socket, life, timeNs);
        return true;
      case "tcp_close":
        this.#row(KIND.CLOSE, socket, life, timeNs);
        this.#sent.delete(socket.sock);
        return true;
      default:
        return false;
    }
  }

  #row(kind: SockKind, socket: SocketArgument, { pid, startNs }: Life, timeNs: number): void {
    const told = STATES.indexOf(socket.state.slice("TCP_".length));
    // The hook is at the attempt: whether it succeeded is not told.
    const pending = kind === KIND.CONNECT && told !== 1;
    const local = parseAddress(socket.local);
    const remote = parseAddress(socket.remote);
    this.#writer.sock(kind, {
      timeNs,
      pid,
      startNs,
      sock: socket.sock,
      tx: this.#sent.get(socket.sock) ?? 0,
      localPort: socket.localPort & 0xffff,
      remotePort: socket.remotePort & 0xffff,
      family: socket.ipv6 ? AF_INET6 : AF_INET,
      proto: socket.udp ? IPPROTO_UDP : IPPROTO_TCP,
      err: pending ? EINPROGRESS : 0,
      ...(pending ? { state: SYN_SENT } : {}),
      ...(local === undefined ? {} : { local }),
      ...(remote === undefined ? {} : { remote }),
    });
  }
}

/** The function without the prefix of its layer or architecture. */
function plainName(name: string): string {
  return name.replace(/^(security_|__(x64|arm64|ia32)_)/, "");
}

/** How a file was used, as OPEN_FLAG bits; 0 = not told. */
function openOf(plain: string, args: HookArguments): number {
  switch (plain) {
    case "file_permission": {
      const mask = numberOf(args.first("int_arg")) ?? 0;
      return (mask & MAY_WRITE ? OPEN_FLAG.WRITE : 0) | (mask & (MAY_READ | MAY_EXEC) ? OPEN_FLAG.READ : 0);
    }
    case "path_truncate":
    case "file_truncate":
    case "sys_write":
    case "vfs_write":
      return OPEN_FLAG.WRITE;
    case "file_open":
    case "fd_install":
    case "mmap_file":
    case "sys_read":
    case "vfs_read":
    case "sys_open":
    case "sys_openat":
      return OPEN_FLAG.READ;
    default:
      return 0;
  }
}
