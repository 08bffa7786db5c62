/** Files whose contents let their reader log in or act as somebody else. */
const SECRET =
  /^\/etc\/(g?shadow-?|sudoers|krb5\.keytab|ssh\/ssh_host_[^/]*_key|security\/opasswd)$|\/\.ssh\/(id_[^/.]+|[^/]*\.pem)$|\/\.(aws\/credentials|azure\/[^/]*tokens?[^/]*\.json|config\/gcloud\/(credentials\.db|application_default_credentials\.json)|kube\/config|docker\/config\.json|netrc|pgpass|my\.cnf|git-credentials|gnupg\/private-keys-v1\.d\/.*|vault-token)$/;

export function isSecretPath(path: string): boolean {
  return (path.startsWith("/etc/") || path.includes("/.")) && SECRET.test(path);
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
