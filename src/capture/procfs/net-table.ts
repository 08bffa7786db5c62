import type { ProcFiles } from "./proc-files.ts";

/** One line of /proc/net/{tcp,tcp6,udp,udp6}; the object is reused from line to line. */
export class NetLine {
  inode = 0;
  /** TCP_*; for UDP 1 = connected, 7 = not. */
  state = 0;
  localPort = 0;
  remotePort = 0;
  /** Network order, IPv4 as ::ffff:a.b.c.d; local first, remote second. */
  readonly addresses = new Uint8Array(32);
}

const COLON = 0x3a;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * Calls `each` for every socket of a table that has an owner (a connection in TIME_WAIT has none). Addresses are hex words in the host's byte order.
 * Returns false when the table could not be read.
 */
export function readNetTable(files: ProcFiles, path: string, v6: boolean, each: (line: NetLine) => void): boolean {
  const length = files.readAll(path);
  if (length < 0) return false;
  const { bytes } = files;
  const line = new NetLine();
  let at = bytes.indexOf(NEWLINE) + 1;
  while (at > 0 && at < length) {
    const end = bytes.indexOf(NEWLINE, at);
    if (end < 0 || end > length) break;
    if (parseLine(bytes, at, end, v6, line)) each(line);
    at = end + 1;
  }
  return true;
}

/** "  sl: local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode ..." */
function parseLine(bytes: Buffer, start: number, end: number, v6: boolean, line: NetLine): boolean {
  let at = bytes.indexOf(COLON, start) + 2;
  const digits = v6 ? 32 : 8;
  address(bytes, at, v6, line.addresses, 0);
  line.localPort = hex(bytes, at + digits + 1, 4);
  at += digits + 6;
  address(bytes, at, v6, line.addresses, 16);
  line.remotePort = hex(bytes, at + digits + 1, 4);
  at += digits + 6;
  line.state = hex(bytes, at, 2);
  // tx:rx, tr:when, retrnsmt, uid, timeout, inode.
  for (let column = 0; column < 6; column++) {
    while (at < end && bytes[at] !== SPACE) at++;
    while (at < end && bytes[at] === SPACE) at++;
  }
  let inode = 0;
  for (let byte = bytes[at] as number; at < end && byte > SPACE; byte = bytes[++at] as number)
    inode = inode * 10 + byte - 0x30;
  line.inode = inode;
  return inode > 0;
}

function address(bytes: Buffer, at: number, v6: boolean, into: Uint8Array, offset: number): void {
  if (!v6) {
    into.fill(0, offset, offset + 10);
    into[offset + 10] = into[offset + 11] = 0xff;
    word(bytes, at, into, offset + 12);
    return;
  }
  for (let part = 0; part < 4; part++) word(bytes, at + part * 8, into, offset + part * 4);
}

/** Eight hex digits of a little-endian word. Big-endian machines are not built for. */
function word(bytes: Buffer, at: number, into: Uint8Array, offset: number): void {
  for (let byte = 0; byte < 4; byte++) into[offset + 3 - byte] = hex(bytes, at + byte * 2, 2);
}

function hex(bytes: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const byte = bytes[at + i] as number;
    value = value * 16 + (byte <= 0x39 ? byte - 0x30 : (byte & 0xdf) - 0x37);
  }
  return value;
}

export interface UnixLine {
  readonly inode: number;
  /** As in the file: "@name" abstract, "" unnamed. */
  readonly path: string;
  readonly type: number;
  readonly listening: boolean;
  readonly connected: boolean;
}

const SO_ACCEPTCON = 0x10000;
const SS_CONNECTED = 3;

/** "Num RefCount Protocol Flags Type St Inode Path"; the peer is not in it. */
export function readUnixTable(files: ProcFiles, path: string, each: (line: UnixLine) => void): boolean {
  const length = files.readAll(path);
  if (length < 0) return false;
  for (const text of files.bytes.toString("utf8", 0, length).split("\n")) {
    const match = /^\S+ \S+ \S+ (\S+) (\S+) (\S+) +(\d+)(?: (.*))?$/.exec(text);
    if (!match) continue;
    each({
      inode: Number(match[4]),
      path: match[5] ?? "",
      type: Number.parseInt(match[2] ?? "", 16),
      listening: (Number.parseInt(match[1] ?? "", 16) & SO_ACCEPTCON) !== 0,
      connected: Number.parseInt(match[3] ?? "", 16) === SS_CONNECTED,
    });
  }
  return true;
}
