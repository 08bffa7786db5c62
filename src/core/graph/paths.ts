/** Files whose contents let their reader log in or act as somebody else. */
const SECRET =
  /^\/etc\/(g?shadow-?|sudoers|krb5\.keytab|ssh\/ssh_host_[^/]*_key|security\/opasswd)$|\/\.ssh\/(id_[^/.]+|[^/]*\.pem)$|\/\.(aws\/credentials|azure\/[^/]*tokens?[^/]*\.json|config\/gcloud\/(credentials\.db|application_default_credentials\.json)|kube\/config|docker\/config\.json|netrc|pgpass|my\.cnf|git-credentials|gnupg\/private-keys-v1\.d\/.*|vault-token)$/;

export function isSecretPath(path: string): boolean {
  return SECRET.test(path);
}

const SLASH = 0x2f;
const DOT = 0x2e;
const ETC = codes("/etc/");
const PROC = codes("/proc/");
const MEM = codes("/mem");
/** How what SECRET names goes on behind "/etc/", and behind "/.". */
const IN_ETC = ["shad", "gsha", "sudo", "krb5", "ssh/", "secu"].map(head);
const HIDDEN = "ssh/ aws/ azur conf kube dock netr pgpa my.c git- gnup vaul".split(" ").map(head);

/** What the bytes of a path may mean: the rest has to be asked as text. */
export const HINT = { SECRET: 1, MEMORY: 2 } as const;

/** Bits of HINT. SECRET is missing only of what is no secret, MEMORY only of what is not the memory of a process. */
export function pathHints(bytes: Uint8Array, start: number, end: number): number {
  const memory = has(bytes, start, end, PROC) && has(bytes, end - MEM.length, end, MEM) ? HINT.MEMORY : 0;
  if (has(bytes, start, end, ETC) && IN_ETC.includes(word(bytes, start + ETC.length))) return memory | HINT.SECRET;
  for (let at = start + 1; at < end; at++) {
    const hidden = bytes[at] === DOT && bytes[at - 1] === SLASH;
    if (hidden && HIDDEN.includes(word(bytes, at + 1))) return memory | HINT.SECRET;
  }
  return memory;
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
