import { describe, expect, test } from "vitest";
import { imported } from "./import-run.ts";

const BOOT = 1_700_000_000;
const START = BOOT + 100;

const machine = {
  schema: "model_machine::1.1.0",
  id: "mach:m",
  muid: "mach:m",
  time: START,
  hostname: "web1",
  boot_time: BOOT,
  uid_map: { 0: { login: "root" }, 1000: { login: "deploy" } },
};

function process(pid: number, parent: number, fields: object = {}) {
  return {
    schema: "model_process::1.2.0",
    id: `proc:${pid}`,
    muid: "mach:m",
    time: START,
    create_time: BOOT + pid,
    pid,
    ppid: parent,
    ppuid: parent === 0 ? null : `proc:${parent}`,
    suid: "sess:1",
    sid: "4294967295",
    auid: 4294967295,
    euid: 0,
    egid: 0,
    type: "normal",
    name: `p${pid}`,
    title: `p${pid}`,
    exe: `/bin/p${pid}`,
    args: [`p${pid}`],
    cwd: "/",
    cgroup: "systemd:/system.slice/web.service",
    status: "active",
    ...fields,
  };
}

const session = { schema: "model_session::1.2.0", id: "sess:1", muid: "mach:m", time: START, pid: 1, auid: 4294967295 };
const later = { time: START + 30, create_time: START + 20 };

test("a tree with threads folded in, whatever the order of the lines", () => {
  const run = imported([
    process(12, 11, { ...later, exe: "/bin/sh" }),
    process(11, 10, { type: "thread", exe: "/bin/p10", args: ["p10"] }),
    session,
    process(10, 1),
    process(1, 0, { name: "init" }),
    process(9, 0, { type: "kernel thread", title: "kworker/0:1", exe: "kworker/0:1", args: ["kworker/0:1"] }),
    machine,
  ]);
  expect(run.tree).toBe(["1 p1", "  10 p10", "    12 sh", "9 kworker/0:1"].join("\n"));
  expect(run.row(9).kernelThread).toBe(true);
  expect(run.row(10)).toMatchObject({ command: "p10", cgroup: "/system.slice/web.service" });
  expect(run.source.status().features).toEqual([{ name: "file", hook: "Spyderbat capture", state: "ok" }]);
  expect(run.source).toMatchObject({ host: "web1", kind: "import" });
  expect(run.source.users().get(1000)).toBe("deploy");
});

test("what ran before capture began is told apart from what started in it, at its own wall time", () => {
  const run = imported([machine, session, process(1, 0), process(12, 1, later)]);
  expect(run.detail(1).images[0]).toMatchObject({ certainty: "before start" });
  expect(run.detail(12).images.at(-1)).toMatchObject({ certainty: "observed" });
  expect(run.wall(run.detail(12).startNs)).toBe(new Date((START + 20) * 1000).toISOString());
  expect(run.wall(0)).toBe(new Date(START * 1000).toISOString());
});

test("a forked process that executed nothing is no thread: its exit status or its own usage tells", () => {
  const shell = { type: "thread", exe: "/bin/p10", args: ["p10"] };
  const run = imported([
    machine,
    session,
    process(1, 0),
    process(10, 1),
    process(20, 10, { ...later, ...shell, status: "closed", valid_to: START + 25, exit: 3 }),
    process(21, 10, { ...later, ...shell }),
    process(22, 10, { ...later, ...shell }),
    {
      schema: "event_top_data::1.0.0",
      id: "top:1",
      muid: "mach:m",
      time: START + 40,
      clk_tck: 100,
      processes: { default: {}, 22: { start_time: 12_000, rss: 2 } },
    },
  ]);
  expect(run.tree).toBe(["1 p1", "  10 p10", "    20 p10", "    22 p10"].join("\n"));
  expect(run.row(20).exit).toMatchObject({ status: 3 });
  expect(run.row(22).rssBytes).toBe(8192);
});

test("the newest of an id's versions wins, and the images of older ones are kept", () => {
  const run = imported([
    machine,
    session,
    process(1, 0),
    process(12, 1, {
      ...later,
      time: START + 50,
      exe: "/bin/new",
      args: ["new", "-x"],
      status: "closed",
      valid_to: START + 60,
      exit: 0,
    }),
    process(12, 1, { ...later, time: START + 21, exe: "/bin/old", args: ["old"] }),
    process(12, 1, { ...later, time: START + 40, exe: "/bin/old", args: ["old", "y"] }),
  ]);
  expect(run.detail(12).images.map(({ path }) => path)).toEqual(expect.arrayContaining(["/bin/old", "/bin/new"]));
  expect(run.row(12)).toMatchObject({ command: "new -x", exit: { status: 0 } });
});

