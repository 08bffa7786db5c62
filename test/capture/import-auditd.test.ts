import { describe, expect, test } from "vitest";
import { imported } from "./import-run.ts";

const EPOCH = 1_700_000_000;
let serial = 100;

/** The records of one event, `atMs` after the beginning; the first is as given, serials count up. */
function event(atMs: number, ...records: readonly string[]): string[] {
  const ms = String(atMs % 1000).padStart(3, "0");
  const stamp = `msg=audit(${EPOCH + Math.floor(atMs / 1000)}.${ms}:${serial++}):`;
  return records.map((record) => record.replace(/^(\S+)/, `type=$1 ${stamp}`));
}

interface Call {
  readonly nr: number;
  readonly pid: number;
  readonly ppid: number;
  readonly exe: string;
  readonly args?: string;
  readonly exit?: number;
  readonly success?: boolean;
  readonly rest?: string;
}

function syscall({ nr, pid, ppid, exe, args = "a0=0 a1=0 a2=0 a3=0", exit = 0, success = true, rest }: Call): string {
  const ids = rest ?? "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts1 ses=3";
  const comm = exe.slice(exe.lastIndexOf("/") + 1, exe.lastIndexOf("/") + 16);
  return (
    `SYSCALL arch=c000003e syscall=${nr} success=${success ? "yes" : "no"} exit=${exit} ${args} items=2 ppid=${ppid} pid=${pid} ` +
    `${ids} comm="${comm}" exe="${exe}" subj=unconfined key="x"`
  );
}

const hex = (text: string) => Buffer.from(text).toString("hex").toUpperCase();

function execve(
  atMs: number,
  pid: number,
  ppid: number,
  exe: string,
  argv: readonly string[],
  fields: Partial<Call> = {},
) {
  const words = argv.map((word, i) => `a${i}=${/[\s"]/.test(word) ? hex(word) : `"${word}"`}`).join(" ");
  return event(
    atMs,
    syscall({ nr: 59, pid, ppid, exe, args: "a0=55d0 a1=55d1 a2=55d2 a3=8", ...fields }),
    `EXECVE argc=${argv.length} ${words}`,
    'CWD cwd="/home/deploy"',
    `PATH item=0 name="${argv[0]?.startsWith("/") ? argv[0] : exe}" inode=1234 dev=fd:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0`,
    'PATH item=1 name="/lib64/ld-linux-x86-64.so.2" inode=99 dev=fd:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL',
    `PROCTITLE proctitle=${hex(argv.join("\0"))}`,
  );
}

const log = (...events: readonly (readonly string[])[]) => `${events.flat().join("\n")}\n`;

