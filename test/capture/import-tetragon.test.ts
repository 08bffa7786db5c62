import { describe, expect, test } from "vitest";
import { imported } from "./import-run.ts";

const BOOT_MS = Date.parse("2024-05-06T07:00:00Z");

/** A moment, ns after boot, as the export writes it. */
function time(ns: number): string {
  const seconds = new Date(BOOT_MS + Math.floor(ns / 1e9) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1e9).padStart(9, "0")}Z`;
}

const execId = (pid: number, ns: number) => Buffer.from(`node1:${ns}:${pid}`).toString("base64");

function proc(pid: number, ns: number, binary: string, args: string, flags: string, fields: object = {}) {
  return {
    exec_id: execId(pid, ns),
    pid,
    uid: 1000,
    cwd: "/srv",
    binary,
    arguments: args,
    flags,
    start_time: time(ns),
    auid: 1000,
    refcnt: 1,
    tid: pid,
    ...fields,
  };
}

const exec = (process: { start_time: string }, parent?: object) => ({
  process_exec: { process, ...(parent === undefined ? {} : { parent }) },
  node_name: "node1",
  time: process.start_time,
});
const exit = (ns: number, process: object, fields: object) => ({
  process_exit: { process, time: time(ns), ...fields },
  node_name: "node1",
  time: time(ns),
});
const kprobe = (ns: number, process: object, name: string, args: readonly object[], fields: object = {}) => ({
  process_kprobe: { process, function_name: name, args, action: "KPROBE_ACTION_POST", policy_name: "p", ...fields },
  node_name: "node1",
  time: time(ns),
});

const SECOND = 1e9;
const sshd = proc(100, 3 * SECOND, "/usr/sbin/sshd", "-D", "procFS auid", { uid: 0, auid: 4294967295 });
const bash = proc(200, 60 * SECOND, "/bin/bash", '-c "echo a b"', "execve clone");
const curl = proc(201, 61 * SECOND + 5, "/usr/bin/curl", "-s http://x/", "execve clone truncArgs");
const base = [exec(sshd), exec(bash, sshd), exec(curl, bash)];

describe("processes", () => {
  test("found in /proc, forked and executed, exited", () => {
    const run = imported([
      ...base,
      exit(62 * SECOND, curl, { status: 6 }),
      exit(63 * SECOND, bash, { signal: "SIGKILL" }),
    ]);
    expect(run.source).toMatchObject({ format: "Tetragon export", host: "node1", problems: { total: 0 } });
    expect(run.tree).toBe(["100 sshd", "  200 bash", "    201 curl"].join("\n"));
    expect(run.row(200)).toMatchObject({ command: "/bin/bash -c echo a b", uid: 1000, loginUid: 1000 });
    expect(run.detail(200).images.at(-1)).toMatchObject({
      argv: ["/bin/bash", "-c", "echo a b"],
      cwd: "/srv",
      certainty: "observed",
    });
    expect(run.detail(201).images.at(-1)?.truncated).toBe(true);
    expect(run.detail(100).images[0]?.certainty).toBe("before start");
    expect(run.row(100).loginUid).toBeUndefined();
    expect(run.row(201).exit).toMatchObject({ status: 6 });
    expect(run.row(200).exit).toMatchObject({ signal: 9 });
  });

  test("starts are those since boot, to the ns, and the wall clock is right", () => {
    const run = imported(base);
    // The first thing that happened is time 0; what was found in /proc is older.
    expect(run.detail(200).startNs).toBe(0);
    expect(run.detail(201).startNs).toBe(SECOND + 5);
    expect(run.detail(100).startNs).toBe(-57 * SECOND);
    expect(run.wall(0)).toBe(new Date(BOOT_MS + 60_000).toISOString());
  });

  test("an exec without a fork is the same process", () => {
    const python = proc(201, 70 * SECOND, "/usr/bin/python3", "x.py", "execve");
    const run = imported([...base, exec(python, bash), exit(80 * SECOND, python, { status: 0 })]);
    expect(run.rows).toHaveLength(3);
    expect(run.detail(201).images.map(({ path }) => path)).toEqual(["/bin/bash", "/usr/bin/curl", "/usr/bin/python3"]);
    expect(run.row(201).exit).toMatchObject({ status: 0 });
  });

  test("a pid that is used again is another process", () => {
    const again = proc(201, 90 * SECOND, "/usr/bin/id", "", "execve clone");
    const run = imported([...base, exit(62 * SECOND, curl, { status: 0 }), exec(again, bash)]);
    expect(run.tree).toBe(["100 sshd", "  200 bash", "    201 curl", "    201 id"].join("\n"));
  });

  test("a parent nobody reported is found by what its child tells of it; order does not matter", () => {
    const run = imported([exec(curl, bash), exec(sshd)]);
    expect(run.tree).toContain("200 bash\n  201 curl");
    const shuffled = imported([base[2] ?? {}, base[1] ?? {}, base[0] ?? {}]);
    expect(shuffled.tree).toBe(["100 sshd", "  200 bash", "    201 curl"].join("\n"));
  });

  test("containers have their names", () => {
    const id = "ab".repeat(32);
    const pod = {
      namespace: "default",
      name: "web-0",
      uid: "01234567-89ab-cdef-0123-456789abcdef",
      container: { id: `containerd://${id}`, name: "nginx" },
    };
    const run = imported([
      exec(proc(300, 5 * SECOND, "/usr/sbin/nginx", "", "execve clone", { docker: id.slice(0, 31), pod })),
    ]);
    const { cgroup } = run.row(300);
    expect(cgroup).toContain(id);
    expect(run.source.containers().get(cgroup)).toBe("web-0/nginx");
  });
});

