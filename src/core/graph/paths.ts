/** Files whose contents let their reader log in or act as somebody else. */
const SECRET =
  /^\/etc\/(g?shadow-?|sudoers|krb5\.keytab|ssh\/ssh_host_[^/]*_key|security\/opasswd)$|\/\.ssh\/(id_[^/.]+|[^/]*\.pem)$|\/\.(aws\/credentials|azure\/[^/]*tokens?[^/]*\.json|config\/gcloud\/(credentials\.db|application_default_credentials\.json)|kube\/config|docker\/config\.json|netrc|pgpass|my\.cnf|git-credentials|gnupg\/private-keys-v1\.d\/.*|vault-token)$/;

export function isSecretPath(path: string): boolean {
  return SECRET.test(path);
}

const SLASH = 0x2f;
const DOT = 0x2e;
const DASH = 0x2d;
const ZERO = 0x30;
const SO = codes(".so");
const C_LIBRARIES = ["libc", "ld-musl"].map(codes);
const ETC = codes("/etc/");
const PROC = codes("/proc/");
const MEM = codes("/mem");
/** How what SECRET names goes on behind "/etc/", and behind "/.". */
const IN_ETC = ["shad", "gsha", "sudo", "krb5", "ssh/", "secu"].map(head);
const HIDDEN = "ssh/ aws/ azur conf kube dock netr pgpa my.c git- gnup vaul".split(" ").map(head);

/** What the bytes of a path say, or may: SECRET has to be asked as text. */
export const HINT = { SECRET: 1, MEMORY: 2, LIBRARY: 4, C_LIBRARY: 8 } as const;

/** Bits of HINT: perhaps a secret or the memory of a process; by its name a library, the C library. */
export function pathHints(bytes: Uint8Array, start: number, end: number): number {
  const memory = has(bytes, start, end, PROC) && has(bytes, end - MEM.length, end, MEM) ? HINT.MEMORY : 0;
  const hints = memory | (isLibrary(bytes, start, end) ? HINT.LIBRARY : 0);
  if (has(bytes, start, end, ETC) && IN_ETC.includes(word(bytes, start + ETC.length))) return hints | HINT.SECRET;
  let base = 0;
  let hidden = false;
  let next = 0;
  // Without a call, and of whole numbers, a byte takes a third of the instructions.
  for (let at = (end - 1) | 0; at >= start; at--) {
    const byte = bytes[at] as number;
    if (byte === SLASH) {
      if (base === 0) base = at + 1;
      if (next === DOT) hidden = true;
    }
    next = byte;
  }
  const secret = hidden && isHidden(bytes, start, end) ? HINT.SECRET : 0;
  return hints | secret | (base > 0 && isCLibrary(bytes, base, end) ? HINT.C_LIBRARY : 0);
}

/** Whether a folder or file on the way has one of the names in HIDDEN. */
function isHidden(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end - 1; at++)
    if (bytes[at] === SLASH && bytes[at + 1] === DOT && HIDDEN.includes(word(bytes, at + 2))) return true;
  return false;
}

/** Whether a name says that programs load the file as code: /\.so(\.[\d.]+)?$/. */
function isLibrary(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end;
  while (at > start && isVersion(bytes[at - 1] as number)) at--;
  const version = end - at;
  return (
    has(bytes, at - SO.length, end, SO) &&
    at - SO.length >= start &&
    (version === 0 || (version > 1 && bytes[at] === DOT))
  );
}

function isVersion(code: number): boolean {
  return code === DOT || (code >= ZERO && code <= ZERO + 9);
}

/** The loader opens it after what is preloaded, and before the program itself runs. */
function isCLibrary(bytes: Uint8Array, base: number, end: number): boolean {
  for (const name of C_LIBRARIES) {
    const next = bytes[base + name.length];
    if (has(bytes, base, end - 1, name) && (next === DOT || next === DASH)) return true;
  }
  return false;
}

/** Whether bytes begin so. */
function has(bytes: Uint8Array, start: number, end: number, part: readonly number[]): boolean {
  if (end - start < part.length) return false;
  for (let i = 0; i < part.length; i++) if (bytes[start + i] !== part[i]) return false;
  return true;
}

/** Four bytes as a number. */
function word(bytes: Uint8Array | readonly number[], at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function head(text: string): number {
  return word(codes(text), 0);
}

function codes(text: string): readonly number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

/** An absolute path without "." and "..", from a path relative to cwd; empty when that is not possible. */
export function resolvePath(path: string, cwd: string): string {
  if (path === "") return "";
  if (path.startsWith("/") && !path.includes("/.") && !path.includes("//")) return path;
  if (!path.startsWith("/") && !cwd.startsWith("/")) return "";
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
