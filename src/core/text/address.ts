/**
 * Addresses are 16 bytes in network order; IPv4 is ::ffff:a.b.c.d. Text follows RFC 5952 for IPv6.
 */

/** Text of the address at `at`: "10.0.0.4", "2001:db8::1". */
export function formatAddress(bytes: Uint8Array, at = 0): string {
  if (isIpv4(bytes, at)) return `${bytes[at + 12]}.${bytes[at + 13]}.${bytes[at + 14]}.${bytes[at + 15]}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[at + i] as number) << 8) | (bytes[at + i + 1] as number));
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > bestLength) {
      bestStart = i;
      bestLength = end - i;
    }
    i = end === i ? i + 1 : end;
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return bestStart < 0 ? hex(0, 8) : `${hex(0, bestStart)}::${hex(bestStart + bestLength, 8)}`;
}

/** "10.0.0.4:22", "[::1]:80", ":22" for an unspecified address, ":*" without a port. */
export function formatEndpoint(bytes: Uint8Array, at: number, port: number): string {
  const suffix = port === 0 ? ":*" : `:${port}`;
  if (isUnspecified(bytes, at)) return suffix;
  const text = formatAddress(bytes, at);
  return isIpv4(bytes, at) ? text + suffix : `[${text}]${suffix}`;
}

/** "0.0.0.0:22", "[::]:22": where somebody listens, told whole. */
export function formatBound(bytes: Uint8Array, at: number, port: number): string {
  const text = formatAddress(bytes, at);
  return `${isIpv4(bytes, at) ? text : `[${text}]`}:${port}`;
}

/** 16 bytes of "10.0.0.4" or "2001:db8::1"; undefined when it is neither. */
export function parseAddress(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  if (!text.includes(":")) {
    if (!parseIpv4(text, bytes, 12)) return undefined;
    bytes[10] = bytes[11] = 0xff;
    return bytes;
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string) : [];
  if (head === undefined || tail === undefined) return undefined;
  const size = head.length + tail.length;
  if (halves.length === 2 ? size > 14 : size !== 16) return undefined;
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

export function isIpv4(bytes: Uint8Array, at = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

/** 0.0.0.0 or ::. */
export function isUnspecified(bytes: Uint8Array, at = 0): boolean {
  const from = isIpv4(bytes, at) ? 12 : 0;
  for (let i = from; i < 16; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

function parseIpv4(text: string, target: Uint8Array, at: number): boolean {
  const parts = text.split(".");
  if (parts.length !== 4) return false;
  for (let i = 0; i < 4; i++) {
    const part = parts[i] as string;
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return false;
    target[at + i] = Number(part);
  }
  return true;
}

/** Bytes of colon-separated groups; the last may be dotted IPv4. */
function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = [];
  if (text === "") return bytes;
  for (const group of text.split(":")) {
    if (group.includes(".")) {
      const four = new Uint8Array(4);
      if (!parseIpv4(group, four, 0)) return undefined;
      bytes.push(...four);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}
