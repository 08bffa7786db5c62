import { formatEndpoint, isLoopback } from "../text/address.ts";
import { BytesColumn, F64Column, I32Column, TextColumn, U16Column, U32Column } from "./columns.ts";
import { HashIndex, hash2 } from "./hash-index.ts";
import type { ConnectionIndex, EdgeIndex, EndIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { Table } from "./table.ts";

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
} as const;

export const END_FLAG = {
  /** A socket of this host is known for this side. */
  KNOWN: 1,
  CLOSED: 2,
} as const;

/**
 * Connections, listening sockets and datagram flows. A connection has two sides; side `clientSide` asked. A side whose socket is on
 * this host has an inode (KNOWN); a local connection has both. End columns have two entries a row: see EndIndex.
 */
export class Connections extends Table {
  /** AF_INET, AF_INET6, or FAMILY_UNIX. */
  readonly family = this.column(new U16Column());
  readonly proto = this.column(new U16Column());
  readonly state = this.column(new U16Column());
  readonly error = this.column(new U16Column());
  readonly flags = this.column(new U16Column());
  readonly clientSide = this.column(new U16Column());
  readonly netns = this.column(new U32Column());
  readonly openedNs = this.column(new F64Column());
  readonly closedNs = this.column(new F64Column());
  /** Path of a unix socket. */
  readonly path = this.column(new TextColumn());
  readonly edges = this.column(new I32Column<EdgeIndex>());
  readonly edgeCount = this.column(new U32Column());

  readonly endFlags = this.pair(new U16Column());
  readonly inoLo = this.pair(new U32Column());
  readonly inoHi = this.pair(new U32Column());
  /** Kernel address of a unix end; 0 = unknown. */
  readonly kernelLo = this.pair(new U32Column());
  readonly kernelHi = this.pair(new U32Column());
  /** Pid the other side named as this side's (SO_PEERCRED). */
  readonly credTgid = this.pair(new U32Column());
  readonly address = this.pair(new BytesColumn(16));
  readonly port = this.pair(new U16Column());
  readonly text = this.pair(new TextColumn());
  readonly txBytes = this.pair(new F64Column());
  readonly rxBytes = this.pair(new F64Column());
  readonly txRate = this.pair(new F64Column());
  readonly rxRate = this.pair(new F64Column());
  readonly sampleNs = this.pair(new F64Column());
  readonly sampleRefresh = this.pair(new U32Column());

  readonly #byInode = new HashIndex();
  readonly #byKernel = new HashIndex();
  readonly #byTuple = new HashIndex();
  readonly #listeners = new HashIndex();
  textLength = 0;

  add(family: number, proto: number, timeNs: number): ConnectionIndex {
    const row: ConnectionIndex = this.take();
    for (const column of [this.state, this.error, this.flags, this.clientSide, this.netns, this.edgeCount])
      column.set(row, 0);
    this.family.set(row, family);
    this.proto.set(row, proto);
    this.openedNs.set(row, timeNs);
    this.closedNs.set(row, 0);
    this.path.set(row, "");
    this.edges.set(row, NONE);
    for (let end = 2 * row; end <= 2 * row + 1; end++) {
      for (const column of [
        this.endFlags,
        this.inoLo,
        this.inoHi,
        this.kernelLo,
        this.kernelHi,
        this.credTgid,
        this.port,
      ])
        column.set(end, 0);
      for (const column of [this.txBytes, this.rxBytes, this.txRate, this.rxRate, this.sampleRefresh])
        column.set(end, 0);
      this.sampleNs.set(end, Number.NaN);
      this.address.data.fill(0, end * 16, end * 16 + 16);
      this.text.set(end, "");
    }
    return row;
  }

  /** The open end with a socket inode; of a datagram socket, which has one for each remote, the first. */
  byInode(lo: number, hi: number): EndIndex {
    const index = this.#byInode;
    for (let end = index.first(hash2(lo, hi)); end >= 0; end = index.next()) {
      if (this.inoLo.get(end) === lo && this.inoHi.get(end) === hi) return end;
    }
    return NONE;
  }

  byKernelAddress(lo: number, hi: number): EndIndex {
    const index = this.#byKernel;
    for (let end = index.first(hash2(lo, hi)); end >= 0; end = index.next()) {
      if (this.kernelLo.get(end) === lo && this.kernelHi.get(end) === hi) return end;
    }
    return NONE;
  }

