import { describe, expect, test } from "vitest";
import { PTRACE } from "../../../src/core/graph/calls.ts";
import type { ConnectionIndex } from "../../../src/core/graph/indexes.ts";
import { impactOf } from "../../../src/core/origin/impact.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { findings } from "../../../src/core/query/findings.ts";
import type { OriginChain, Subject } from "../../../src/core/query/model.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed, graphFromText, type Told } from "../fixture.ts";

const LOGIN = "sshd listens :22; sshd:22 <- 203.0.113.9:51022; sshd >> sshd#session > bash";

function of(told: Told, what: string): OriginChain {
  const { monitor } = told;
  const names = { user: (uid: number): string => (uid === 1001 ? "deploy" : `uid ${uid}`) };
  const subject: Subject = /:\d+$/.test(what)
    ? { kind: "connection", id: told.connection(what) }
    : what.startsWith("/")
      ? { kind: "file", id: told.file(what) }
      : { kind: "process", id: told.process(what) };
  return originOf(monitor, subject, { names });
}

/** The steps of the chain itself, without what stands beside it: "link: title". */
function chain(origin: OriginChain): readonly string[] {
  const steps: string[] = [];
  let at = origin.steps.findIndex((step) => step.target);
  for (; at >= 0; at = origin.steps[at]?.cause ?? -1) {
    const step = origin.steps[at];
    steps.unshift(`${step?.link}: ${step?.title}`);
  }
  return steps;
}

/** Time never runs backward along a chain, and each cause stands before its effect. */
function checkTime(origin: OriginChain): void {
  for (const step of origin.steps) {
    const cause = origin.steps[step.cause];
    if (cause !== undefined) expect(cause.atNs).toBeLessThanOrEqual(step.atNs);
  }
}

