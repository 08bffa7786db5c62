/** What a name server said about one name. */
export interface DnsAnswer {
  /** The name that was asked for, lower case; a byte that is no printable ASCII is \xNN, a dot within a label is \. */
  readonly name: string;
  /** 16 bytes each; IPv4 as ::ffff:a.b.c.d. */
  readonly addresses: readonly Uint8Array[];
}

const HEADER = 12;
const MAX_NAME = 255;
const MAX_RECORDS = 64;
const A = 1;
const CNAME = 5;
const AAAA = 28;
const INTERNET = 1;

/**
 * Reads the answer section of a DNS message (RFC 1035): the addresses of the name that was asked for, also through its aliases (CNAME).
 * Undefined for a question, an error, or what is no such message. Of one that was cut, what is whole counts.
 */
export function parseDnsAnswer(message: Uint8Array): DnsAnswer | undefined {
  if (message.length < HEADER) return undefined;
  const flags = u16(message, 2);
  const isAnswer = (flags & 0x8000) !== 0;
  if (!isAnswer || (flags & 0x780f) !== 0 || u16(message, 4) !== 1) return undefined;
  const question = readName(message, HEADER);
  if (question === undefined || question.name === "") return undefined;
  const aliases = new Set([question.name]);
  const addresses: Uint8Array[] = [];
  let at = question.end + 4;
  for (let left = Math.min(u16(message, 6), MAX_RECORDS); left > 0; left--) {
    const owner = readName(message, at);
    if (owner === undefined || owner.end + 10 > message.length) break;
    const type = u16(message, owner.end);
    const data = owner.end + 10;
    const length = u16(message, owner.end + 8);
    at = data + length;
    if (at > message.length) break;
    if (u16(message, owner.end + 2) !== INTERNET || !aliases.has(owner.name)) continue;
    if (type === CNAME) {
      const target = readName(message, data);
      if (target !== undefined) aliases.add(target.name);
    } else if (type === A && length === 4) addresses.push(mapped(message.subarray(data, at)));
    else if (type === AAAA && length === 16) addresses.push(message.slice(data, at));
  }
  return addresses.length === 0 ? undefined : { name: question.name, addresses };
}

interface Name {
  readonly name: string;
  /** Offset after the name where it stands. */
  readonly end: number;
}

/** A name at an offset. Pointers lead strictly backward, so that they cannot go round. */
function readName(message: Uint8Array, start: number): Name | undefined {
  let name = "";
  let end = -1;
  let at = start;
  let floor = start;
  for (let octets = 0; ; ) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) {
      const low = message[at + 1];
      if (low === undefined) return undefined;
      const target = ((length & 0x3f) << 8) | low;
      if (end < 0) end = at + 2;
      if (target >= floor || target < HEADER) return undefined;
      at = floor = target;
      continue;
    }
    if (length === 0) return { name, end: end < 0 ? at + 1 : end };
    octets += length + 1;
    if (length > 63 || octets > MAX_NAME || at + 1 + length > message.length) return undefined;
    name += (name === "" ? "" : ".") + label(message, at + 1, at + 1 + length);
    at += 1 + length;
  }
}

function label(message: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = message[i] as number;
    if (byte === 0x2e) text += "\\.";
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text.toLowerCase();
}

function mapped(ipv4: Uint8Array): Uint8Array {
  const address = new Uint8Array(16);
  address.fill(0xff, 10, 12);
  address.set(ipv4, 12);
  return address;
}

function u16(message: Uint8Array, at: number): number {
  return ((message[at] as number) << 8) | (message[at + 1] as number);
}
