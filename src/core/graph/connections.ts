import { formatBound } from "../text/address.ts";
import { keyedHash } from "../wire/keyed-hash.ts";
import { I32Block, MixedBlock } from "./blocks.ts";
import { Sparse } from "./columns.ts";
import { HashIndex, hash2, keyedHash2 } from "./hash-index.ts";
import type { ConnectionIndex, EdgeIndex, EndIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { SocketSamples } from "./socket-samples.ts";
import { Table } from "./table.ts";
import { formatWords, isLoopbackWords, Translations, type Tuple } from "./translations.ts";
import { UnixEnds } from "./unix-ends.ts";

export const FAMILY_UNIX = 1;
export const TCP = 6;
export const UDP = 17;
export const STATE = { ESTABLISHED: 1, SYN_SENT: 2, CLOSED: 7, LISTEN: 10 } as const;

export const CONNECTION_FLAG = {
  BEFORE_START: 1,
  POLLED: 2,
  /** Which side is the client was guessed from ports. */
  DIRECTION_GUESSED: 4,
  CLOSED: 8,
  /** Closed because nobody holds it any more, not by a record. */
  CLOSE_INFERRED: 16,
  EVIDENCE: 32,
  /** The name is what another process on this host was told, not an owner. */
  NAME_GUESSED: 64,
} as const;

export const END_FLAG = {
  /** A socket of this host is known for this side. */
  KNOWN: 1,
  CLOSED: 2,
} as const;

/** So many of the same tuple, or of the same port that was listened at, are found by it. */
const MOST_ALIKE = 32;

/** Where in an end's half of a row the four words of its address begin, as they lie in memory. */
const ADDRESS = 6;

/**
 * Connections, listening sockets and datagram flows. A connection has two sides; side `clientSide` asked. A side whose socket is on
 * this host has an inode (KNOWN); a local connection has both. End columns have two entries a row: see EndIndex. Addresses are as the
 * client sees them; where they are translated on the way, the server's socket has others (`tuple`).
 */
export class Connections extends Table {
  /**
   * A row is two alike halves, a cache line for each end: three floats, then ten 32-bit fields. What belongs to the connection fills what
   * the ends leave free.
   */
  readonly #rows = this.column(new MixedBlock(6, 20));
  readonly #ends = this.#rows.halves;
  /** AF_INET, AF_INET6, or FAMILY_UNIX. */
  readonly family = this.#rows.ints.byte(13, 0);
  readonly proto = this.#rows.ints.byte(13, 1);
  readonly flags = this.#rows.ints.half(13, 1);
  readonly state = this.#rows.ints.byte(12, 3);
  readonly clientSide = this.#rows.ints.byte(28, 3);
  readonly netns = this.#rows.ints.unsigned(14);
  /** Those of processes that live before those of processes whose exit was noted. */
  readonly edges = this.#rows.ints.field<EdgeIndex>(15);
  /** The first of the latter. */
  readonly pastEdges = this.#rows.ints.field<EdgeIndex>(29);
  /** The same at both ends of a TCP connection, whatever translates their addresses; 0 = unknown. */
  readonly pairLo = this.#rows.ints.unsigned(30);
  readonly pairHi = this.#rows.ints.unsigned(31);
  readonly openedNs = this.#rows.floats.field(2);
  readonly closedNs = this.#rows.floats.field(10);
  readonly edgeCount = this.column(new I32Block(1)).field(0);
  /** errno of a connect that failed; 0 = none. */
  readonly error = this.column(new Sparse<number>(0));
  /** Path of a unix socket. */
  readonly path = this.column(new Sparse<string>(""));
  /** What the server's address was looked up as; empty = not known. */
  readonly name = this.column(new Sparse<string>(""));

  readonly inoLo = this.#ends.ints.unsigned(10);
  readonly inoHi = this.#ends.ints.unsigned(11);
  readonly port = this.#ends.ints.half(12, 0);
  readonly endFlags = this.#ends.ints.byte(12, 2);
  readonly txBytes = this.#ends.floats.field(0);
  readonly rxBytes = this.#ends.floats.field(1);
  readonly samples = new SocketSamples();
  readonly unixEnds = new UnixEnds();

  readonly #byInode = new HashIndex();
  readonly #byTuple = new HashIndex();
  readonly #byPair = new HashIndex();
  readonly #listeners = new HashIndex();
  /** The tuples of servers that differ from their clients', which the columns hold. */
  readonly #translations = new Translations();
  textLength = 0;

  get inodes(): HashIndex {
    return this.#byInode;
  }

  get tuples(): HashIndex {
    return this.#byTuple;
  }

  /** What a connection is found by, by its tuple. */
  hashOf(row: ConnectionIndex): number {
    return hash2((this.#endpointHash(2 * row) + this.#endpointHash(2 * row + 1)) | 0, this.proto.get(row));
  }

  add(family: number, proto: number, timeNs: number): ConnectionIndex {
    const row: ConnectionIndex = this.take();
    this.family.set(row, family);
    this.proto.set(row, proto);
    this.openedNs.set(row, timeNs);
    this.edges.set(row, NONE);
    this.pastEdges.set(row, NONE);
    this.edgeCount.set(row, 0);
    return row;
  }

  /** The open end with a socket inode; of a datagram socket, which has one for each remote, the first. */
  byInode(lo: number, hi: number): EndIndex {
    const index = this.#byInode;
    for (let end = index.first(keyedHash2(lo, hi)); end >= 0; end = index.next()) {
      if (this.inoLo.get(end) === lo && this.inoHi.get(end) === hi) return end;
    }
    return NONE;
  }

  /**
   * The end whose own address is (local, localPort) with the other side's (remote, remotePort): newest first among those that
   * `accept` takes. `addresses` holds four words each: local, remote.
   */
  byTuple(
    proto: number,
    addresses: Uint32Array,
    localPort: number,
    remotePort: number,
    netns: number,
    accept: (end: EndIndex) => boolean,
  ): EndIndex {
    let best: EndIndex = NONE;
    const index = this.#byTuple;
    for (let row = index.first(tupleHash(proto, addresses, 0, localPort, remotePort)); row >= 0; row = index.next()) {
      if (this.proto.get(row) !== proto) continue;
      for (let end = 2 * row; end <= 2 * row + 1; end++) {
        if (!this.hasTuple(end, addresses, localPort, remotePort)) continue;
        // The same loopback tuple exists once in every network namespace.
        if (
          this.netns.get(row) !== netns &&
          isLoopbackWords(word(addresses, 0), word(addresses, 1), word(addresses, 2), word(addresses, 3))
        )
          continue;
        if (!accept(end)) continue;
        if (best === NONE || this.openedNs.get(row) > this.openedNs.get(best >> 1)) best = end;
      }
    }
    return best;
  }

  /** Whether a connection may have a tuple: no, or ask. */
  mayHaveTuple(proto: number, addresses: Uint32Array, localPort: number, remotePort: number): boolean {
    return this.#byTuple.first(tupleHash(proto, addresses, 0, localPort, remotePort)) >= 0;
  }

  byPair(lo: number, hi: number): ConnectionIndex {
    if (lo === 0 && hi === 0) return NONE;
    const index = this.#byPair;
    for (let row = index.first(keyedHash2(lo, hi)); row >= 0; row = index.next()) {
      if (this.pairLo.get(row) === lo && this.pairHi.get(row) === hi) return row;
    }
    return NONE;
  }

  setPair(row: ConnectionIndex, lo: number, hi: number): void {
    if ((lo === 0 && hi === 0) || (this.pairLo.get(row) === lo && this.pairHi.get(row) === hi)) return;
    this.#dropPair(row);
    this.pairLo.set(row, lo);
    this.pairHi.set(row, hi);
    this.#byPair.addLatest(keyedHash2(lo, hi), row, MOST_ALIKE, this.#isEarlier);
  }

  /** Whether something on this host listens (or listened) on a port in a network namespace. */
  hasListener(proto: number, port: number, netns: number): boolean {
    const index = this.#listeners;
    for (let row = index.first(listenerHash(port, proto, netns)); row >= 0; row = index.next()) {
      if (this.port.get(2 * row) === port && this.proto.get(row) === proto && this.netns.get(row) === netns)
        return true;
    }
    return false;
  }

  setInode(end: EndIndex, lo: number, hi: number): void {
    if (lo === 0 && hi === 0) return;
    if (this.inoLo.get(end) === lo && this.inoHi.get(end) === hi) return;
    this.#dropInode(end);
    this.inoLo.set(end, lo);
    this.inoHi.set(end, hi);
    this.#indexInode(end);
  }

  /** Copies the address of an end, as it lies in memory, to four words at `at`. */
  copyAddress(end: EndIndex, into: Uint32Array, at: number): void {
    const { data, width } = this.#ends.ints;
    for (let i = 0; i < 4; i++) into[at + i] = data[end * width + ADDRESS + i] as number;
  }

  /** Sets the addresses of both sides as seen from `end`: own, then the other side's. */
  setTuple(end: EndIndex, addresses: Uint32Array, localPort: number, remotePort: number): void {
    const row = end >> 1;
    this.#dropTuple(row);
    const { data, width } = this.#ends.ints;
    for (let i = 0; i < 4; i++) {
      data[end * width + ADDRESS + i] = word(addresses, i);
      data[(end ^ 1) * width + ADDRESS + i] = word(addresses, 4 + i);
    }
    this.port.set(end, localPort);
    this.port.set(end ^ 1, remotePort);
    if (localPort !== 0 && remotePort !== 0) this.#addTuple(row, addresses, localPort, remotePort);
  }

  /** The tuple of the socket at an end, where it is not the one the columns hold; the other end's is. */
  translate(end: EndIndex, addresses: Uint32Array, localPort: number, remotePort: number): void {
    const row = end >> 1;
    const client = 2 * row + this.clientSide.get(row);
    const given = { addresses: Uint32Array.from(addresses), localPort, remotePort };
    const [clients, servers] = end === client ? [given, this.tuple(end ^ 1)] : [this.tuple(client), given];
    this.setTuple(client, clients.addresses, clients.localPort, clients.remotePort);
    this.#translations.set(row, servers);
    this.#addTuple(row, servers.addresses, servers.localPort, servers.remotePort);
  }

  /** Whether its two ends have different addresses. */
  isTranslated(row: ConnectionIndex): boolean {
    return this.#translations.get(row) !== undefined;
  }

  /** The tuple of the socket at an end, as it has it itself. */
  tuple(end: EndIndex): Tuple {
    const servers = this.#serverTuple(end);
    if (servers !== undefined) return servers;
    const addresses = new Uint32Array(8);
    this.copyAddress(end, addresses, 0);
    this.copyAddress(end ^ 1, addresses, 4);
    return { addresses, localPort: this.port.get(end), remotePort: this.port.get(end ^ 1) };
  }

  hasTuple(end: EndIndex, addresses: Uint32Array, localPort: number, remotePort: number): boolean {
    return (
      this.ownPort(end) === localPort &&
      this.#ownAddressIs(end, addresses) &&
      this.hasRemote(end, addresses, remotePort)
    );
  }

  /** Whether the socket at an end has the other side at a port of the second address in `addresses`. */
  hasRemote(end: EndIndex, addresses: Uint32Array, remotePort: number): boolean {
    const servers = this.#serverTuple(end);
    if (servers === undefined) return this.port.get(end ^ 1) === remotePort && this.#sameAddress(end ^ 1, addresses, 4);
    return servers.remotePort === remotePort && sameWords(servers.addresses, addresses, 4);
  }

  /** The port of the socket at an end. */
  ownPort(end: EndIndex): number {
    return this.#serverTuple(end)?.localPort ?? this.port.get(end);
  }

  setListening(row: ConnectionIndex): void {
    if (this.state.get(row) === STATE.LISTEN) return;
    this.state.set(row, STATE.LISTEN);
    this.clientSide.set(row, 1);
    this.#listeners.addLatest(this.#listenerHash(row), row, MOST_ALIKE, this.#isEarlier);
  }

  setPath(row: ConnectionIndex, path: string): void {
    if (path === "") return;
    this.textLength += path.length - this.path.get(row).length;
    this.path.set(row, path);
  }

  setName(row: ConnectionIndex, name: string, guessed: boolean): void {
    this.textLength += name.length - this.name.get(row).length;
    this.name.set(row, name);
    if (guessed) this.setFlag(row, CONNECTION_FLAG.NAME_GUESSED);
    else this.clearFlag(row, CONNECTION_FLAG.NAME_GUESSED);
  }

  /** Ends one side: its inode may be used again. */
  closeEnd(end: EndIndex): void {
    this.endFlags.set(end, this.endFlags.get(end) | END_FLAG.CLOSED);
    this.#dropInode(end);
  }

  /** Takes back the end of one side. */
  reopenEnd(end: EndIndex): void {
    if (!this.endHas(end, END_FLAG.CLOSED)) return;
    this.endFlags.set(end, this.endFlags.get(end) & ~END_FLAG.CLOSED);
    this.#indexInode(end);
  }

  has(row: ConnectionIndex, flag: number): boolean {
    return (this.flags.get(row) & flag) !== 0;
  }

  setFlag(row: ConnectionIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) | flag);
  }

  clearFlag(row: ConnectionIndex, flag: number): void {
    this.flags.set(row, this.flags.get(row) & ~flag);
  }

  endHas(end: EndIndex, flag: number): boolean {
    return (this.endFlags.get(end) & flag) !== 0;
  }

  isUnix(row: ConnectionIndex): boolean {
    return this.family.get(row) === FAMILY_UNIX;
  }

  isListening(row: ConnectionIndex): boolean {
    return this.state.get(row) === STATE.LISTEN;
  }

  /** "10.0.0.4:41822" of one side, as the client sees it. */
  endpoint(end: EndIndex): string {
    const { data, width } = this.#ends.ints;
    return formatWords(data, end * width + ADDRESS, this.port.get(end));
  }

  /** "0.0.0.0:22": the side that listens. */
  bound(end: EndIndex): string {
    return formatBound(new Uint8Array(this.#addressOf(end).buffer), 0, this.port.get(end));
  }

  /** The address of the socket at an end, as it has it itself. */
  ownEndpoint(end: EndIndex): string {
    const servers = this.#serverTuple(end);
    return servers === undefined ? this.endpoint(end) : formatWords(servers.addresses, 0, servers.localPort);
  }

  /** What the socket at an end has for the other side's address. */
  remoteEndpoint(end: EndIndex): string {
    const servers = this.#serverTuple(end);
    return servers === undefined ? this.endpoint(end ^ 1) : formatWords(servers.addresses, 4, servers.remotePort);
  }

  endIsLoopback(end: EndIndex): boolean {
    const address = this.#addressOf(end);
    return (
      this.isUnix(end >> 1) || isLoopbackWords(word(address, 0), word(address, 1), word(address, 2), word(address, 3))
    );
  }

  /** Forgets a connection without edges. */
  remove(row: ConnectionIndex): void {
    for (let end = 2 * row; end <= 2 * row + 1; end++) {
      this.#dropInode(end);
      this.samples.forget(end);
      this.unixEnds.forget(end);
    }
    this.#dropTuple(row);
    this.#dropPair(row);
    this.#listeners.remove(this.#listenerHash(row), row);
    this.textLength -= this.path.get(row).length + this.name.get(row).length;
    this.path.set(row, "");
    this.name.set(row, "");
    this.error.set(row, 0);
    this.#rows.clear(row);
    this.give(row);
  }

  #indexInode(end: EndIndex): void {
    const lo = this.inoLo.get(end);
    const hi = this.inoHi.get(end);
    if (lo === 0 && hi === 0) return;
    // The flows of a datagram socket share its inode: thousands of them must not share a hash.
    if (this.proto.get(end >> 1) === TCP || this.byInode(lo, hi) === NONE) this.#byInode.add(keyedHash2(lo, hi), end);
  }

  #dropInode(end: EndIndex): void {
    const lo = this.inoLo.get(end);
    const hi = this.inoHi.get(end);
    if (lo !== 0 || hi !== 0) this.#byInode.remove(keyedHash2(lo, hi), end);
  }

  #addressOf(end: EndIndex): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(4);
    this.copyAddress(end, words, 0);
    return words;
  }

  #sameAddress(end: EndIndex, addresses: Uint32Array, at: number): boolean {
    const { data, width } = this.#ends.ints;
    // Fields are signed, the words of an address are not.
    for (let i = 3; i >= 0; i--) if (data[end * width + ADDRESS + i] !== (word(addresses, at + i) | 0)) return false;
    return true;
  }

  #ownAddressIs(end: EndIndex, addresses: Uint32Array): boolean {
    const servers = this.#serverTuple(end);
    return servers === undefined ? this.#sameAddress(end, addresses, 0) : sameWords(servers.addresses, addresses, 0);
  }

  /** The tuple of its own that the server's end of a translated connection has. */
  #serverTuple(end: EndIndex): Tuple | undefined {
    const servers = this.#translations.get(end >> 1);
    return servers !== undefined && (end & 1) !== this.clientSide.get(end >> 1) ? servers : undefined;
  }

  /** What is over first, then what began first. */
  readonly #isEarlier = (one: ConnectionIndex, other: ConnectionIndex): boolean => {
    const closed = this.flags.get(one) & CONNECTION_FLAG.CLOSED;
    if (closed !== (this.flags.get(other) & CONNECTION_FLAG.CLOSED)) return closed !== 0;
    return this.openedNs.get(one) < this.openedNs.get(other);
  };

  #listenerHash(row: ConnectionIndex): number {
    return listenerHash(this.port.get(2 * row), this.proto.get(row), this.netns.get(row));
  }

  #addTuple(row: ConnectionIndex, addresses: Uint32Array, localPort: number, remotePort: number): void {
    const hash = tupleHash(this.proto.get(row), addresses, 0, localPort, remotePort);
    this.#byTuple.addLatest(hash, row, MOST_ALIKE, this.#isEarlier);
  }

  #dropTuple(row: ConnectionIndex): void {
    if (this.port.get(2 * row) !== 0 && this.port.get(2 * row + 1) !== 0) this.#byTuple.remove(this.hashOf(row), row);
    const servers = this.#translations.get(row);
    if (servers === undefined) return;
    this.#byTuple.remove(
      tupleHash(this.proto.get(row), servers.addresses, 0, servers.localPort, servers.remotePort),
      row,
    );
    this.#translations.delete(row);
  }

  #dropPair(row: ConnectionIndex): void {
    const lo = this.pairLo.get(row);
    const hi = this.pairHi.get(row);
    if (lo !== 0 || hi !== 0) this.#byPair.remove(keyedHash2(lo, hi), row);
  }

  #endpointHash(end: EndIndex): number {
    const { data, width } = this.#ends.ints;
    return endpointHash(data, end * width + ADDRESS, this.port.get(end));
  }
}

