import type { BatchWriter } from "../../core/wire/encode.ts";
import type { RowHead } from "../../core/wire/fields.ts";
import { FLAG, KIND } from "../../core/wire/layout.gen.ts";
import { type NetLine, readNetTable, readUnixTable, type UnixLine } from "./net-table.ts";
import type { ProcFiles } from "./proc-files.ts";

/** The process that holds a socket. */
export interface SockOwner {
  readonly pid: number;
  readonly startNs: number;
  /** Socket inodes it held when its descriptors were last read. */
  sockets: ReadonlySet<number>;
}

interface Sock {
  readonly table: NetTable | undefined;
  readonly netns: number;
  readonly addresses: Uint8Array;
  localPort: number;
  remotePort: number;
  state: number;
  readonly unix: UnixLine | undefined;
  /** Reads of the tables that saw it last. */
  seen: number;
  /** Nobody we may look at held it when everyone was searched. */
  searched: boolean;
  /** Its first row was written, with or without an owner. */
  told: boolean;
}

interface NetTable {
  readonly file: string;
  /** In sockstat and sockstat6. */
  readonly name: string;
  readonly family: number;
  readonly proto: number;
}

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const TCP_ESTABLISHED = 1;
const TCP_CLOSE = 7;
const TCP_LISTEN = 10;

const TABLES: readonly NetTable[] = [
  { file: "tcp", name: "TCP", family: AF_INET, proto: IPPROTO_TCP },
  { file: "tcp6", name: "TCP6", family: AF_INET6, proto: IPPROTO_TCP },
  { file: "udp", name: "UDP", family: AF_INET, proto: IPPROTO_UDP },
  { file: "udp6", name: "UDP6", family: AF_INET6, proto: IPPROTO_UDP },
];

/**
 * The sockets of every network namespace we can see and who holds them. A SOCKET row is written for each pair of holder and socket, and
 * again when the socket's state or addresses change; a CLOSE row when it left its table.
 */
export class Sockets {
  readonly #files: ProcFiles;
  readonly #writer: BatchWriter;
  readonly #socks = new Map<number, Sock>();
  readonly #holders = new Map<number, Map<SockOwner, number>>();
  #reads = 0;

  constructor(files: ProcFiles, writer: BatchWriter) {
    this.#files = files;
    this.#writer = writer;
  }