describe("processes", () => {
  test("an execve is a fork of its parent and an image with everything its records tell", () => {
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/bash", ["bash", "-c", "echo a b"]),
        execve(20, 201, 200, "/usr/bin/curl", ["curl", "-s", "http://x/"]),
      ),
    );
    expect(run.source.format).toBe("auditd log");
    expect(run.tree).toMatch(/^100 .*\n {2}200 bash\n {4}201 curl$/);
    expect(run.row(201)).toMatchObject({ command: "curl -s http://x/", uid: 0, loginUid: 1000 });
    expect(run.detail(200).images.at(-1)).toMatchObject({
      path: "/usr/bin/bash",
      argv: ["bash", "-c", "echo a b"],
      cwd: "/home/deploy",
      certainty: "observed",
    });
    expect(run.wall(run.detail(201).startNs)).toBe(new Date(EPOCH * 1000 + 20).toISOString());
    expect(run.source.problems.total).toBe(0);
  });

  test("records of several events may be mixed, and events out of order", () => {
    const first = execve(10, 200, 100, "/usr/bin/bash", ["bash"]);
    const second = execve(20, 201, 200, "/usr/bin/id", ["id"]);
    const mixed = [second[0], second[1], first[0], first[1], ...second.slice(2), ...first.slice(2)];
    const run = imported(`${mixed.join("\n")}\n`);
    expect(run.tree).toMatch(/^100 .*\n {2}200 bash\n {4}201 id$/);
    expect(run.timesNs).toEqual([...run.timesNs].sort((a, b) => a - b));
  });

  test("an argument in pieces over several records is put together", () => {
    const long = "y".repeat(30);
    const [call = "", , ...rest] = execve(0, 200, 100, "/bin/echo", ["echo"]);
    const stamp = /msg=audit\([^)]*\):/.exec(call)?.[0];
    const pieces = [
      `type=EXECVE ${stamp} argc=3 a0="echo" a1_len=60 a1[0]=${hex(`a ${long}`)}`,
      `type=EXECVE ${stamp} a1[1]=${hex(long)} a2="end"`,
    ];
    const run = imported(`${[call, ...pieces, ...rest].join("\n")}\n`);
    expect(run.row(200).command).toBe(`echo a ${long}${long} end`);
  });

  test("a script is told apart from its interpreter", () => {
    const records = execve(0, 200, 100, "/usr/bin/bash", ["/bin/bash", "./x.sh"]);
    const run = imported(log(records.map((line) => line.replace('item=0 name="/bin/bash"', 'item=0 name="./x.sh"'))));
    expect(run.detail(200).images.at(-1)).toMatchObject({ path: "/usr/bin/bash", script: "./x.sh" });
  });

  test("exec without fork is one process with two images; another parent is another process", () => {
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/env", ["env", "python3"]),
        execve(0, 200, 100, "/usr/bin/python3", ["python3"]),
        execve(50, 300, 100, "/usr/bin/bash", ["bash"]),
        execve(900, 200, 300, "/usr/bin/id", ["id"]),
      ),
    );
    const same = run.rows.filter(({ pid }) => pid === 200);
    expect(same.map(({ name, ppid }) => [name, ppid])).toEqual([
      ["python3", 100],
      ["id", 300],
    ]);
    expect(run.detail(200).images.map(({ path }) => path)).toEqual(["/usr/bin/env", "/usr/bin/python3"]);
  });

  test("a process that forked before it was heard of has its start from the fork; its exit has a status", () => {
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/bash", ["bash", "x"]),
        event(
          10,
          syscall({ nr: 56, pid: 200, ppid: 100, exe: "/usr/bin/bash", args: "a0=1200011 a1=0 a2=0 a3=0", exit: 201 }),
        ),
        event(30, syscall({ nr: 257, pid: 201, ppid: 200, exe: "/usr/bin/bash", exit: 3 })),
        event(
          40,
          syscall({ nr: 231, pid: 201, ppid: 200, exe: "/usr/bin/bash", args: "a0=7 a1=0 a2=0 a3=0" }).replace(
            "success=yes exit=0 ",
            "",
          ),
        ),
        event(50, 'ANOM_ABEND auid=1000 uid=0 gid=0 ses=3 subj=x pid=200 comm="bash" exe="/usr/bin/bash" sig=11 res=1'),
      ),
    );
    expect(run.tree).toMatch(/200 bash\n {4}201 bash$/);
    expect(run.wall(run.detail(201).startNs)).toBe(new Date(EPOCH * 1000 + 10).toISOString());
    expect(run.row(201).exit).toMatchObject({ status: 7 });
    expect(run.row(200).exit).toMatchObject({ signal: 11 });
  });

  test("threads, failed calls and pids of another namespace make no processes", () => {
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/java", ["java"]),
        event(
          10,
          syscall({ nr: 56, pid: 200, ppid: 100, exe: "/usr/bin/java", args: "a0=3d0f00 a1=0 a2=0 a3=0", exit: 201 }),
        ),
        event(20, syscall({ nr: 57, pid: 200, ppid: 100, exe: "/usr/bin/java", exit: 7 })),
        execve(30, 200, 100, "/usr/bin/java", ["nothing"], { success: false, exit: -2 }),
      ),
    );
    expect(run.rows.map(({ pid }) => pid).sort()).toEqual([100, 200]);
    expect(run.row(200).command).toBe("java");
  });

  test("ids that change are those of the last record", () => {
    const ids =
      "auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts1 ses=3";
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/su", ["su"], { rest: ids }),
        event(10, syscall({ nr: 105, pid: 200, ppid: 100, exe: "/usr/bin/su" })),
      ),
    );
    expect(run.row(200)).toMatchObject({ uid: 0, loginUid: 1000, command: "su" });
    expect(run.detail(200).images).toHaveLength(1);
  });

  test("a boot ends everybody", () => {
    const boot =
      'SYSTEM_BOOT pid=1 uid=0 auid=4294967295 ses=4294967295 subj=x msg=\' comm="systemd-update-utmp" exe="/usr/lib/systemd/systemd-update-utmp" res=success\'';
    const run = imported(log(execve(0, 200, 100, "/usr/bin/id", ["id"]), event(10, boot)));
    expect(run.row(200).exit).toMatchObject({ atNs: expect.any(Number) });
  });
});

