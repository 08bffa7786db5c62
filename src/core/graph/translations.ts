import { formatEndpoint } from "../text/address.ts";
import type { ConnectionIndex } from "./indexes.ts";

/** The addresses a socket has: four words of its own, as they lie in memory, then four of the other side's. */
export interface Tuple {
  readonly addresses: Uint32Array;
  readonly localPort: number;
  readonly remotePort: number;
}

/** What few connections have: NAT between their ends gives the server's socket another tuple than its client's. */
export class Translations {
  readonly #servers = new Map<ConnectionIndex, Tuple>();

  get(row: ConnectionIndex): Tuple | undefined {
    return this.#servers.size === 0 ? undefined : this.#servers.get(row);
  }

  set(row: ConnectionIndex, tuple: Tuple): void {
    this.#servers.set(row, tuple);
  }

  delete(row: ConnectionIndex): void {
    this.#servers.delete(row);
  }
}

/** Of the address being told: a screen tells tens of thousands, and a typed array costs more than its text. */
const told = new Uint32Array(4);
const toldBytes = new Uint8Array(told.buffer);

/** Text of the four words of an address at `at`, with a port. */
export function formatWords(words: Uint32Array | Int32Array, at: number, port: number): string {
  for (let i = 0; i < 4; i++) told[i] = words[at + i] as number;
  return formatEndpoint(toldBytes, 0, port);
}

/** 127.0.0.0/8 as ::ffff:127.x, and ::1: words of network order read by a little-endian machine. */
export function isLoopbackWords(a: number, b: number, c: number, d: number): boolean {
  if (a !== 0 || b !== 0) return false;
  return c === 0xffff0000 ? (d & 0xff) === 127 : c === 0 && d === 0x01000000;
}
