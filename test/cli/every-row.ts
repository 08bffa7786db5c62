import { BatchWriter } from "../../src/core/wire/encode.ts";
import type { RowHead } from "../../src/core/wire/fields.ts";
import { FLAG, KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { dnsMessage } from "../core/fixture-calls.ts";

export const SECOND = 1_000_000_000;
export const BOOT = 5_000 * SECOND;
export const WALL_NS = 1_700_000_000_000_000_000n;
export const HOSTILE = 'x"\\\n\x1b]0;owned\x07\u202e&<>`#;%%{init}';

/** A shell that does one of everything that has a row, and what is not its doing. One row of each kind, times a millisecond apart. */
export function everyRow(): Uint8Array[] {
  const writer = new BatchWriter();
  const opening = writer.finish(BOOT, WALL_NS);
  let now = BOOT;
  const by = (pid = 20): RowHead => ({ timeNs: (now += 1_000_000), pid, startNs: BOOT - 100 + pid });
  const file = { dev: (8 << 20) | 1, ino: 77, mode: 0o100644, uid: 1000 };
  writer.image(
    { ...by(10), flags: FLAG.BEFORE_START, exe: "/usr/bin/bash", argv: ["bash"], comm: "bash", uid: 1000 },
    KIND.PROCESS,
  );
  writer.fork({ ...by(10), childPid: 20, childStartNs: BOOT - 80 });
  writer.image({
    ...by(),
    exe: "/usr/bin/dash",
    argv: ["sh", "-c", HOSTILE],
    env: `LD_PRELOAD=/tmp/${HOSTILE}\0SUDO_USER=deploy\0`,
    script: "/tmp/s",
    comm: "sh",
    cwd: "/home/u",
    uid: 1000,
    loginUid: 1000,
    parentPid: 10,
    parentStartNs: BOOT - 90,
    cgroupPath: "/docker/x",
    trunc: 4,
  });
  writer.open({ ...by(), ...file, path: `/tmp/${HOSTILE}`, open: OPEN_FLAG.CREATED | OPEN_FLAG.WRITE, size: 5 });
  writer.open({ ...by(), ...file, path: "/etc/passwd", open: OPEN_FLAG.READ });
  writer.open({
    ...by(),
    ...file,
    path: "memfd:x",
    open: OPEN_FLAG.READ | OPEN_FLAG.WRITE | OPEN_FLAG.MEMFD | OPEN_FLAG.DELETED,
  });
  writer.use(KIND.READ, { ...by(), ...file, path: "/etc/passwd" });
  writer.use(KIND.WRITE, { ...by(), ...file, path: "/tmp/out" });
  writer.chmod({ ...by(), ...file, path: "/tmp/out", open: 0, mode: 0o100755 });
  writer.path(KIND.RENAME, { ...by(), from: "out", fromDir: "/tmp", to: "/tmp/new" });
  writer.path(KIND.UNLINK, { ...by(), from: "/tmp/new" });
  writer.path(KIND.LINK, { ...by(), from: "/tmp/a", to: "b", toDir: "/tmp" });
  writer.path(KIND.SYMLINK, { ...by(), from: "../elsewhere", to: "/tmp/link" });
  writer.path(KIND.MOUNT, { ...by(), from: "tmpfs", to: "/mnt" });
  writer.path(KIND.TRUNCATE, { ...by(), from: "/tmp/a", arg: 10 });
  writer.path(KIND.CHOWN, { ...by(), from: "/tmp/a", arg: (33n << 32n) | 44n, ret: -1 });
  writer.open({ ...by(), ...file, ino: 78, path: "/tmp/big", open: OPEN_FLAG.WRITE });
  writer.bytes({ ...by(), dev: file.dev, ino: 78, bytes: 84_000, write: true });
  writer.dns({ ...by(), message: dnsMessage({ question: "cdn.x", records: [["cdn.x", "198.51.100.7"]] }), sock: 99 });
  const tcp = {
    family: 2,
    proto: 6,
    local: "10.0.0.4",
    localPort: 40000,
    remote: "198.51.100.7",
    remotePort: 443,
    netns: 1,
  };
  writer.sock(KIND.CONNECT, { ...by(), ...tcp, sock: 100, state: 1 });
  writer.sock(KIND.CONNECT, { ...by(), ...tcp, sock: 101, localPort: 40001, state: 7, err: 111 });
  writer.sock(KIND.CONNECT, { ...by(), ...tcp, sock: 102, localPort: 40002, state: 7, err: 110 });
  writer.sock(KIND.CONNECT, { ...by(), ...tcp, sock: 103, localPort: 40003, state: 2, err: 115 });
  writer.sock(KIND.LISTEN, {
    ...by(),
    ...tcp,
    sock: 104,
    local: "::",
    localPort: 22,
    remote: "::",
    remotePort: 0,
    family: 10,
  });
  writer.sock(KIND.ACCEPT, {
    ...by(),
    ...tcp,
    sock: 105,
    local: "2001:db8::1",
    localPort: 22,
    remote: "2001:db8::2",
    remotePort: 50000,
    family: 10,
  });
  writer.sock(KIND.DATAGRAM, { ...by(), ...tcp, proto: 17, sock: 106, remotePort: 53 });
  writer.sock(KIND.SOCKET, { ...by(), ...tcp, sock: 107, localPort: 40007, state: 1 });
  writer.sock(KIND.SOCKET, { ...by(), ...tcp, sock: 100, state: 1, tx: 500, rx: 600 });
  writer.sock(KIND.CLOSE, { ...by(), ...tcp, sock: 100, state: 7, tx: 1000, rx: 2000 });
  writer.sock(KIND.CLOSE, {
    ...by(0),
    ...tcp,
    sock: 105,
    local: "2001:db8::1",
    localPort: 22,
    remote: "2001:db8::2",
    remotePort: 50000,
    family: 10,
    flags: FLAG.NO_OWNER,
    tx: 7,
    rx: 8,
  });
  writer.unix(KIND.UNIX_CONNECT, { ...by(), path: "/run/x.sock", sock: 108, peerPid: 10 });
  writer.unix(KIND.UNIX_ACCEPT, { ...by(), path: "\0abstract", sock: 109 });
  writer.pipe({ ...by(), ino: 500, open: OPEN_FLAG.READ | OPEN_FLAG.WRITE });
  writer.cred({ ...by(), uid: 0, euid: 0, gid: 0, egid: 0, caps: 0x1ffffffffffn });
  const target = { targetPid: 10, targetStartNs: BOOT - 90 };
  writer.call(KIND.INJECT, { ...by(), ...target, args: [16, 10, 0, 0] });
  writer.call(KIND.MEMORY, { ...by(), path: "payload" });
  writer.call(KIND.SIGNAL, { ...by(), ...target, args: [9, 0, 0, 0] });
  writer.call(KIND.KERNEL, { ...by(), ret: -1 });
  writer.call(KIND.NAMESPACE, by());
  writer.call(KIND.URING, by());
  writer.call(KIND.FD_PASS, { ...by(), args: [2, 109, 3, 0] });
  writer.call(KIND.CGROUP, { ...by(), path: "/docker/y" });
  writer.loss({ ...by(0), flags: FLAG.NO_OWNER, lost: 12, kind: KIND.OPEN });
  writer.loss({ ...by(), lost: 34, kind: KIND.READ }, KIND.THROTTLED);
  writer.image(
    { ...by(30), flags: FLAG.POLLED, exe: "/usr/bin/sleep", argv: ["sleep", "1"], comm: "sleep" },
    KIND.PROCESS,
  );
  writer.exit({ ...by(), code: 3 << 8, cpuNs: 1_000_000 });
  writer.exit({ ...by(30), code: 9 });
  return [opening, writer.finish(now, WALL_NS + BigInt(now - BOOT))];
}
