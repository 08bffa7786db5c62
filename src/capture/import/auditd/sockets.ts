import type { BatchWriter } from "../../../core/wire/encode.ts";
import type { SockFields } from "../../../core/wire/fields.ts";
import { KIND } from "../../../core/wire/layout.gen.ts";
import type { AuditEvent } from "./event.ts";
import type { AuditProcess } from "./processes.ts";
import { hexField, numberField } from "./record.ts";
import { parseSockaddr, type SocketAddress } from "./sockaddr.ts";

type IpAddress = Extract<SocketAddress, { kind: "ip" }>;

/** A socket as far as the calls on its descriptor tell. */
export interface Descriptor {
  /** Stands for the inode, which no record tells. */
  sock: number;
  readonly datagram: boolean | undefined;
  bound: SocketAddress | undefined;
  remote: IpAddress | undefined;
  /** Remotes a datagram was sent to, and connected ones. */
  readonly told: Set<string>;
}

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_TYPE_MASK = 0xf;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const DNS_PORT = 53;
const EINPROGRESS = 115;
const SYN_SENT = 2;
const LISTEN = 10;
const MAX_REMOTES = 256;
/** Generations of forks a descriptor is looked for in. */
const MAX_INHERITED = 8;

/** Writes the rows of sockets. Addresses are those the calls were made with: a record has the other end or our own, never both. */
export class SocketTable {
  readonly #writer: BatchWriter;
  #sockets = 0;

  constructor(writer: BatchWriter) {
    this.#writer = writer;
  }