describe("hooks", () => {
  const sock = (fields: object = {}) => ({
    sock_arg: {
      family: "AF_INET",
      type: "SOCK_STREAM",
      protocol: "IPPROTO_TCP",
      saddr: "10.0.0.4",
      daddr: "203.0.113.9",
      sport: 41822,
      dport: 443,
      cookie: "18446612682070464384",
      ...fields,
    },
  });

  test("a connection from connect to close, with what was sent", () => {
    const run = imported([
      ...base,
      kprobe(62 * SECOND, curl, "tcp_connect", [sock()]),
      kprobe(63 * SECOND, curl, "tcp_sendmsg", [sock({ state: "TCP_ESTABLISHED" }), { int_arg: 100 }]),
      kprobe(64 * SECOND, curl, "tcp_sendmsg", [sock({ state: "TCP_ESTABLISHED" }), { int_arg: 20 }]),
      kprobe(65 * SECOND, curl, "tcp_close", [sock()]),
    ]);
    expect(run.connections()).toMatchObject([
      {
        protocol: "tcp",
        direction: "out",
        local: "10.0.0.4:41822",
        remote: "203.0.113.9:443",
        txBytes: 120,
        owners: [run.row(201).id],
      },
    ]);
    expect(run.connections()[0]?.closedNs).toBe(5 * SECOND);
  });

  test("accept, listen, datagrams, and both ends of a local connection", () => {
    const local = { saddr: "127.0.0.1", daddr: "127.0.0.1" };
    const run = imported([
      ...base,
      kprobe(62 * SECOND, sshd, "inet_csk_listen_start", [
        sock({ saddr: "0.0.0.0", sport: 22, daddr: "0.0.0.0", dport: 0, cookie: "1" }),
      ]),
      kprobe(63 * SECOND, curl, "tcp_connect", [sock({ ...local, sport: 5000, dport: 22, cookie: "2" })]),
      kprobe(64 * SECOND, sshd, "inet_csk_accept", [], {
        return: sock({ ...local, sport: 22, dport: 5000, cookie: "3" }),
      }),
      kprobe(65 * SECOND, curl, "udp_sendmsg", [
        sock({ protocol: "IPPROTO_UDP", type: "SOCK_DGRAM", daddr: "9.9.9.9", dport: 53, cookie: "4" }),
      ]),
    ]);
    expect(run.connections(100)).toContainEqual(expect.objectContaining({ direction: "listen", local: "0.0.0.0:22" }));
    const accepted = run.connections(100).find(({ direction }) => direction === "in");
    expect(accepted).toMatchObject({ remote: "127.0.0.1:5000", peer: run.row(201).id });
    expect(run.connections(201).map(({ protocol, remote }) => `${protocol} ${remote}`)).toEqual(
      expect.arrayContaining(["tcp 127.0.0.1:22", "udp 9.9.9.9:53"]),
    );
    expect(run.connections()).toHaveLength(3);
  });

  test("files", () => {
    const file = { file_arg: { mount: "", path: "/etc/shadow", flags: "", permission: "-rw-r-----" } };
    const run = imported([
      ...base,
      kprobe(62 * SECOND, curl, "security_file_permission", [file, { int_arg: 4 }]),
      kprobe(63 * SECOND, curl, "security_file_permission", [{ file_arg: { path: "/tmp/x" } }, { int_arg: 2 }]),
    ]);
    expect(
      run
        .detail(201)
        .files.map(({ operation, path }) => `${operation} ${path}`)
        .sort(),
    ).toEqual(["read /etc/shadow", "write /tmp/x"]);
  });

  test("what a policy says or prevents is a finding; what has no place is counted", () => {
    const run = imported([
      ...base,
      kprobe(62 * SECOND, curl, "tcp_connect", [sock()], { policy_name: "no-egress", action: "KPROBE_ACTION_SIGKILL" }),
      kprobe(63 * SECOND, curl, "security_file_open", [{ file_arg: { path: "/etc/passwd" } }], {
        message: "Sensitive file",
        tags: ["T1552", "x"],
      }),
      kprobe(63 * SECOND, curl, "tcp_close", [sock()], { message: "old export", policy_name: undefined }),
      kprobe(64 * SECOND, curl, "__x64_sys_setuid", [{ int_arg: 0 }]),
    ]);
    expect(run.source.findings()).toMatchObject([
      { rule: "tetragon/no-egress", severity: "high", atNs: 2 * SECOND, process: { pid: 201 } },
      { rule: "tetragon/p", title: "Sensitive file", severity: "medium", techniques: ["T1552"] },
      { rule: "tetragon", title: "old export", reason: "a policy reported tcp_close" },
    ]);
    expect(run.connections(201)).toHaveLength(1);
    expect(run.source.status().features).toContainEqual(
      expect.objectContaining({ name: "process_kprobe of __x64_sys_setuid" }),
    );
  });
});