describe("sockets", () => {
  const curl = { pid: 200, ppid: 100, exe: "/usr/bin/curl" };
  const connect = (atMs: number, saddr: string, fields: Partial<Call> = {}) =>
    event(
      atMs,
      syscall({ nr: 42, ...curl, args: "a0=5 a1=7f a2=10 a3=0", ...fields }),
      `SOCKADDR saddr=${saddr}`,
      "PROCTITLE proctitle=6375726C",
    );

  test.each([
    ["IPv4", "020001BBCB0071090000000000000000", "203.0.113.9:443"],
    ["IPv6", "0A0001BB0000000020010DB800000000000000000000000100000000", "[2001:db8::1]:443"],
  ])("connect over %s", (_, saddr, remote) => {
    const run = imported(log(connect(0, saddr, { success: false, exit: -115 })));
    expect(run.connections(200)).toMatchObject([{ protocol: "tcp", direction: "out", remote, certainty: "observed" }]);
    expect(run.connections(200)[0]?.error).toBeUndefined();
  });

  test("a refused one has its error, and a lookup is a datagram", () => {
    const run = imported(
      log(
        connect(0, "020001BBCB0071090000000000000000", { success: false, exit: -111 }),
        connect(10, "020000357F0000350000000000000000"),
        connect(20, "02001F907F0000010000000000000000", { args: "a0=6 a1=7f a2=10 a3=0" }),
        connect(30, "00000000000000000000000000000000", { args: "a0=7 a1=7f a2=10 a3=0" }),
      ),
    );
    const shown = run.connections(200).map(({ protocol, remote, error }) => [protocol, remote, error]);
    expect(shown).toHaveLength(3);
    expect(shown).toContainEqual(["tcp", "203.0.113.9:443", "ECONNREFUSED"]);
    expect(shown).toContainEqual(["udp", "127.0.0.53:53", undefined]);
    expect(shown).toContainEqual(["tcp", "127.0.0.1:8080", undefined]);
  });

  test("a server: bind, listen, accept in a forked worker, close", () => {
    const server = { pid: 200, ppid: 100, exe: "/usr/sbin/httpd" };
    const worker = { pid: 201, ppid: 200, exe: "/usr/sbin/httpd" };
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/sbin/httpd", ["httpd"]),
        event(1, syscall({ nr: 41, ...server, args: "a0=2 a1=80001 a2=6 a3=0", exit: 4 })),
        event(
          2,
          syscall({ nr: 49, ...server, args: "a0=4 a1=7f a2=10 a3=0" }),
          "SOCKADDR saddr=02001F90000000000000000000000000",
        ),
        event(3, syscall({ nr: 50, ...server, args: "a0=4 a1=80 a2=0 a3=0" })),
        event(4, syscall({ nr: 57, ...server, exit: 201 })),
        event(
          5,
          syscall({ nr: 288, ...worker, args: "a0=4 a1=7f a2=7e a3=0", exit: 9 }),
          "SOCKADDR saddr=0200C350CB0071090000000000000000",
        ),
        event(1_005, syscall({ nr: 3, ...worker, args: "a0=9 a1=0 a2=0 a3=0" })),
      ),
    );
    expect(run.connections(200)).toContainEqual(
      expect.objectContaining({ direction: "listen", local: "0.0.0.0:8080" }),
    );
    const accepted = run.connections(201).find(({ direction }) => direction === "in");
    expect(accepted).toMatchObject({ remote: "203.0.113.9:50000", local: ":8080" });
    expect((accepted?.closedNs ?? 0) - (accepted?.openedNs ?? 0)).toBeCloseTo(1e9, -3);
  });

  test("a unix socket by its path", () => {
    const run = imported(log(connect(0, `0100${hex("/run/docker.sock")}00`)));
    expect(run.connections(200)).toMatchObject([{ protocol: "unix", direction: "out" }]);
    expect(JSON.stringify(run.connections(200))).toContain("/run/docker.sock");
  });

  test("who logged in from where leads to what the session ran", () => {
    const login = `USER_LOGIN pid=90 uid=0 auid=1000 ses=3 subj=x msg='op=login id=1000 exe="/usr/sbin/sshd" hostname=203.0.113.9 addr=203.0.113.9 terminal=ssh res=success'`;
    const run = imported(
      log(
        event(0, login),
        execve(10, 200, 90, "/usr/bin/bash", ["-bash"]),
        execve(20, 201, 200, "/usr/bin/id", ["id"]),
      ),
    );
    expect(run.row(90).name).toBe("sshd");
    expect(run.connections(90)).toMatchObject([{ direction: "in", remote: expect.stringContaining("203.0.113.9") }]);
    expect(run.origin(201).rootCause).toContain("203.0.113.9");
  });
});