describe("the origin of a connection", () => {
  test("leads through what a process ran before it executed something else", () => {
    const dropper = graphFromText(
      `${LOGIN}; bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/.x; bash > sh(/tmp/.x); sh => perl; sh -> 192.0.2.77:4444`,
    );
    expect(of(dropper, "192.0.2.77:4444").rootCause).toBe("Remote login from 203.0.113.9:51022 → curl → perl");
    expect(chain(of(dropper, "sh"))).toContain("executed: 104 perl");
    const piped = graphFromText(`${LOGIN}; bash > curl | sh; sh => perl; sh -> 192.0.2.77:4444`);
    expect(chain(of(piped, "sh"))).toContain("piped: 104 perl");
  });

  test("leads through what a process started before it executed something else itself", () => {
    const told = graphFromText(
      `${LOGIN}; bash > bash#2; bash#2 > curl; curl -> 198.51.100.7:80; curl writes /tmp/.x; bash#2 => sh(/tmp/.x);
       bash#2 -> 192.0.2.77:4444`,
    );
    const steps = chain(of(told, "192.0.2.77:4444"));
    expect(steps.slice(0, 3)).toEqual([
      "login: tcp 203.0.113.9:51022 -> 10.0.0.4:22",
      "accepted: 100 sshd",
      "spawned: 101 sshd",
    ]);
    expect(steps.slice(-4)).toEqual([
      "spawned: 103 bash",
      "spawned: 104 curl",
      "executed: 103 sh /tmp/.x",
      expect.stringContaining("connected: tcp"),
    ]);
  });

  test("leads through a script and a binary that were written and then run to the remote login", () => {
    const told = graphFromText(
      `${LOGIN}; bash > curl(-s http://x/i.sh); curl -> 198.51.100.7:80; curl writes /tmp/.x; bash > sh(/tmp/.x);
       sh writes /dev/shm/k; sh chmods /dev/shm/k; sh > /dev/shm/k; k -> 192.0.2.77:4444`,
    );
    const origin = of(told, "192.0.2.77:4444");
    expect(origin.rootCause).toBe("Remote login from 203.0.113.9:51022 → curl → sh /tmp/.x → /dev/shm/k");
    expect(chain(origin)).toEqual([
      "login: tcp 203.0.113.9:51022 -> 10.0.0.4:22",
      "accepted: 100 sshd",
      "spawned: 101 sshd",
      "spawned: 102 bash",
      "spawned: 103 curl -s http://x/i.sh",
      "executed: 104 sh /tmp/.x",
      "executed: 105 /dev/shm/k",
      expect.stringContaining("connected: tcp"),
    ]);
    expect(origin.steps.map((step) => step.explanation)).toEqual(
      expect.arrayContaining([
        "103 curl was connected 0.1 s before",
        "interpreted /tmp/.x, which 103 curl wrote 0.1 s earlier",
        "ran /dev/shm/k, which 104 sh wrote 0.2 s earlier",
        "opened by 105 k",
      ]),
    );
    expect([origin.observedLinks, origin.gaps]).toEqual([origin.links, []]);
    checkTime(origin);
  });

  test("of curl | sh is what curl fetched and who typed it", () => {
    const told = graphFromText(`${LOGIN}; bash > curl | sh; curl -> 198.51.100.7:80; sh -> 192.0.2.77:4444`);
    const origin = of(told, "192.0.2.77:4444");
    expect(origin.rootCause).toBe("Remote login from 203.0.113.9:51022 → curl | sh");
    expect(chain(origin).slice(-3)).toEqual([
      "spawned: 103 curl",
      "piped: 104 sh",
      expect.stringContaining("connected:"),
    ]);
    expect(origin.steps.find((step) => step.title.endsWith("-> 198.51.100.7:80"))?.explanation).toMatch(
      /curl was connected/,
    );
    checkTime(origin);
  });

  test("of sh < file is who wrote the file", () => {
    const told = graphFromText(`${LOGIN}; bash > vi; vi writes /tmp/todo; bash >> sh; sh reads /tmp/todo`);
    const stdio = [{ mode: 0o100644, ino: 5 }];
    told.story.emit((w) => w.image({ ...told.story.head("sh"), exe: "/bin/sh", argv: ["sh"], stdio }));
    told.go("");
    told.go("sh -> 192.0.2.77:4444");
    expect(of(told, "192.0.2.77:4444").rootCause).toBe("Remote login from 203.0.113.9:51022 → vi → sh");
  });

  test("of a daemon passes the double fork and says who adopted it", () => {
    const told = graphFromText(`${LOGIN}; bash > daemon >> d2 >> d3; daemon exits; d2 exits; d3 -> 192.0.2.77:4444`);
    const origin = of(told, "192.0.2.77:4444");
    expect(chain(origin).map((step) => step.split(":")[0])).toEqual([
      "login",
      "accepted",
      "spawned",
      "spawned",
      "spawned",
      "spawned",
      "spawned",
      "connected",
    ]);
    expect(origin.steps.map((step) => step.explanation)).toContain(
      "forked by 104 daemon, which has exited since: adopted by pid 1",
    );
  });

  test("of a server on this host is the client that had just asked, as an inference", () => {
    const told = graphFromText("bash > client; client ~> server; server -> 192.0.2.77:4444");
    const origin = of(told, "192.0.2.77:4444");
    expect(chain(origin).slice(-3)).toEqual([
      "spawned: 101 client",
      "local socket: 102 server",
      expect.stringContaining("connected:"),
    ]);
    expect(origin.steps.find((step) => step.link === "local socket")).toMatchObject({
      certainty: "inferred",
      explanation: "acted 0.1 s after 101 client connected to /run/server.sock",
    });
    expect(origin.observedLinks).toBeLessThan(origin.links);
  });

  test("of a server that accepts what its client has closed meanwhile is the client, and when that asked", () => {
    const told = graphFromText("bash > client; bash > server; +1s");
    const { story, monitor } = told;
    const PAIR = 0x1234_5678_9abc_def0n;
    const asked = { sock: 71, local: "127.0.0.1", localPort: 40000, remote: "127.0.0.1", remotePort: 80 };
    const answered = { sock: 72, local: "127.0.0.1", localPort: 80, remote: "127.0.0.1", remotePort: 40000 };
    const client = story.head("client");
    story.emit((w) => w.sock(KIND.CONNECT, { ...client, ...asked, pair: PAIR | 1n }));
    told.go("+0.1s");
    const closing = story.head("client");
    story.emit((w) => w.sock(KIND.CLOSE, { ...closing, ...asked, tx: 7 }));
    told.go("client exits; +5s");
    const server = story.head("server");
    story.emit((w) => w.sock(KIND.ACCEPT, { ...server, ...answered, pair: PAIR }));
    told.go("server > sh");
    const origin = of(told, "sh");
    expect(chain(origin).at(-2)).toBe("local socket: 102 server");
    expect(origin.steps.map(({ explanation }) => explanation)).toContainEqual(
      expect.stringMatching(/^acted [56]\.?\d* s after 101 client connected to 127\.0\.0\.1:80$/u),
    );
    expect(monitor.graph.connections.count).toBe(1);
  });

  test("of one that failed says it was tried, and nothing came of it", () => {
    const told = graphFromText("bash > curl");
    const curl = told.story.head("curl");
    const refused = { sock: 79, local: "10.0.0.4", localPort: 41_000, remote: "192.0.2.9", remotePort: 80, err: 111 };
    told.story.emit((w) => w.sock(KIND.CONNECT, { ...curl, ...refused }));
    told.go("+1s; bash > late");
    const id = told.monitor.graph.connections.id(0 as ConnectionIndex);
    const subject: Subject = { kind: "connection", id };
    expect(originOf(told.monitor, subject).steps.at(-1)?.explanation).toBe("tried by 101 curl: ECONNREFUSED");
    expect(impactOf(told.monitor, subject).summary).toBe("Nothing was seen to come of it.");
    const curls = impactOf(told.monitor, { kind: "process", id: told.process("curl") });
    expect(curls.steps.at(-1)?.explanation).toBe("tried by 101 curl: ECONNREFUSED");
  });

  test("of a server long after its client asked is not blamed on it", () => {
    const told = graphFromText("bash > client; client ~> server; +60s; server -> 192.0.2.77:4444");
    expect(chain(of(told, "192.0.2.77:4444")).join()).not.toContain("client");
  });

  test("of a web shell is the request", () => {
    const told = graphFromText(
      "nginx listens :80; nginx:80 <- 8.8.4.4:999; +30s; nginx:80 <- 203.0.113.9:1234; nginx > sh(-c curl) > curl; curl -> files:8000; curl writes /tmp/x; sh > /tmp/x; x -> 192.0.2.77:4444",
    );
    const origin = of(told, "192.0.2.77:4444");
    expect(origin.rootCause).toBe("Connection from 203.0.113.9:1234 → nginx → sh → curl → /tmp/x");
    expect(origin.steps.find((step) => step.title.endsWith("127.0.0.1:8000"))?.explanation).toContain("to 103 files");
  });

  test("of a server's work is the client of then, however many came since", () => {
    const visits = (from: number): string =>
      Array.from(
        { length: 700 },
        (_, i) => `nginx:80 <- 203.0.113.8:${from + i}; nginx closes 203.0.113.8:${from + i}`,
      ).join(";");
    const told = graphFromText(
      `nginx listens :80; ${visits(1000)}; nginx:80 <- 203.0.113.9:1234; nginx > sh(-c curl) > curl; curl -> 192.0.2.77:4444;
       nginx closes 203.0.113.9:1234; ${visits(2000)}`,
    );
    expect(of(told, "192.0.2.77:4444").rootCause).toBe("Connection from 203.0.113.9:1234 → nginx → sh → curl");
  });

  test("that was accepted is where it came from, with its server beside it", () => {
    const origin = of(graphFromText("nginx:80 <- 203.0.113.9:1234"), "203.0.113.9:1234");
    expect(origin.rootCause).toBe("Connection from 203.0.113.9:1234");
    expect(origin.steps.map((step) => step.target)).toEqual([true, false]);
    expect(origin.steps[1]).toMatchObject({
      title: "100 nginx",
      explanation: expect.stringContaining("accepted it on 10.0.0.4:80"),
    });
  });

  test("between two processes of this host is the client's", () => {
    const origin = of(graphFromText("bash > curl; curl -> nginx:8080"), "127.0.0.1:8080");
    expect(chain(origin).slice(-2)).toEqual(["spawned: 101 curl", expect.stringContaining("connected: tcp 127.0.0.1")]);
  });
});

