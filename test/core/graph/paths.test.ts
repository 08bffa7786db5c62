import { describe, expect, test } from "vitest";
import { HINT, isSecretPath, pathHints } from "../../../src/core/graph/paths.ts";
import { encodeUtf8 } from "../../../src/core/wire/utf8.ts";

const SECRETS = [
  "/etc/shadow",
  "/etc/shadow-",
  "/etc/gshadow",
  "/etc/sudoers",
  "/etc/krb5.keytab",
  "/etc/ssh/ssh_host_ed25519_key",
  "/etc/security/opasswd",
  "/root/.ssh/id_rsa",
  "/home/é/.ssh/server.pem",
  "/home/deploy/.aws/credentials",
  "/home/deploy/.azure/msal_token_cache.json",
  "/home/deploy/.config/gcloud/credentials.db",
  "/home/deploy/.config/gcloud/application_default_credentials.json",
  "/home/deploy/.kube/config",
  "/root/.docker/config.json",
  "/root/.netrc",
  "/root/.pgpass",
  "/root/.my.cnf",
  "/root/.git-credentials",
  "/root/.gnupg/private-keys-v1.d/A.key",
  "/root/.vault-token",
  "/srv/.git/.ssh/id_ed25519",
];
const OTHERS = [
  "/etc/passwd",
  "/etc/shadow.d/x",
  "/etc/ssh/ssh_host_rsa_key.pub",
  "/root/.ssh/id_rsa.pub",
  "/srv/.git/x",
  ".",
  "",
];

/** As the graph keeps it: among other texts. */
function hintsOf(path: string): number {
  const bytes = encodeUtf8(path);
  const among = new Uint8Array(bytes.length + 64).fill(0x2f);
  among.set(bytes, 20);
  return pathHints(among, 20, 20 + bytes.length);
}

describe("a path that holds credentials", () => {
  test.each(SECRETS)("is told by its bytes and as text: %s", (path) => {
    expect(hintsOf(path) & HINT.SECRET).toBe(HINT.SECRET);
    expect(isSecretPath(path)).toBe(true);
  });

  test.each(OTHERS)("is not taken for %j", (path) => {
    expect(isSecretPath(path)).toBe(false);
  });
});

test("the memory of a process is told by the bytes of its path, other files of /proc are not", () => {
  const memory = (path: string): number => hintsOf(path) & HINT.MEMORY;
  expect([memory("/proc/12/mem"), memory("/proc/12/task/13/mem")]).toEqual([HINT.MEMORY, HINT.MEMORY]);
  expect([memory("/proc/12/maps"), memory("/srv/mem"), memory("/proc"), memory("/mem")]).toEqual([0, 0, 0, 0]);
});

test("what looks at no text costs none: most paths have no hint", () => {
  expect(["/usr/share/zoneinfo/UTC", "/srv/app/node_modules/.bin/tsc", "/srv/.git/index"].map(hintsOf)).toEqual([
    0, 0, 0,
  ]);
});

test.each([
  ["/usr/lib/libz.so", HINT.LIBRARY],
  ["/usr/lib/libz.so.1.2.13", HINT.LIBRARY],
  ["/lib/x86_64-linux-gnu/libc.so.6", HINT.LIBRARY | HINT.C_LIBRARY],
  ["/lib/libc-2.31.so", HINT.LIBRARY | HINT.C_LIBRARY],
  ["/lib/ld-musl-x86_64.so.1", HINT.LIBRARY | HINT.C_LIBRARY],
  ["/usr/lib/libcrypto.so.3", HINT.LIBRARY],
  ["/srv/x.so.", 0],
  ["/srv/x.so5", 0],
  ["/srv/x.so.conf", 0],
  ["/srv/libc", 0],
  ["libc.so.6", HINT.LIBRARY],
  ["/libc.d/x", 0],
  [".so", HINT.LIBRARY],
  ["so", 0],
])("what loads as code is told by its name: %s", (path, hints) => {
  expect(hintsOf(path)).toBe(hints);
});