  /** Reads every table of the namespaces, given as inode and "/proc/<pid>/net" of a member. */
  *readTables(namespaces: ReadonlyMap<number, string>, head: RowTime): Generator<void> {
    this.#reads++;
    const unread = new Set<number>();
    for (const [netns, folder] of namespaces) {
      const summary = this.#summary(folder);
      for (const table of TABLES) {
        if (summary.includes(`${table.name}: inuse 0`)) continue;
        const path = `${folder}/${table.file}`;
        if (!readNetTable(this.#files, path, table.family === AF_INET6, (line) => this.#see(table, netns, line, head)))
          unread.add(netns);
        yield;
      }
      if (!readUnixTable(this.#files, `${folder}/unix`, (line) => this.#seeUnix(netns, line, head))) unread.add(netns);
      yield;
    }
    for (const [inode, sock] of this.#socks) {
      // The member whose tables were read may have died halfway: the next round asks another one.
      if (sock.seen !== this.#reads && !unread.has(sock.netns)) this.#close(inode, sock, head);
    }
  }

  /** Sockets nobody is known to hold and nobody was searched for yet. */
  get unowned(): number {
    let count = 0;
    for (const [inode, sock] of this.#socks) if (!sock.searched && !this.#holders.has(inode)) count++;
    return count;
  }

  /** After everyone's descriptors were read: what is still unowned is told without an owner and not searched again. */
  giveUp(head: RowTime): void {
    for (const [inode, sock] of this.#socks) {
      if (this.#holders.has(inode) || sock.searched) continue;
      sock.searched = true;
      this.#tell(inode, sock, undefined, -1, head);
    }
  }

  /** The sockets one process holds now: inode to descriptor. */
  hold(owner: SockOwner, held: ReadonlyMap<number, number>, head: RowTime): void {
    for (const inode of owner.sockets) if (!held.has(inode)) this.#drop(owner, inode);
    for (const [inode, fd] of held) {
      let holders = this.#holders.get(inode);
      if (holders === undefined) this.#holders.set(inode, (holders = new Map()));
      if (holders.has(owner)) continue;
      holders.set(owner, fd);
      const sock = this.#socks.get(inode);
      if (sock !== undefined) this.#tell(inode, sock, owner, fd, head);
    }
    owner.sockets = new Set(held.keys());
  }

  /** The process ended. */
  release(owner: SockOwner): void {
    for (const inode of owner.sockets) this.#drop(owner, inode);
    owner.sockets = new Set();
  }

  /**
   * Counts of a namespace's sockets by protocol. Reading an empty TCP table walks the whole machine's hash all the same:
   * 2 ms with 24 GB of memory, for each namespace.
   */
  #summary(folder: string): string {
    return (this.#files.text(`${folder}/sockstat`) ?? "") + (this.#files.text(`${folder}/sockstat6`) ?? "");
  }

  #drop(owner: SockOwner, inode: number): void {
    const holders = this.#holders.get(inode);
    holders?.delete(owner);
    if (holders?.size === 0) this.#holders.delete(inode);
  }

  #see(table: NetTable, netns: number, line: NetLine, head: RowTime): void {
    let sock = this.#socks.get(line.inode);
    if (sock === undefined || sock.table !== table) {
      sock = { ...fresh(netns), table, addresses: line.addresses.slice(), ...portsOf(line), state: line.state };
      this.#socks.set(line.inode, sock);
      this.#tellHolders(line.inode, sock, head);
    } else if (changed(sock, line)) {
      sock.addresses.set(line.addresses);
      Object.assign(sock, portsOf(line), { state: line.state });
      this.#tellHolders(line.inode, sock, head);
    }
    sock.seen = this.#reads;
  }

  #seeUnix(netns: number, line: UnixLine, head: RowTime): void {
    const sock = this.#socks.get(line.inode);
    if (sock?.unix !== undefined) {
      sock.seen = this.#reads;
      return;
    }
    const state = line.listening ? TCP_LISTEN : line.connected ? TCP_ESTABLISHED : TCP_CLOSE;
    // Most are one end of an unnamed pair: told when a holder is known, not worth a search.
    const added: Sock = { ...fresh(netns), unix: line, state, seen: this.#reads, searched: true };
    this.#socks.set(line.inode, added);
    this.#tellHolders(line.inode, added, head);
  }

  #tellHolders(inode: number, sock: Sock, head: RowTime): void {
    const holders = this.#holders.get(inode);
    if (holders !== undefined) for (const [owner, fd] of holders) this.#tell(inode, sock, owner, fd, head);
    else if (sock.told) this.#tell(inode, sock, undefined, -1, head);
  }

  #tell(inode: number, sock: Sock, owner: SockOwner | undefined, fd: number, head: RowTime): void {
    sock.told = true;
    const row = rowHead(owner, head);
    if (sock.unix !== undefined) {
      const path = sock.unix.path.startsWith("@") ? `\0${sock.unix.path.slice(1)}` : sock.unix.path;
      this.#writer.unix(KIND.UNIX_SOCKET, { ...row, path, fd, sock: inode, state: sock.state, type: sock.unix.type });
    } else {
      this.#sock(KIND.SOCKET, inode, sock, fd, row);
    }
  }

  #close(inode: number, sock: Sock, head: RowTime): void {
    const holder = this.#holders.get(inode)?.entries().next().value;
    if (sock.told && sock.unix === undefined) {
      sock.state = TCP_CLOSE;
      this.#sock(KIND.CLOSE, inode, sock, holder?.[1] ?? -1, rowHead(holder?.[0], head));
    }
    this.#socks.delete(inode);
    this.#holders.delete(inode);
  }

  #sock(kind: typeof KIND.SOCKET | typeof KIND.CLOSE, inode: number, sock: Sock, fd: number, row: RowHead): void {
    this.#writer.sock(kind, {
      ...row,
      sock: inode,
      local: sock.addresses.subarray(0, 16),
      remote: sock.addresses.subarray(16),
      localPort: sock.localPort,
      remotePort: sock.remotePort,
      family: sock.table?.family ?? AF_INET,
      proto: sock.table?.proto ?? 0,
      state: sock.state,
      fd,
      netns: sock.netns,
    });
  }
}

/** What the rows of one moment share. */
export interface RowTime {
  readonly timeNs: number;
  readonly flags: number;
}

function rowHead(owner: SockOwner | undefined, head: RowTime): RowHead {
  return owner === undefined
    ? { timeNs: head.timeNs, pid: 0, startNs: 0, flags: head.flags | FLAG.NO_OWNER }
    : { timeNs: head.timeNs, pid: owner.pid, startNs: owner.startNs, flags: head.flags };
}

function fresh(netns: number): Sock {
  return {
    table: undefined,
    netns,
    addresses: new Uint8Array(0),
    localPort: 0,
    remotePort: 0,
    state: 0,
    unix: undefined,
    seen: 0,
    searched: false,
    told: false,
  };
}

function portsOf(line: NetLine): Pick<Sock, "localPort" | "remotePort"> {
  return { localPort: line.localPort, remotePort: line.remotePort };
}

function changed(sock: Sock, line: NetLine): boolean {
  if (sock.state !== line.state || sock.localPort !== line.localPort || sock.remotePort !== line.remotePort)
    return true;
  for (let i = 0; i < 32; i++) if (sock.addresses[i] !== line.addresses[i]) return true;
  return false;
}