describe("files", () => {
  test("what was written, read and made executable, by inode and absolute path", () => {
    const bash = { pid: 200, ppid: 100, exe: "/usr/bin/bash" };
    const path = (name: string, nametype: string, inode: number) =>
      `PATH item=1 name="${name}" inode=${inode} dev=fd:01 mode=0100644 ouid=1000 ogid=1000 rdev=00:00 nametype=${nametype}`;
    const cwd = 'CWD cwd="/tmp"';
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/bash", ["bash", "s"]),
        event(
          10,
          syscall({ nr: 257, ...bash, args: "a0=ffffff9c a1=55 a2=241 a3=1b6", exit: 3 }),
          cwd,
          path("./", "PARENT", 2),
          path("x y", "CREATE", 77).replace('"x y"', hex("x y")),
        ),
        event(
          20,
          syscall({ nr: 257, ...bash, args: "a0=ffffff9c a1=55 a2=0 a3=0", exit: 4 }),
          cwd,
          path("/etc/hosts", "NORMAL", 78),
        ),
        event(
          30,
          syscall({ nr: 90, ...bash, args: "a0=55 a1=1ed a2=0 a3=0" }),
          cwd,
          path("x y", "NORMAL", 77).replace('"x y"', hex("x y")),
        ),
      ),
    );
    const seen = run.detail(200).files.map(({ path: name, operation }) => `${operation} ${name}`);
    expect(seen).toEqual(expect.arrayContaining(["create /tmp/x y", "read /etc/hosts", "chmod /tmp/x y"]));
  });

  test("a file that was written, renamed, executed and removed leads back to its writer", () => {
    const cwd = 'CWD cwd="/tmp"';
    const item = (name: string, nametype: string) =>
      `PATH item=1 name="${name}" inode=77 dev=fd:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=${nametype}`;
    const curl = { pid: 200, ppid: 100, exe: "/usr/bin/curl" };
    const mv = { pid: 201, ppid: 100, exe: "/usr/bin/mv" };
    const open = syscall({ nr: 257, ...curl, args: "a0=ffffff9c a1=5 a2=241 a3=1b6", exit: 3 });
    const executed = execve(40, 202, 100, "/tmp/k", ["/tmp/k"]).map((line) => line.replace("inode=1234", "inode=77"));
    const run = imported(
      log(
        execve(0, 200, 100, "/usr/bin/curl", ["curl", "-o", "d", "http://x/"]),
        event(10, open, cwd, item("d", "CREATE")),
        execve(20, 201, 100, "/usr/bin/mv", ["mv", "d", "k"]),
        event(30, syscall({ nr: 82, ...mv }), cwd, item("/tmp", "PARENT"), item("d", "DELETE"), item("k", "CREATE")),
        executed,
        event(50, syscall({ nr: 263, ...mv }), cwd, item("/tmp", "PARENT"), item("k", "DELETE")),
      ),
    );
    const steps = run.origin(202).steps.map(({ subject }) => (subject.kind === "process" ? subject.id : subject.kind));
    expect(steps).toContain(run.row(200).id);
    const operations = run.detail(201).files.map(({ operation, path }) => `${operation} ${path}`);
    expect(operations).toEqual(expect.arrayContaining(["delete /tmp/k"]));
  });
});

