import { parseAddress } from "../../../core/text/address.ts";
import type { BatchWriter, SockKind } from "../../../core/wire/encode.ts";
import type { SockFields } from "../../../core/wire/fields.ts";
import { FLAG, KIND } from "../../../core/wire/layout.gen.ts";
import { type Agenda, RANK } from "./agenda.ts";
import type { CapturedProcess, Forest } from "./forest.ts";
import type { Newest } from "./newest.ts";
import type { SocketRecord } from "./records.ts";
import type { Timebase } from "./timebase.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;

/** Rows of connections and listening sockets. Both ends of a local connection have a record; the graph joins them by their addresses. */
export class SocketRows {
  readonly #writer: BatchWriter;
  readonly #forest: Forest;
  readonly #base: Timebase;
  readonly #startNs: number;
  /** The capture has no inodes: each record is given one. */
  readonly #inodes = new Map<string, number>();

  constructor(writer: BatchWriter, forest: Forest, base: Timebase, startNs: number) {
    this.#writer = writer;
    this.#forest = forest;
    this.#base = base;
    this.#startNs = startNs;
  }

  /** The inode a record's socket has in the rows; undefined when there is no such record. */
  inodeOf(id: string): number | undefined {
    return this.#inodes.get(id);
  }

  enter(agenda: Agenda, connections: Newest<SocketRecord>, listening: Newest<SocketRecord>): void {
    for (const record of listening.values()) this.#enter(agenda, record, KIND.LISTEN);
    for (const record of connections.values()) this.#enter(agenda, record, kindOf(record, connections));
  }

  #enter(agenda: Agenda, record: SocketRecord, kind: SockKind): void {
    const local = parseAddress(record.localIp);
    const remote = parseAddress(record.remoteIp);
    if (local === undefined) return;
    const sock = this.#inodes.size + 1;
    this.#inodes.set(record.id, sock);
    const fromNs = this.#base.ns(record.fromS);
    const before = fromNs <= this.#startNs;
    const fields = {
      sock,
      local,
      localPort: record.localPort,
      remotePort: record.remotePort,
      family: record.ipv6 ? AF_INET6 : AF_INET,
      proto: record.udp ? IPPROTO_UDP : IPPROTO_TCP,
      tx: record.txBytes,
      rx: record.rxBytes,
      ...(remote === undefined ? {} : { remote }),
    };
    const owners = record.owners.map((id) => this.#forest.of(id)).filter((owner) => owner !== undefined);
    const heads = owners.length === 0 ? [undefined] : owners;
    agenda.add(fromNs, before ? RANK.SNAPSHOT_SOCKET : RANK.SOCKET, (timeNs) => {
      const flags = before ? FLAG.BEFORE_START : 0;
      for (const owner of heads) this.#writer.sock(kind, { ...fields, ...headOf(owner, timeNs, flags) });
    });
    if (record.endS === undefined) return;
    const endNs = Math.max(this.#base.ns(record.endS), fromNs);
    agenda.add(endNs, RANK.CLOSE, (timeNs) =>
      this.#writer.sock(KIND.CLOSE, { ...fields, ...headOf(heads[0], timeNs, 0) }),
    );
  }
}

/** Which side asked is often told by the other end alone. */
function kindOf(record: SocketRecord, connections: Newest<SocketRecord>): SockKind {
  const { direction } = record;
  const peer = connections.get(record.peer)?.direction ?? "unknown";
  const asked = direction === "unknown" ? peer === "inbound" : direction === "outbound";
  const wasAsked = direction === "unknown" ? peer === "outbound" : direction === "inbound";
  if (record.udp) return KIND.DATAGRAM;
  return asked ? KIND.CONNECT : wasAsked ? KIND.ACCEPT : KIND.SOCKET;
}

function headOf(
  owner: CapturedProcess | undefined,
  timeNs: number,
  flags: number,
): Pick<SockFields, "timeNs" | "pid" | "startNs" | "flags"> {
  if (owner === undefined) return { timeNs, pid: 0, startNs: 0, flags: flags | FLAG.NO_OWNER };
  return { timeNs, pid: owner.pid, startNs: owner.startNs, flags };
}
