import { type AuditRecord, hexField, numberField, rawField, stringField } from "./record.ts";

/** A file a system call named. */
export interface PathItem {
  readonly name: string;
  /** "NORMAL", "CREATE", "DELETE", "PARENT", ... */
  readonly nametype: string;
  readonly ino: number;
  /** Kernel encoding: major << 20 | minor. */
  readonly dev: number;
  /** i_mode; 0 = not told. */
  readonly mode: number;
  readonly uid: number;
}

/** The records of one serial number. */
export class AuditEvent {
  readonly timeMs: number;
  readonly serial: number;
  /** Text of the record that leads: SYSCALL, or a type that stands alone. */
  main = "";
  mainType = "";
  cwd = "";
  /** Hex digits of a struct sockaddr. */
  sockaddr = "";
  title = "";
  readonly paths: PathItem[] = [];
  readonly #argv: (string | undefined)[] = [];
  /** Argument of which pieces are being put together. */
  #piece = -1;
  #hex = false;

  constructor(timeMs: number, serial: number) {
    this.timeMs = timeMs;
    this.serial = serial;
  }

  /** Arguments of an execve, NUL between them; empty when there is no EXECVE record. */
  get argv(): string {
    return Array.from(this.#argv, (one) => one ?? "").join("\0");
  }

  add({ type, text }: AuditRecord): void {
    switch (type) {
      case "EXECVE":
        this.#addArguments(text);
        return;
      case "PATH":
        this.paths.push(pathItem(text));
        return;
      case "CWD":
        this.cwd = stringField(text, " cwd=") ?? "";
        return;
      case "SOCKADDR":
        this.sockaddr = rawField(text, " saddr=") ?? "";
        return;
      case "PROCTITLE":
        this.title = stringField(text, " proctitle=") ?? "";
        return;
      default:
        if (this.mainType === "SYSCALL") return;
        this.mainType = type;
        this.main = text;
    }
  }

  /** `a0="ls" a1=2D6C`; one longer than a record comes in pieces: `a2_len=9000 a2[0]=... a2[1]=...`, in several records. */
  #addArguments(text: string): void {
    for (const [, index = "", piece, quoted, plain] of text.matchAll(
      / a(\d{1,5})(?:\[(\d+)\])?=(?:"([^"]*)"|(\S*))/g,
    )) {
      const hex = quoted === undefined;
      const value = quoted ?? plain ?? "";
      if (piece === undefined) this.#argv[Number(index)] = hex ? decoded(value) : value;
      else this.#addPiece(Number(index), hex ? decoded(value) : value, hex);
    }
  }

  #addPiece(index: number, value: string, hex: boolean): void {
    const continues = this.#piece === index && this.#hex === hex;
    this.#argv[index] = continues ? (this.#argv[index] ?? "") + value : value;
    this.#piece = index;
    this.#hex = hex;
  }
}

function decoded(value: string): string {
  return stringField(` v=${value}`, " v=") ?? "";
}

function pathItem(text: string): PathItem {
  const [major = "0", minor = "0"] = (rawField(text, " dev=") ?? "").split(":");
  const mode = rawField(text, " mode=") ?? "";
  return {
    name: stringField(text, " name=") ?? "",
    nametype: rawField(text, " nametype=") ?? "",
    ino: numberField(text, " inode=") ?? 0,
    dev: ((hexField(` v=${major}`, " v=") << 20) | hexField(` v=${minor}`, " v=")) >>> 0,
    mode: /^0?[0-7]{1,7}$/.test(mode) ? Number.parseInt(mode, 8) : 0,
    uid: numberField(text, " ouid=") ?? 0,
  };
}
