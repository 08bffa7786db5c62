import { decodeUtf8 } from "../../../core/wire/utf8.ts";
import { hexBytes } from "./record.ts";

export type SocketAddress =
  | { readonly kind: "ip"; readonly ipv6: boolean; readonly address: Uint8Array; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

/** Reads a struct sockaddr in hex digits as a little-endian machine has it; undefined for other families and cut ones. */
export function parseSockaddr(hex: string): SocketAddress | undefined {
  if (!/^([0-9A-Fa-f]{2})+$/.test(hex)) return undefined;
  const bytes = hexBytes(hex);
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  if (family === AF_INET && bytes.length >= 8) {
    const address = new Uint8Array(16);
    address.fill(0xff, 10, 12);
    address.set(bytes.subarray(4, 8), 12);
    return { kind: "ip", ipv6: false, address, port };
  }
  if (family === AF_INET6 && bytes.length >= 24) return { kind: "ip", ipv6: true, address: bytes.slice(8, 24), port };
  if (family === AF_UNIX && bytes.length > 2) {
    // An abstract name begins with NUL; else NUL ends it.
    const end = bytes[2] === 0 ? trimmed(bytes) : bytes.indexOf(0, 2);
    return { kind: "unix", path: decodeUtf8(bytes, 2, end < 0 ? bytes.length : end) };
  }
  return undefined;
}

function trimmed(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 3 && bytes[end - 1] === 0) end--;
  return end;
}