function listenerHash(port: number, proto: number, netns: number): number {
  return keyedHash2(netns, port | (proto << 16));
}

function word(addresses: Uint32Array, at: number): number {
  return addresses[at] as number;
}

function sameWords(one: Uint32Array, other: Uint32Array, at: number): boolean {
  for (let i = at; i < at + 4; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** The hash of an address, which is dear, is kept until another is asked for: one comes several times on its way into the graph. */
class AddressHash {
  readonly #words = new Uint32Array(4);
  #hash = keyedHash(this.#words, 0, 4);

  /** Of four words at `at`. */
  of(words: Uint32Array, at: number): number {
    const mine = this.#words;
    // Two of IPv4 differ in the last.
    if (mine[3] !== words[at + 3] || mine[2] !== words[at + 2] || mine[1] !== words[at + 1] || mine[0] !== words[at]) {
      for (let i = 0; i < 4; i++) mine[i] = word(words, at + i);
      this.#hash = keyedHash(mine, 0, 4);
    }
    return this.#hash;
  }
}

const localHash = new AddressHash();
const remoteHash = new AddressHash();

/** Of the eight words of two addresses at `at`; the same for both directions of a tuple. */
export function tupleHash(
  proto: number,
  addresses: Uint32Array,
  at: number,
  localPort: number,
  remotePort: number,
): number {
  const local = hash2(localHash.of(addresses, at), localPort);
  return hash2((local + hash2(remoteHash.of(addresses, at + 4), remotePort)) | 0, proto);
}

/** Of four words at `at`. Whoever connects has 2^64 of them to choose from: the key keeps them from choosing the hash. */
function endpointHash(words: Uint32Array | Int32Array, at: number, port: number): number {
  return hash2(keyedHash(words, at, at + 4), port);
}
