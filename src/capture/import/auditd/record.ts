import { decodeUtf8 } from "../../../core/wire/utf8.ts";
import { MalformedLine } from "../problems.ts";

/** One line of a log: `type=SYSCALL msg=audit(1700000000.123:456): key=value ...`. */
export interface AuditRecord {
  /** "SYSCALL", or the number where the log has no names. */
  readonly type: string;
  /** ms since 1970. */
  readonly timeMs: number;
  readonly serial: number;
  /** The fields, each with a blank before it. */
  readonly text: string;
  /** What auditd resolved ids to: ` UID="root" AUID="alice"`; empty where it did not. */
  readonly names: string;
  /** Machine the record is from; empty when not told. */
  readonly node: string;
}

const HEADER = /type=(\w+(?:\[\d+\])?)\s+(?:msg=)?audit\((\d{1,12})\.(\d{3}):(\d{1,10})\): ?/;
const NODE = /^node=(\S+) /;
/** Between a record and what auditd resolved it to (log_format = ENRICHED). */
const ENRICHED = "\x1d";
/** Types by number, for logs of a kernel without auditd. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["1006", "LOGIN"],
  ["1112", "USER_LOGIN"],
  ["1127", "SYSTEM_BOOT"],
  ["1300", "SYSCALL"],
  ["1302", "PATH"],
  ["1306", "SOCKADDR"],
  ["1307", "CWD"],
  ["1309", "EXECVE"],
  ["1320", "EOE"],
  ["1327", "PROCTITLE"],
  ["1701", "ANOM_ABEND"],
]);

/** Lines that ausearch puts between events. */
export function isSeparator(line: string): boolean {
  return line === "----" || line.startsWith("time->");
}

export function isRecord(line: string): boolean {
  return HEADER.test(line);
}

/** Throws MalformedLine when it is no record. */
export function parseRecord(line: string): AuditRecord {
  const header = HEADER.exec(line);
  if (header === null) throw new MalformedLine("not an audit record");
  const [all, type = "", seconds, ms, serial] = header;
  const enriched = line.indexOf(ENRICHED);
  const from = header.index + all.length;
  return {
    type: TYPES.get(type) ?? type,
    timeMs: Number(seconds) * 1000 + Number(ms),
    serial: Number(serial),
    text: ` ${line.slice(from, enriched < 0 ? undefined : enriched)}`,
    names: enriched < 0 ? "" : ` ${line.slice(enriched + 1)}`,
    node: NODE.exec(line)?.[1] ?? "",
  };
}

/** The raw value of a key: a word, or what is between its quotes; undefined when the record has none. Keys are as in " pid=". */
export function rawField(text: string, key: string): string | undefined {
  const at = text.indexOf(key);
  if (at < 0) return undefined;
  const from = at + key.length;
  const quote = text[from];
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, from + 1);
    return text.slice(from + 1, end < 0 ? undefined : end);
  }
  const end = text.indexOf(" ", from);
  return text.slice(from, end < 0 ? undefined : end);
}

/**
 * A string somebody else chose: in quotes, or as hex digits when it has blanks, quotes or other bytes that do not stand in quotes. Bytes
 * that are no UTF-8 appear as \xNN; NUL stays.
 */
export function stringField(text: string, key: string): string | undefined {
  const raw = rawField(text, key);
  if (raw === undefined || text[text.indexOf(key) + key.length] === '"') return raw;
  if (raw === "(null)" || raw === "(none)" || raw === "?") return undefined;
  return raw.length % 2 === 0 && /^[0-9A-Fa-f]+$/.test(raw) ? fromHex(raw) : raw;
}

export function numberField(text: string, key: string): number | undefined {
  const raw = rawField(text, key);
  return raw !== undefined && /^-?\d+$/.test(raw) ? Number(raw) : undefined;
}

/** Arguments of the system call and the like: hex digits without 0x. */
export function hexField(text: string, key: string): number {
  const raw = rawField(text, key);
  return raw !== undefined && /^[0-9a-f]{1,16}$/.test(raw) ? Number.parseInt(raw, 16) : 0;
}

/** A uid or session; undefined for "unset" (4294967295, -1). */
export function loginField(text: string, key: string): number | undefined {
  const id = numberField(text, key);
  return id === undefined || id < 0 || id >= 0xffffffff ? undefined : id;
}

export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function fromHex(hex: string): string {
  const bytes = hexBytes(hex);
  return decodeUtf8(bytes, 0, bytes.length);
}