describe("a long chain", () => {
  const told = graphFromText(`${LOGIN}${Array.from({ length: 20 }, (_, i) => ` > sh#${i}(-c ${i})`).join("")} > id`);

  test("is told in a few steps, with how many stand between", () => {
    const origin = of(told, "id");
    expect(origin.steps.length).toBeLessThanOrEqual(11);
    expect(origin.steps.reduce((sum, { left = 0 }) => sum + left, 0)).toBe(25 - origin.steps.length);
    expect(origin.gaps).toEqual([]);
  });

  test("is told whole when asked for", () => {
    const whole = originOf(told.monitor, { kind: "process", id: told.process("id") }, { whole: true });
    expect(whole.steps).toHaveLength(25);
    expect(whole.steps.some(({ left }) => left !== undefined)).toBe(false);
  });
});

describe("the origin of a process", () => {
  test("with a socket as standard input is the connection", () => {
    const origin = of(graphFromText("bash > nc; nc -> 192.0.2.77:4444; nc > sh @ 192.0.2.77:4444; sh > id"), "id");
    expect(chain(origin)).toContain("stdin: 102 sh");
    expect(origin.steps.map((step) => step.title)).toContainEqual(expect.stringMatching(/^tcp .* -> 192.0.2.77:4444$/));
  });

  test("that was written into is who wrote into it, unless it executed something since", () => {
    const told = graphFromText("bash > evil; root > victim; victim > id");
    const [evil, victim] = [told.story.head("evil"), told.story.actor("victim")];
    told.story.emit((w) =>
      w.call(KIND.INJECT, {
        ...evil,
        nr: 101,
        args: [PTRACE.POKEDATA, victim.pid],
        targetPid: victim.pid,
        targetStartNs: victim.startNs,
      }),
    );
    told.go("victim > touch; victim => perl; victim > ls");
    expect(chain(of(told, "touch"))).toEqual([
      "boundary: 100 bash",
      "spawned: 101 evil",
      "injected: 103 victim",
      "spawned: 105 touch",
    ]);
    expect(chain(of(told, "id")).join()).not.toContain("evil");
    expect(chain(of(told, "ls")).join()).not.toContain("evil");
  });

  test("that loaded a library is who wrote the library", () => {
    const told = graphFromText("bash > vi; vi writes /tmp/evil.so; root > ls; ls reads /tmp/evil.so; ls > id");
    expect(of(told, "id").rootCause).toBe("100 bash → vi → ls → id");
    expect(chain(of(told, "id"))).toContain("executed: 103 ls");
  });

  test("that loaded a library whose name does not say so is who wrote it, as an inference", () => {
    const story = (order: string): OriginChain =>
      of(graphFromText(`bash > vi; vi writes /tmp/evil; root > ls; ${order}; ls > id`), "id");
    const [before, after] = ["ls reads /tmp/evil", "ls reads /usr/lib/libc.so.6"];
    expect(story(`${before}; ${after}`).steps.find(({ link }) => link === "executed")).toMatchObject({
      certainty: "inferred",
      explanation: expect.stringMatching(/^loaded \/tmp\/evil, which 101 vi wrote/),
    });
    expect(chain(story(`${after}; ${before}`)).join()).not.toContain("executed");
  });

  test("does not include what happened after it began", () => {
    const told = graphFromText(
      "nginx listens :80; nginx > worker; nginx:80 <- 203.0.113.9:1234; bash writes /usr/bin/worker",
    );
    const origin = of(told, "worker");
    expect(origin.steps.map((step) => step.title).join()).not.toMatch(/203|bash/);
    checkTime(origin);
  });

  test("that runs what a package manager installed is not blamed on the package manager", () => {
    const told = graphFromText("root > dpkg; dpkg writes /usr/bin/tool; bash > tool");
    expect(chain(of(told, "tool"))).toEqual(["boundary: 102 bash", "spawned: 103 tool"]);
  });

  test("that runs a file of many writers names the last one, and says how many more there are", () => {
    const many = (verb: string): string =>
      Array.from({ length: 1100 }, (_, i) => `bash > w#${i}; w#${i} ${verb} /tmp/x; w#${i} exits`).join(";");
    const fetched = `${LOGIN}; bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x`;
    const opened = of(graphFromText(`${fetched}; ${many("opens")}; bash > sh(/tmp/x)`), "sh");
    expect(chain(opened).at(-2)).toMatch(/: \d+ curl$/);
    expect(opened.gaps).toContain("1092 more that wrote /tmp/x or changed it are not told");
    const emptied = of(graphFromText(`${fetched}; ${many("writes")}; bash > sh(/tmp/x)`), "sh");
    expect(chain(emptied).at(-2)).toMatch(/: \d+ w$/);
    const later = graphFromText(`${fetched}; bash > sh(/tmp/x); ${many("writes")}`);
    expect(chain(of(later, "sh")).at(-2)).toMatch(/: \d+ curl$/);
  });

  test.each(["opens", "appends"])("that runs what another %s after it was fetched keeps who fetched it", (verb) => {
    const told = graphFromText(
      `${LOGIN}; bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/a; bash > late; late ${verb} /tmp/a; bash > sh(/tmp/a)`,
    );
    const origin = of(told, "sh");
    const [main, aside] = verb === "opens" ? ["curl", "late"] : ["late", "curl"];
    expect(chain(origin).at(-2)).toMatch(new RegExp(`: \\d+ ${main}$`));
    expect(origin.steps.find(({ title }) => title.endsWith(` ${aside}`))?.explanation).toMatch(
      verb === "opens" ? /^opened \/tmp\/a for writing after that; no write was seen/ : /^wrote into \/tmp\/a before/,
    );
    expect(findings(told.monitor).map(({ rule }) => rule)).toContain("download-then-execute");
  });

  test("whose script is another name of what it opened is who wrote that, as an inference", () => {
    const origin = of(graphFromText("bash > curl; curl writes /tmp/a; bash > sh(-e /dev/fd/7); sh reads /tmp/a"), "sh");
    expect(origin.steps.find(({ link }) => link === "executed")).toMatchObject({
      certainty: "inferred",
      explanation: expect.stringMatching(/^interpreted \/tmp\/a, which 101 curl wrote/),
    });
  });

  test.each(["bash#2(-c .)", "/tmp/zzz(/tmp/a)"])("of %s that read what was fetched tells who fetched it", (run) => {
    const name = run.startsWith("/") ? "zzz" : "bash#2";
    const told = graphFromText(
      `bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/a; bash > cp; cp writes /tmp/zzz; bash > ${run}; ${name} reads /tmp/a; ${name} > id`,
    );
    expect(of(told, "id").steps.find(({ title }) => title === "101 curl")?.explanation).toMatch(
      /^wrote \/tmp\/a, which .* read 0.1 s after it began, perhaps to run it/,
    );
  });

  test("that runs what was only seen opened for writing is an inference", () => {
    const origin = of(graphFromText("bash > vi; vi opens /tmp/a; bash > sh(/tmp/a)"), "sh");
    expect(origin.steps.find(({ link }) => link === "executed")).toMatchObject({
      certainty: "inferred",
      explanation: "interpreted /tmp/a, which 101 vi opened for writing 0.1 s earlier",
    });
  });

  test("that runs a file emptied since it was fetched is who filled it again", () => {
    const told = graphFromText(
      "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/a; bash > vi; vi writes /tmp/a; bash > sh(/tmp/a)",
    );
    expect(
      of(told, "sh")
        .steps.map(({ title }) => title)
        .join(),
    ).not.toContain("curl");
    expect(findings(told.monitor)).toEqual([]);
  });

  test("of a login names the user, of a cron job the scheduler", () => {
    const told = graphFromText("sshd:22 <- 203.0.113.9:51022; sshd > bash; cron > sh(-c job)");
    told.story.emit((w) =>
      w.image({
        ...told.story.head("bash"),
        exe: "/usr/bin/bash",
        argv: ["-bash"],
        loginUid: 1001,
        uid: 1001,
        parentPid: 100,
        parentStartNs: told.story.actor("sshd").startNs,
      }),
    );
    told.go("bash > id");
    expect(of(told, "id").rootCause).toBe("Remote login of deploy from 203.0.113.9:51022 → id");
    expect(of(told, "sh").rootCause).toBe("A cron job → sh");
  });

  test("of a service and of a container names it", () => {
    const { monitor, writer } = emptyMonitor();
    const id = "0123456789abcdef".repeat(4);
    feed(monitor, writer, 1e9, (w) => {
      w.image(
        {
          ...by(50, 0, -9e9),
          exe: "/usr/sbin/nginx",
          argv: ["nginx"],
          cgroup: 5,
          cgroupPath: "/system.slice/nginx.service",
          parentPid: 1,
          parentStartNs: 7,
        },
        KIND.PROCESS,
      );
      const runtime = { cgroup: 7, cgroupPath: "/system.slice/containerd.service" };
      w.image(
        { ...by(59, 0, -9e9), ...runtime, exe: "/usr/bin/containerd", argv: ["c"], parentPid: 1, parentStartNs: 7 },
        KIND.PROCESS,
      );
      w.image(
        {
          ...by(60, 0, -9e9),
          ...runtime,
          exe: "/usr/bin/containerd-shim-runc-v2",
          argv: ["shim"],
          parentPid: 59,
          parentStartNs: by(59, 0, -9e9).startNs,
        },
        KIND.PROCESS,
      );
      w.image(
        {
          ...by(61, 0, -8e9),
          exe: "/app",
          argv: ["app"],
          cgroup: 6,
          cgroupPath: `/docker/${id}`,
          parentPid: 60,
          parentStartNs: by(60, 0, -9e9).startNs,
        },
        KIND.PROCESS,
      );
    });
    const cause = (pid: number): string =>
      originOf(monitor, { kind: "process", id: monitor.graph.processes.id(monitor.graph.processes.living(pid)) })
        .rootCause;
    expect(cause(50)).toBe("Service nginx.service");
    expect(cause(61)).toBe("Container 0123456789ab");
    // A helper of the runtime is in the runtime's own group.
    expect(cause(60)).toMatch(/^Service containerd\.service/);
  });

  test("whose pid was used before is its own", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 90e6, (w) => {
      w.fork({ ...by(10, 5e6, -9e9), childPid: 20, childStartNs: by(20, 0, 5e6).startNs });
      w.exit(by(20, 6e6, 5e6));
      w.fork({ ...by(11, 50e6, -9e9), childPid: 20, childStartNs: by(20, 0, 50e6).startNs });
      w.image({ ...by(20, 51e6, 50e6), exe: "/bin/b", argv: ["b"] });
    });
    const origin = originOf(monitor, {
      kind: "process",
      id: monitor.graph.processes.id(monitor.graph.processes.living(20)),
    });
    expect(origin.steps.map((step) => step.title)).toEqual(["11 [not seen]", "20 b"]);
    expect(origin.gaps).toEqual(["1 found when capture began", "11 was never seen itself"]);
  });
});

