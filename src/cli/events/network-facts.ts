import { CONNECTION_FLAG, TCP, UDP } from "../../core/graph/connections.ts";
import type { Graph } from "../../core/graph/graph.ts";
import type { EndIndex } from "../../core/graph/indexes.ts";
import { NONE } from "../../core/graph/indexes.ts";
import { formatAddress, isIpv4, isUnspecified } from "../../core/text/address.ts";
import type { BatchReader } from "../../core/wire/decode.ts";
import { HDR, KIND, SOCK, UNIX } from "../../core/wire/layout.gen.ts";
import type { Endpoint, EventKind, MonitorEvent, NetworkFacts } from "./event.ts";

/** Own address, then the other side's. */
const addresses = new Uint8Array(32);
const words = new Uint32Array(addresses.buffer);

/** Of the rows of internet sockets. */
export function networkFacts(graph: Graph, reader: BatchReader): NetworkFacts {
  reader.copy(SOCK.laddr, 32, addresses, 0);
  const number = reader.u8(SOCK.proto);
  const local = endpoint(0, reader.u16(SOCK.lport));
  const remote = remoteEndpoint(graph, reader);
  return {
    protocol: number === TCP ? "tcp" : number === UDP ? "udp" : "other",
    number,
    // An IPv6 socket may carry IPv4.
    ipVersion: isIpv4(addresses, remote === undefined ? 0 : 16) ? 4 : 6,
    direction: direction(graph, reader),
    ...(local === undefined ? {} : { local }),
    ...(remote === undefined ? {} : { remote }),
    socket: String(u64(reader, SOCK.sock)),
    txBytes: reader.number(SOCK.tx),
    rxBytes: reader.number(SOCK.rx),
  };
}

export function unixFacts(reader: BatchReader, kind: EventKind): Pick<MonitorEvent, "kind" | "network" | "details"> {
  const path = reader.text(UNIX.path);
  const peer = reader.u32(UNIX.peerTgid);
  return {
    kind,
    network: {
      protocol: "unix",
      direction: kind === "unix-connect" ? "out" : "in",
      ...(path === "" ? {} : { path: path.startsWith("\0") ? `@${path.slice(1)}` : path }),
      socket: String(u64(reader, UNIX.sock)),
      txBytes: 0,
      rxBytes: 0,
    },
    ...(peer === 0 ? {} : { details: { peerPid: peer } }),
  };
}

function direction(graph: Graph, reader: BatchReader): NetworkFacts["direction"] {
  switch (reader.kind) {
    case KIND.CONNECT:
      return "out";
    case KIND.ACCEPT:
      return "in";
    case KIND.LISTEN:
      return "listen";
    default:
      return reader.u8(SOCK.proto) === TCP ? knownDirection(graph, reader) : "unknown";
  }
}

/** With the name the process was told for the address, or another process of this machine. */
function remoteEndpoint(graph: Graph, reader: BatchReader): Endpoint | undefined {
  const remote = endpoint(16, reader.u16(SOCK.rport));
  if (remote === undefined) return undefined;
  const { processes, names } = graph;
  const process = processes.find(reader.u32(HDR.tgid), reader.lo(HDR.start), reader.hi(HDR.start));
  const told = names.find(process === NONE ? Number.NaN : processes.id(process), words, 4);
  return told === undefined ? remote : { ...remote, name: told.name };
}

/** As its beginning told; unknown when that was not seen. */
function knownDirection(graph: Graph, reader: BatchReader): NetworkFacts["direction"] {
  const { connections } = graph;
  if (reader.u16(SOCK.rport) === 0) return "listen";
  const end = endOf(graph, reader);
  if (end === NONE || connections.has(end >> 1, CONNECTION_FLAG.DIRECTION_GUESSED)) return "unknown";
  return connections.clientSide.get(end >> 1) === (end & 1) ? "out" : "in";
}

/** The end of a connection a row speaks of, also when it is closed by now. */
export function endOf({ connections }: Graph, reader: BatchReader): EndIndex {
  const lo = reader.lo(SOCK.sock);
  const hi = reader.hi(SOCK.sock);
  const remotePort = reader.u16(SOCK.rport);
  const open = connections.byInode(lo, hi);
  reader.copy(SOCK.laddr, 32, addresses, 0);
  if (open !== NONE && connections.hasRemote(open, words, remotePort)) return open;
  const mine = (end: EndIndex): boolean => connections.inoLo.get(end) === lo && connections.inoHi.get(end) === hi;
  return connections.byTuple(
    reader.u8(SOCK.proto),
    words,
    reader.u16(SOCK.lport),
    remotePort,
    reader.u32(SOCK.netns),
    mine,
  );
}

function endpoint(at: number, port: number): Endpoint | undefined {
  if (port === 0 && isUnspecified(addresses, at)) return undefined;
  return { ip: formatAddress(addresses, at), port };
}

function u64(reader: BatchReader, offset: number): bigint {
  return (BigInt(reader.hi(offset)) << 32n) | BigInt(reader.lo(offset));
}