test("events the exporter dropped are loss", () => {
  const run = imported([
    ...base,
    { rate_limit_info: { number_of_dropped_process_events: "42" }, node_name: "node1", time: time(70 * SECOND) },
  ]);
  expect(run.monitor.lostTotal).toBe(42);
});

test("an event without a process, or of another node, is told", () => {
  const run = imported([
    ...base,
    { process_exec: { process: { binary: "/bin/x" } }, node_name: "node1", time: time(70 * SECOND) },
    { ...exec(proc(400, 70 * SECOND, "/bin/y", "", "execve clone")), node_name: "node2" },
  ]);
  expect(run.rows).toHaveLength(3);
  expect(run.source.problems).toMatchObject({
    total: 1,
    first: [{ line: 4, why: "a process without pid or exec_id" }],
  });
  expect(run.source.status().features).toContainEqual(expect.objectContaining({ name: "records of another node" }));
});

test("a time that no clock shows is a problem of its line, wherever it stands", () => {
  const strange = { ...curl, pid: 400, exec_id: Buffer.from(`node1:${"9".repeat(400)}:400`).toString("base64") };
  const run = imported([
    { ...exec(strange, bash), time: time(61 * SECOND) },
    ...base,
    { ...exec(proc(401, 62 * SECOND, "/bin/y", "", "execve clone"), bash), time: "9999-01-01T00:00:00Z" },
    { ...exec(proc(402, 62 * SECOND, "/bin/y", "", "execve clone"), bash), time: "0001-01-01T00:00:00Z" },
  ]);
  expect(run.source.problems).toMatchObject({
    total: 2,
    first: [
      { line: 5, why: "an event without a time" },
      { line: 6, why: "an event without a time" },
    ],
  });
  expect(run.rows.map(({ pid }) => pid).sort()).toEqual([100, 200, 201, 400]);
});