test("a thread with another executable shows what its process ran before", () => {
  const run = imported([
    machine,
    session,
    process(1, 0),
    process(12, 1, { ...later, exe: "/pause", args: ["/pause"] }),
    process(13, 12, {
      ...later,
      create_time: START + 21,
      type: "thread",
      exe: "/memfd:runc (deleted)",
      args: ["runc", "init"],
    }),
  ]);
  const images = [...run.detail(12).images].sort((a, b) => a.atNs - b.atNs);
  expect(images).toMatchObject([
    { path: "/bin/p1" },
    { path: "memfd:runc", argv: ["runc", "init"], memfd: true, deleted: true },
    { path: "/pause", memfd: false, deleted: false },
  ]);
});

function connection(id: string, owner: number, local: [string, number], remote: [string, number], fields: object = {}) {
  return {
    schema: "model_connection::1.1.0",
    id: `conn:${id}`,
    muid: "mach:m",
    time: START,
    create_time: START,
    puids: [`proc:${owner}`],
    family: "IPV4",
    proto: "TCP",
    status: "active",
    local_ip: local[0],
    local_port: local[1],
    remote_ip: remote[0],
    remote_port: remote[1],
    direction: "unknown",
    bytes_tx: 0,
    bytes_rx: 0,
    ...fields,
  };
}

describe("connections", () => {
  const processes = [machine, session, process(1, 0), process(10, 1), process(11, 1)];

  test("both ends of a local one are one object, and either end's direction counts for both", () => {
    const run = imported([
      ...processes,
      connection("a", 10, ["127.0.0.1", 4000], ["127.0.0.1", 80], { peer_cuid: "conn:b", bytes_tx: 7 }),
      connection("b", 11, ["127.0.0.1", 80], ["127.0.0.1", 4000], { peer_cuid: "conn:a", direction: "inbound" }),
    ]);
    expect(run.connections()).toHaveLength(1);
    expect(run.connections(10)).toMatchObject([
      { direction: "out", local: "127.0.0.1:4000", peer: run.row(11).id, txBytes: 7 },
    ]);
    expect(run.connections(11)).toMatchObject([{ direction: "in", peer: run.row(10).id, certainty: "before start" }]);
  });

  test("held by a thread is held by its process; closed ones have their end", () => {
    const run = imported([
      ...processes,
      process(14, 10, { type: "thread", exe: "/bin/p10" }),
      connection("a", 14, ["10.0.0.4", 4000], ["203.0.113.9", 443], {
        direction: "outbound",
        create_time: START + 5,
        status: "closed",
        valid_to: START + 9,
        time: START + 20,
      }),
    ]);
    expect(run.connections(10)).toMatchObject([
      {
        direction: "out",
        remote: "203.0.113.9:443",
        owners: [run.row(10).id],
        openedNs: 5e9,
        closedNs: 9e9,
        certainty: "observed",
      },
    ]);
  });

  test("listening sockets of both protocols", () => {
    const listening = (id: string, proto: string, port: number) => ({
      schema: "model_listening_socket::1.0.0",
      id: `sock:${id}`,
      muid: "mach:m",
      time: START,
      valid_from: START,
      puid: "proc:10",
      puids: ["proc:10"],
      family: "IPV4",
      proto,
      local_ip: "0.0.0.0",
      local_port: port,
      status: "active",
    });
    const run = imported([...processes, listening("t", "TCP", 22), listening("u", "UDP", 53)]);
    const shown = run.connections(10).map(({ protocol, direction, local }) => `${protocol} ${direction} ${local}`);
    expect(shown.sort()).toEqual(["tcp listen 0.0.0.0:22", "udp listen 0.0.0.0:53"]);
  });
});

test("usage becomes CPU and memory; what a process leaves out is as in the default", () => {
  const defaults = '"default":{"stime":5,"vsize":0,"state":"S"}';
  const sample = (at: number, ticks: number, processes: (entry: string) => string): string => {
    const head = {
      schema: "event_top_data::1.0.0",
      id: `top:${at}`,
      muid: "mach:m",
      clk_tck: 100,
      disk: { sda: { reads: 1 } },
    };
    const entry = `{"utime":${ticks},"rss":3,"start_time":1000,"nice":-10,"state":"R"}`;
    const text = JSON.stringify({ ...head, time: START + at, processes: 0, tasks: {} });
    return text.replace('"processes":0', `"processes":${processes(entry)}`);
  };
  const forms: ((entry: string) => string)[] = [
    (entry) => `{${defaults},"1":{},"10":${entry}}`,
    (entry) => `{"10":${entry},${defaults}}`,
    (entry) => `{ ${defaults}, "10" : ${entry} }`,
    (entry) => `{${defaults},"10":${entry.replace("{", '{"weight":1.5,"note":"a \\"quoted\\" one",')}}`,
    (entry) => `{${defaults},"pid":{"rss":9},"10":${entry}}`,
  ];
  for (const form of forms) {
    const samples = [sample(12, 150, form), sample(10, 50, form), sample(11, 100, form)];
    const run = imported([machine, session, process(1, 0), process(10, 1), ...samples]);
    expect(run.row(10)).toMatchObject({ cpuPercent: 50, rssBytes: 3 * 4096 });
    expect(run.source.problems.total).toBe(0);
  }
});