describe("forms of a log", () => {
  const lines = execve(0, 200, 100, "/usr/bin/id", ["id"]);

  test("enriched by auditd: names of users", () => {
    const run = imported(
      log(
        lines.map((line) =>
          line.includes("SYSCALL") ? `${line}\x1dARCH=x86_64 SYSCALL=execve AUID="deploy" UID="root"` : line,
        ),
      ),
    );
    expect(run.row(200).command).toBe("id");
    expect(run.source.users().get(1000)).toBe("deploy");
  });

  test("in a syslog, with numbers for types, and with the machine's name", () => {
    const numbers: Record<string, number> = { SYSCALL: 1300, EXECVE: 1309, CWD: 1307, PATH: 1302, PROCTITLE: 1327 };
    const inSyslog = lines.map((line) =>
      line.replace(
        /^type=(\w+) msg=/,
        (_, type: string) => `Nov 14 22:13:20 web1 kernel: audit: type=${numbers[type]} `,
      ),
    );
    expect(imported(log(inSyslog)).row(200).command).toBe("id");
    const named = imported(log(lines.map((line) => `node=web1 ${line}`)));
    expect(named.row(200).command).toBe("id");
    expect(named.source.host).toBe("web1");
  });

  test("as ausearch prints it, with types that have no name yet", () => {
    const run = imported(
      `----\ntime->Tue Nov 14 22:13:20 2023\n${log(lines, event(5, "UNKNOWN[1334] prog-id=3 op=LOAD"))}`,
    );
    expect(run.row(200).command).toBe("id");
    expect(run.source.problems.total).toBe(0);
    expect(run.source.status().features).toContainEqual(expect.objectContaining({ name: "UNKNOWN[1334]" }));
  });

  test("a broken line is told with its number and offset; its neighbours are read", () => {
    const before = log(execve(0, 100, 1, "/usr/bin/bash", ["bash"]));
    const run = imported(`${before}garbage\n${log(lines)}`);
    expect(run.row(200).command).toBe("id");
    const line = before.split("\n").length;
    expect(run.source.problems).toMatchObject({
      total: 1,
      first: [{ line, byte: before.length, why: "not an audit record" }],
    });
  });

  test.each([
    ["pid=300", "pid=3x0"],
    [" pid=300", ""],
    ["syscall=59", "syscall="],
  ])("a system call whose record has no usable %s is told as a broken line, not passed over", (was, is) => {
    const before = log(lines);
    const broken = log(execve(9, 300, 1, "/usr/bin/ls", ["ls"])).replace(was, is);
    const run = imported(`${before}${broken}`);
    expect(run.row(200).command).toBe("id");
    expect(run.source.problems).toMatchObject({
      total: 1,
      first: [{ byte: before.length, why: "a system call without its pid or number" }],
    });
  });
});
