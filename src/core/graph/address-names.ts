/** What an address was called. */
export interface AddressName {
  readonly name: string;
  /** Whether the process itself was told; otherwise another on this host was. */
  readonly own: boolean;
}

/** A resolver in a busy host's middle learns more than anybody connects to. */
const MAX_NAMES = 8192;
/** An entry of a table: key, object, slots. */
const ENTRY_BYTES = 160;

/** Names of addresses by who asked, and of the host's last asker; those learned longest ago are forgotten first. */
export class AddressNames {
  readonly #names = new Map<string, string>();
  #textLength = 0;

  /** Bytes in use. */
  get bytes(): number {
    return this.#names.size * ENTRY_BYTES + this.#textLength;
  }

  /** @param addresses four words each, as in the rows; `at` = index of the first */
  learn(processId: number, addresses: Uint32Array, at: number, name: string): void {
    const address = keyOf(addresses, at);
    this.#set(address, name);
    this.#set(`${processId}/${address}`, name);
  }

  find(processId: number, addresses: Uint32Array, at: number): AddressName | undefined {
    if (this.#names.size === 0) return undefined;
    const address = keyOf(addresses, at);
    const own = this.#names.get(`${processId}/${address}`);
    if (own !== undefined) return { name: own, own: true };
    const name = this.#names.get(address);
    return name === undefined ? undefined : { name, own: false };
  }

  /** All names, those learned longest ago first; processId NaN = the host's. */
  *entries(): Iterable<{ readonly processId: number; readonly words: readonly number[]; readonly name: string }> {
    for (const [key, name] of this.#names) {
      const [address = "", processId] = key.split("/").reverse();
      yield { processId: Number(processId), words: address.split(",").map(Number), name };
    }
  }

  /** Puts back one of `entries`. */
  restore(processId: number, addresses: Uint32Array, at: number, name: string): void {
    const address = keyOf(addresses, at);
    this.#set(Number.isNaN(processId) ? address : `${processId}/${address}`, name);
  }

  #set(key: string, name: string): void {
    this.#drop(key);
    this.#names.set(key, name);
    this.#textLength += key.length + name.length;
    if (this.#names.size <= MAX_NAMES) return;
    for (const oldest of this.#names.keys()) {
      this.#drop(oldest);
      return;
    }
  }

  #drop(key: string): void {
    const name = this.#names.get(key);
    if (name === undefined) return;
    this.#names.delete(key);
    this.#textLength -= key.length + name.length;
  }
}

function keyOf(addresses: Uint32Array, at: number): string {
  return `${addresses[at]},${addresses[at + 1]},${addresses[at + 2]},${addresses[at + 3]}`;
}