  /**
   * The end whose own address is (local, localPort) with the other side's (remote, remotePort): newest first among those that
   * `accept` takes. Addresses are 16 bytes each, back to back in `addresses`: local, remote.
   */
  byTuple(
    proto: number,
    addresses: Uint8Array,
    localPort: number,
    remotePort: number,
    netns: number,
    accept: (end: EndIndex) => boolean,
  ): EndIndex {
    let best: EndIndex = NONE;
    const index = this.#byTuple;
    for (
      let row = index.first(tupleHash(proto, addresses, 0, localPort, 16, remotePort));
      row >= 0;
      row = index.next()
    ) {
      if (this.proto.get(row) !== proto) continue;
      for (let end = 2 * row; end <= 2 * row + 1; end++) {
        if (this.port.get(end) !== localPort || this.port.get(end ^ 1) !== remotePort) continue;
        if (!this.#sameAddress(end, addresses, 0) || !this.#sameAddress(end ^ 1, addresses, 16)) continue;
        // The same loopback tuple exists once in every network namespace.
        if (this.netns.get(row) !== netns && isLoopback(addresses, 0)) continue;
        if (!accept(end)) continue;
        if (best === NONE || this.openedNs.get(row) > this.openedNs.get(best >> 1)) best = end;
      }
    }
    return best;
  }

  /** Whether something on this host listens (or listened) on a port in a network namespace. */
  hasListener(proto: number, port: number, netns: number): boolean {
    const index = this.#listeners;
    for (let row = index.first(hash2(port, proto)); row >= 0; row = index.next()) {
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

  setKernelAddress(end: EndIndex, lo: number, hi: number): void {
    if ((lo === 0 && hi === 0) || (this.kernelLo.get(end) === lo && this.kernelHi.get(end) === hi)) return;
    this.#dropKernelAddress(end);
    this.kernelLo.set(end, lo);
    this.kernelHi.set(end, hi);
    this.#byKernel.add(hash2(lo, hi), end);
  }

  /** Sets the addresses of both sides as seen from `end`: own, then the other side's. */
  setTuple(end: EndIndex, addresses: Uint8Array, localPort: number, remotePort: number): void {
    const row = end >> 1;
    if (this.port.get(end) !== 0 || this.port.get(end ^ 1) !== 0) this.#byTuple.remove(this.#tupleHash(row), row);
    this.address.data.set(addresses.subarray(0, 16), end * 16);
    this.address.data.set(addresses.subarray(16, 32), (end ^ 1) * 16);
    this.port.set(end, localPort);
    this.port.set(end ^ 1, remotePort);
    this.text.set(end, "");
    this.text.set(end ^ 1, "");
    if (localPort !== 0 || remotePort !== 0) this.#byTuple.add(this.#tupleHash(row), row);
  }

  setListening(row: ConnectionIndex): void {
    if (this.state.get(row) === STATE.LISTEN) return;
    this.state.set(row, STATE.LISTEN);
    this.clientSide.set(row, 1);
    this.#listeners.add(hash2(this.port.get(2 * row), this.proto.get(row)), row);
  }

  setPath(row: ConnectionIndex, path: string): void {
    if (path === "") return;
    this.textLength += path.length - this.path.get(row).length;
    this.path.set(row, path);
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

  /** Kernel addresses of both sides are used again by another pair. */
  retireKernelAddresses(row: ConnectionIndex): void {
    this.#dropKernelAddress(2 * row);
    this.#dropKernelAddress(2 * row + 1);
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

  /** "10.0.0.4:41822" of one side; made when first asked for. */
  endpoint(end: EndIndex): string {
    const known = this.text.get(end);
    if (known !== "") return known;
    const text = formatEndpoint(this.address.data, end * 16, this.port.get(end));
    this.text.set(end, text);
    return text;
  }

  endIsLoopback(end: EndIndex): boolean {
    return this.family.get(end >> 1) === FAMILY_UNIX || isLoopback(this.address.data, end * 16);
  }

  /** Forgets a connection without edges. */
  remove(row: ConnectionIndex): void {
    for (let end = 2 * row; end <= 2 * row + 1; end++) {
      this.#dropInode(end);
      this.#dropKernelAddress(end);
      this.text.set(end, "");
    }
    if (this.port.get(2 * row) !== 0 || this.port.get(2 * row + 1) !== 0)
      this.#byTuple.remove(this.#tupleHash(row), row);
    this.#listeners.remove(hash2(this.port.get(2 * row), this.proto.get(row)), row);
    this.textLength -= this.path.get(row).length;
    this.path.set(row, "");
    this.give(row);
  }

  #indexInode(end: EndIndex): void {
    const lo = this.inoLo.get(end);
    const hi = this.inoHi.get(end);
    if (lo === 0 && hi === 0) return;
    // The flows of a datagram socket share its inode: thousands of them must not share a hash.
    if (this.proto.get(end >> 1) === TCP || this.byInode(lo, hi) === NONE) this.#byInode.add(hash2(lo, hi), end);
  }

  #dropInode(end: EndIndex): void {
    this.#byInode.remove(hash2(this.inoLo.get(end), this.inoHi.get(end)), end);
  }

  #dropKernelAddress(end: EndIndex): void {
    this.#byKernel.remove(hash2(this.kernelLo.get(end), this.kernelHi.get(end)), end);
  }

  #sameAddress(end: EndIndex, addresses: Uint8Array, at: number): boolean {
    const data = this.address.data;
    for (let i = 0; i < 16; i++) if (data[end * 16 + i] !== addresses[at + i]) return false;
    return true;
  }

  #tupleHash(row: ConnectionIndex): number {
    return tupleHash(
      this.proto.get(row),
      this.address.data,
      row * 32,
      this.port.get(2 * row),
      row * 32 + 16,
      this.port.get(2 * row + 1),
    );
  }
}

/** The same for both directions of a tuple. */
function tupleHash(
  proto: number,
  bytes: Uint8Array,
  one: number,
  onePort: number,
  other: number,
  otherPort: number,
): number {
  return hash2((endpointHash(bytes, one, onePort) + endpointHash(bytes, other, otherPort)) >>> 0, proto);
}

function endpointHash(bytes: Uint8Array, at: number, port: number): number {
  let hash = port;
  for (let i = 0; i < 16; i += 4) {
    hash = hash2(
      hash,
      (bytes[at + i] as number) |
        ((bytes[at + i + 1] as number) << 8) |
        ((bytes[at + i + 2] as number) << 16) |
        ((bytes[at + i + 3] as number) << 24),
    );
  }
  return hash;
}