test("flags and traces are findings that know their processes, sockets and each other", () => {
  const run = imported([
    machine,
    session,
    process(1, 0),
    process(10, 1),
    process(12, 10, { ...later, traces: ["trace:t"] }),
    process(13, 12, { ...later, type: "thread", exe: "/bin/p12", traces: ["trace:t"] }),
    connection("a", 10, ["10.0.0.4", 4000], ["203.0.113.9", 443], { direction: "outbound" }),
    {
      schema: "event_redflag:suspicious_command:1.1.0",
      id: "flag:1",
      muid: "mach:m",
      time: START + 22,
      ref: "proc:13",
      name: "iptables",
      short_name: "command_iptables",
      description: "root ran iptables",
      severity: "medium",
      mitre_mapping: [
        { technique: "T1498" },
        { technique: "T1070", "sub-technique": "T1070.004" },
        { technique: "T1498" },
      ],
      traces: ["trace:t"],
    },
    {
      schema: "event_redflag:odd_connection:1.1.0",
      id: "flag:2",
      muid: "mach:m",
      time: START + 30,
      ref: "conn:a",
      short_name: "odd",
      severity: "high",
    },
    {
      schema: "model_spydertrace::0.3.1",
      id: "trace:t",
      muid: "mach:m",
      time: START + 40,
      valid_from: START + 21,
      root_node: "proc:10",
      root_proc_name: "p10",
      trigger_short_name: "command_iptables",
      flag_count: 1,
      score: 8,
      severities: { low: 0, medium: 1, high: 0 },
    },
  ]);
  const [trace, flag, odd] = run.source.findings();
  expect(trace).toMatchObject({ rule: "spyderbat/trace", severity: "medium", atNs: 21e9, traces: ["trace:t"] });
  expect(trace?.chain.map(({ pid }) => pid)).toEqual([10, 12]);
  expect(flag).toMatchObject({
    rule: "spyderbat/suspicious_command",
    title: "suspicious command: iptables",
    reason: "root ran iptables",
    severity: "medium",
    techniques: ["T1498", "T1070.004"],
    atNs: 22e9,
    process: { pid: 12 },
    traces: ["trace:t"],
  });
  expect(run.wall(flag?.atNs ?? 0)).toBe(new Date((START + 22) * 1000).toISOString());
  // Their keys are those of the rows: the graph finds the process by them.
  const startNs = (flag?.process.startNs ?? 0) - (START - BOOT) * 1e9;
  expect(run.detail(12).startNs).toBe(startNs);
  expect(odd).toMatchObject({ process: { pid: 10 }, sockets: [expect.any(Number)], severity: "high" });
});

test("a session keeps the login user", () => {
  const login = {
    schema: "model_session::1.2.0",
    id: "sess:9",
    muid: "mach:m",
    time: START,
    pid: 10,
    auid: 1000,
    interactive: true,
  };
  const run = imported([
    machine,
    session,
    login,
    process(1, 0),
    process(10, 1, { suid: "sess:9" }),
    process(11, 1, { auid: 33 }),
  ]);
  expect(run.row(10).loginUid).toBe(1000);
  expect(run.row(11).loginUid).toBe(33);
  expect(run.row(1).loginUid).toBeUndefined();
});

test("references that lead nowhere, other machines and unknown records are told, the rest is shown", () => {
  const run = imported([
    machine,
    session,
    process(1, 0),
    process(10, 99, { suid: "sess:8" }),
    process(11, 1, { muid: "mach:other" }),
    { schema: "model_operation:chdir:1.1.0", id: "op:1", muid: "mach:m", time: START },
  ]);
  expect(run.tree).toBe(["1 p1", "10 p10"].join("\n"));
  const { features, limited } = run.source.status();
  expect(limited?.why).toContain("2 records are referred to and not in the file");
  expect(features.map(({ name, why }) => [name, why])).toEqual(
    expect.arrayContaining([
      ["model_operation:chdir:1.1.0", "1 records have no place in the graph"],
      ["records of another machine", "1 records have no place in the graph"],
    ]),
  );
});

test("parents that go in circles do not hang the importer", () => {
  const thread = { type: "thread" };
  const run = imported([machine, session, process(10, 11, thread), process(11, 10, thread), process(12, 12, thread)]);
  expect(run.rows.map(({ pid }) => pid).sort()).toEqual([10, 11, 12]);
});

test("a time that no clock shows is a problem of its line, and the rest is shown", () => {
  const run = imported([
    { ...machine, boot_time: 1e300 },
    process(1, 0, { suid: "" }),
    process(2, 1, { time: 1e300 }),
    process(3, 1, { create_time: -1 }),
    process(4, 1, { suid: "", status: "closed", valid_to: "9".repeat(400) }),
  ]);
  expect(run.source.problems).toMatchObject({
    total: 2,
    first: [
      { line: 3, why: "a record without a time" },
      { line: 4, why: "a process without pid or start time" },
    ],
  });
  expect(run.rows.map(({ pid }) => pid)).toEqual([1, 4]);
});