  created(process: AuditProcess, event: AuditEvent): void {
    const type = hexField(event.main, " a1=") & SOCK_TYPE_MASK;
    const fd = numberField(event.main, " exit=") ?? -1;
    if (fd >= 0) process.sockets.set(fd, this.#descriptor(type === SOCK_DGRAM));
  }

  bound(process: AuditProcess, event: AuditEvent): void {
    const address = parseSockaddr(event.sockaddr);
    if (address !== undefined) this.#at(process, event).bound = address;
  }

  listens(process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const descriptor = this.#at(process, event);
    const { bound, sock } = descriptor;
    const head = { ...headOf(process, timeNs), sock, fd: fdOf(event) };
    if (bound?.kind === "ip") {
      const backlog = hexField(event.main, " a1=");
      this.#writer.sock(KIND.LISTEN, { ...head, ...localOf(bound), family: familyOf(bound), backlog });
    } else if (bound?.kind === "unix") {
      this.#writer.unix(KIND.UNIX_SOCKET, { ...head, path: bound.path, state: LISTEN });
    }
  }

  connects(process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const address = parseSockaddr(event.sockaddr);
    const error = Math.max(0, -(numberField(event.main, " exit=") ?? 0));
    if (address === undefined) return;
    const descriptor = this.#at(process, event);
    const fd = fdOf(event);
    if (address.kind === "unix") {
      if (error !== 0) return;
      descriptor.sock = ++this.#sockets;
      this.#writer.unix(KIND.UNIX_CONNECT, {
        ...headOf(process, timeNs),
        sock: descriptor.sock,
        fd,
        path: address.path,
      });
      return;
    }
    if (address.port === 0) return;
    // Without the call that made the socket: nearly everything that connects to this port asks for a name.
    const datagram = descriptor.datagram ?? address.port === DNS_PORT;
    const known = descriptor.remote;
    const again = known !== undefined && keyOf(known) === keyOf(address);
    if (!again) descriptor.sock = ++this.#sockets;
    descriptor.remote = address;
    if (datagram) {
      if (error === 0) this.#datagram(process, descriptor, address, timeNs, fd);
      return;
    }
    this.#writer.sock(KIND.CONNECT, {
      ...headOf(process, timeNs),
      ...remoteOf(address),
      sock: descriptor.sock,
      fd,
      err: error,
      ...(error === EINPROGRESS ? { state: SYN_SENT } : {}),
    });
  }

  accepts(process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const address = parseSockaddr(event.sockaddr);
    const fd = numberField(event.main, " exit=") ?? -1;
    if (fd < 0 || address === undefined) return;
    const { bound } = this.#at(process, event);
    const accepted = this.#descriptor(false);
    process.sockets.set(fd, accepted);
    const head = { ...headOf(process, timeNs), sock: accepted.sock, fd };
    if (address.kind === "unix") {
      const path = bound?.kind === "unix" ? bound.path : "";
      this.#writer.unix(KIND.UNIX_ACCEPT, { ...head, path });
      return;
    }
    accepted.remote = address;
    const local = bound?.kind === "ip" ? localOf(bound) : {};
    this.#writer.sock(KIND.ACCEPT, { ...head, ...local, ...remoteOf(address) });
  }

  sends(process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const address = parseSockaddr(event.sockaddr);
    if (address?.kind !== "ip" || address.port === 0) return;
    this.#datagram(process, this.#at(process, event), address, timeNs, fdOf(event));
  }

  closes(process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const fd = fdOf(event);
    const descriptor = process.sockets.get(fd);
    if (descriptor === undefined) return;
    process.sockets.delete(fd);
    const { remote, sock, datagram } = descriptor;
    if (remote === undefined) return;
    const proto = datagram ? IPPROTO_UDP : IPPROTO_TCP;
    this.#writer.sock(KIND.CLOSE, { ...headOf(process, timeNs), ...remoteOf(remote), sock, proto });
  }

  /** A program tells who logged in from where: it holds a connection from there. The ports are not told. */
  loggedIn(process: AuditProcess, remote: Uint8Array, timeNs: number): void {
    const sock = ++this.#sockets;
    this.#writer.sock(KIND.ACCEPT, { ...headOf(process, timeNs), sock, remote });
  }

  #datagram(process: AuditProcess, descriptor: Descriptor, remote: IpAddress, timeNs: number, fd: number): void {
    const key = keyOf(remote);
    if (descriptor.told.has(key)) return;
    if (descriptor.told.size >= MAX_REMOTES) descriptor.told.clear();
    descriptor.told.add(key);
    const head = { ...headOf(process, timeNs), sock: descriptor.sock, fd };
    this.#writer.sock(KIND.DATAGRAM, { ...head, ...remoteOf(remote), proto: IPPROTO_UDP });
  }

  /** The descriptor a call was made on: its own, or one from before a fork. */
  #at(process: AuditProcess, event: AuditEvent): Descriptor {
    const fd = fdOf(event);
    let holder: AuditProcess | undefined = process;
    for (let i = 0; holder !== undefined && i < MAX_INHERITED; i++) {
      const found = holder.sockets.get(fd);
      if (found !== undefined) return found;
      holder = holder.parent;
    }
    const added = this.#descriptor(undefined);
    process.sockets.set(fd, added);
    return added;
  }

  #descriptor(datagram: boolean | undefined): Descriptor {
    return { sock: ++this.#sockets, datagram, bound: undefined, remote: undefined, told: new Set() };
  }
}

function headOf({ pid, startNs }: AuditProcess, timeNs: number): Pick<SockFields, "timeNs" | "pid" | "startNs"> {
  return { timeNs, pid, startNs };
}

function fdOf(event: AuditEvent): number {
  return hexField(event.main, " a0=") | 0;
}

function localOf({ address, port }: IpAddress): Pick<SockFields, "local" | "localPort"> {
  return { local: address, localPort: port };
}

function remoteOf(address: IpAddress): Pick<SockFields, "remote" | "remotePort" | "family"> {
  return { remote: address.address, remotePort: address.port, family: familyOf(address) };
}

function familyOf({ ipv6 }: IpAddress): number {
  return ipv6 ? AF_INET6 : AF_INET;
}

function keyOf({ address, port }: IpAddress): string {
  return `${address.join(".")}:${port}`;
}