describe("the origin of a file", () => {
  test("is who wrote it last, with what it was copied from beside it", () => {
    const told = graphFromText(
      "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/a; bash > cp; cp reads /tmp/a; cp writes /home/u/b",
    );
    const origin = of(told, "/home/u/b");
    expect(chain(origin)).toEqual(["boundary: 100 bash", "spawned: 102 cp", "wrote: /home/u/b"]);
    expect(origin.steps.map((step) => step.explanation)).toContainEqual(
      expect.stringContaining("102 cp read it before"),
    );
  });

  test("nobody was seen writing is a gap", () => {
    const origin = of(graphFromText("bash reads /etc/hosts"), "/etc/hosts");
    expect(origin.gaps).toEqual(["nobody was seen writing /etc/hosts"]);
  });
});

test("what was forgotten is answered with that", () => {
  const { monitor } = emptyMonitor();
  expect(originOf(monitor, { kind: "process", id: 12345 })).toMatchObject({
    steps: [],
    gaps: ["earlier history forgotten"],
  });
});

test("lost events are told as a gap", () => {
  const told = graphFromText("bash > curl");
  told.story.emit((w) => w.loss({ timeNs: told.story.nowNs, pid: 0, startNs: 0, kind: KIND.FORK, lost: 3 }));
  told.go("");
  expect(of(told, "curl").gaps).toContain("3 events were lost");
});

test("a guess is told as a gap", () => {
  const told = graphFromText(`${LOGIN}; bash > curl; curl -> 198.51.100.7:80; bash opens /tmp/x; bash > sh(/tmp/x)`);
  const origin = of(told, "sh");
  const inferred = origin.steps.filter(({ certainty }) => certainty === "inferred").length;
  expect(inferred).toBeGreaterThan(0);
  expect(origin.gaps).toContain(`${inferred} inferred`);
});
