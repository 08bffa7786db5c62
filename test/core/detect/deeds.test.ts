import { describe, expect, test } from "vitest";
import type { Monitor } from "../../../src/core/monitor.ts";
import { findings } from "../../../src/core/query/findings.ts";
import type { Finding } from "../../../src/core/query/model.ts";
import { processRow } from "../../../src/core/query/process-row.ts";
import { IMAGE_FLAG, KIND, MARK_WHAT } from "../../../src/core/wire/layout.gen.ts";
import { BASE_NS, by, emptyMonitor, feed, graphFromText, type Told } from "../fixture.ts";

const MS = 1e6;
const of = (monitor: Monitor, rule: string): readonly Finding[] =>
  findings(monitor).filter((finding) => finding.rule === rule);
const found = (story: string, rule: string): readonly Finding[] => of(graphFromText(story).monitor, rule);
const names = (told: Told, finding: Finding | undefined): readonly string[] =>
  finding?.chain.map((id) => processRow(told.monitor, id)?.name ?? "?") ?? [];

/** A chain that is suspicious: it runs what it fetched. */
const SUSPICIOUS = "sshd > bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; bash > /tmp/x";

describe("process injection", () => {
  const rule = "process-injection";

  test("fires for a write into a stranger, and highlights whom it was done to", () => {
    const told = graphFromText("bash > tool; tool attaches sshd; tool injects sshd");
    const [finding, ...more] = of(told.monitor, rule);
    expect(finding).toMatchObject({
      severity: "high",
      techniques: ["T1055.008"],
      reason: "101 tool wrote into the memory of 102 sshd",
    });
    expect(names(told, finding)).toContain("sshd");
    expect(more).toMatchObject([{ severity: "medium" }]);
    expect(processRow(told.monitor, told.process("sshd"))?.severity).toBe("high");
  });

  test("says more of a suspicious chain, and little of a debugger", () => {
    expect(found(`${SUSPICIOUS}; x injects sshd#2`, rule)).toMatchObject([{ severity: "critical" }]);
    expect(found("bash > gdb; gdb attaches app; gdb injects app", rule).map(({ severity }) => severity)).toEqual([
      "info",
      "info",
    ]);
  });

  test.each([
    "bash > gdb > app; gdb attaches app; gdb injects app",
    "bash > strace >> helper; strace injects helper",
    "mpirun > rank; mpirun > rank#2; rank injects rank#2",
  ])("stays silent: %s", (story) => {
    expect(found(story, rule)).toEqual([]);
  });

  test("lacks data when the target is not known", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => w.call(KIND.INJECT, { ...by(3, 5 * MS), args: [9, 5], ret: 6, nr: 438 }));
    expect(findings(monitor)).toEqual([]);
  });
});

describe("memory writable and executable in a network server", () => {
  const rule = "writable-code-in-server";

  test("fires for one that has no compiler", () => {
    expect(found("nginx listens :80; nginx maps code; nginx maps code", rule)).toMatchObject(
      [{ severity: "medium", reason: /^100 nginx serves the network and made memory/ }].map((one) => ({
        ...one,
        reason: expect.stringMatching(one.reason),
      })),
    );
    expect(found("srv:80 <- 203.0.113.9:1; srv maps code", rule)).toHaveLength(1);
  });

  test.each([
    "node listens :80; node maps code",
    "cc1 maps code",
    "curl -> 198.51.100.7:80; curl maps code",
    "nginx listens :80; nginx makes memfd",
  ])("stays silent: %s", (story) => {
    expect(found(story, rule)).toEqual([]);
  });

  test("lacks data when the server was not seen to listen", () => {
    expect(found("nginx maps code", rule)).toEqual([]);
  });
});

describe("a disk that is written below its files", () => {
  const rule = "device-written";

  test("fires in a suspicious chain, also when it came first", () => {
    const told = [
      {
        techniques: ["T1006", "T1565.001"],
        reason: expect.stringContaining("opened /dev/sdb for writing below its files"),
      },
    ];
    expect(found(`${SUSPICIOUS}; x > dd; dd reaches below`, rule)).toMatchObject(told);
    expect(found("bash > x; x reaches below; x -> 198.51.100.7:80; x writes /tmp/y; x => /tmp/y", rule)).toMatchObject(
      told,
    );
  });

  test.each(["bash > mkfs; mkfs reaches below", `${SUSPICIOUS}; cron reaches below`])("stays silent: %s", (story) => {
    expect(found(story, rule)).toEqual([]);
  });
});

describe("code in the kernel", () => {
  const rule = "kernel-code";

  test("fires in a suspicious chain, also when it came first", () => {
    expect(found(`${SUSPICIOUS}; x > insmod; insmod loads module`, rule)).toMatchObject([
      { severity: "critical", techniques: ["T1547.006"] },
    ]);
    expect(found(`${SUSPICIOUS}; x loads bpf`, rule)).toMatchObject([{ title: /BPF/ }].map(() => expect.anything()));
    expect(found("bash > x; x loads module; x -> 198.51.100.7:80; x writes /tmp/y; x => /tmp/y", rule)).toHaveLength(1);
  });

  test.each(["systemd > modprobe; modprobe loads module", "agent loads bpf", `${SUSPICIOUS}; cron loads module`])(
    "stays silent: %s",
    (story) => {
      expect(found(story, rule)).toEqual([]);
    },
  );

  test("by the monitor itself is no finding, by another instance of it is called that", () => {
    const told = graphFromText(`${SUSPICIOUS}; x > node(/opt/s.mjs); x > node#2(/opt/s.mjs); x > node#3(/opt/other)`);
    told.story.emit((writer) => writer.mark({ ...told.story.head("node"), what: MARK_WHAT.TICK }));
    told.go("node loads bpf");
    expect(of(told.monitor, rule)).toEqual([]);
    told.go("node#2 loads bpf");
    expect(of(told.monitor, rule)).toMatchObject([
      { severity: "low", title: "BPF program loaded by another spydertop" },
    ]);
    told.go("node#3 loads bpf");
    expect(of(told.monitor, rule)).toMatchObject([{ title: "BPF program loaded by a suspicious chain" }, {}]);
  });

  test("raises its chain no further, and is one however many of the chain do it", () => {
    const told = graphFromText(
      "sshd:22 <- 9.9.9.9:1; sshd > bash > /tmp/x; x loads bpf; x becomes root; x loads module",
    );
    expect(findings(told.monitor).map(({ severity }) => severity)).toEqual(["high", "high", "high", "low"]);
    told.go("x > y; y loads bpf; y loads module; y becomes root; x > y#2; y#2 loads bpf");
    expect(findings(told.monitor)).toHaveLength(4);
  });

  test("of an attempt that failed says less", () => {
    const told = graphFromText(SUSPICIOUS);
    told.story.emit((writer) => writer.call(KIND.KERNEL, { ...told.story.head("x"), args: [3], ret: -1, nr: 313 }));
    told.go("");
    expect(of(told.monitor, rule)).toMatchObject([{ severity: "medium" }]);
  });

  test("lacks data without a call that is known", () => {
    const told = graphFromText(SUSPICIOUS);
    told.story.emit((writer) => writer.call(KIND.KERNEL, { ...told.story.head("x"), args: [3], nr: 9999 }));
    told.go("");
    expect(of(told.monitor, rule)).toEqual([]);
  });
});

describe("root", () => {
  const rule = "became-root";

  test("fires in a suspicious chain", () => {
    expect(found(`${SUSPICIOUS}; x becomes root`, rule)).toMatchObject([{ severity: "critical" }]);
  });

  test("without a call that gives it fires for anybody", () => {
    const [finding] = found("bash > exploit; exploit is made root", rule);
    expect(finding).toMatchObject({ severity: "critical", techniques: ["T1068"] });
  });

  test("by a file's mode fires in a suspicious chain, and says less where a password is asked", () => {
    const told = graphFromText(`${SUSPICIOUS}; x > sh`);
    const setuid = { ...told.story.head("sh"), uid: 1000, euid: 0, image: IMAGE_FLAG.SETUID };
    told.story.emit((writer) => writer.image({ ...setuid, exe: "/usr/local/bin/rootshell" }));
    told.go("");
    expect(of(told.monitor, rule)).toMatchObject([{ severity: "high", techniques: ["T1548.001"] }]);
    told.story.emit((writer) => writer.image({ ...setuid, timeNs: told.story.nowNs + 1, exe: "/usr/bin/sudo" }));
    told.go("");
    expect(of(told.monitor, rule)).toMatchObject([{ severity: "high" }, { severity: "medium" }]);
  });

  test.each(["bash > smbd; smbd becomes root"])("stays silent: %s", (story) => {
    expect(found(story, rule)).toEqual([]);
  });

  test("lacks data when it is not known who it was before", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => w.cred({ ...by(3, 5 * MS), uid: 0, euid: 0, gid: 0, egid: 0, how: 2 }));
    expect(findings(monitor)).toEqual([]);
  });
});

describe("out of a container", () => {
  const rule = "namespace-escape";
  const HOST = 4026531841;
  const NSENTER = { exe: "/usr/bin/nsenter", mntns: 77 };

  /** pid 1 on the host, a process with `from` as its mount namespace that enters another, and its child that executes in `to`. */
  function entering(from: number, to: number, host = HOST): Monitor {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 20 * MS, (w) => {
      w.image({ ...by(1, 0, 0), exe: "/sbin/init", mntns: host }, KIND.PROCESS);
      w.image({ ...by(3, 5 * MS), ...NSENTER, mntns: from });
      w.call(KIND.NAMESPACE, { ...by(3, 6 * MS), args: [4, 0x20000], nr: 308 });
      w.fork({ ...by(3, 7 * MS), childPid: 4, childStartNs: BASE_NS + 7 * MS });
      w.image({ ...by(4, 8 * MS, 7 * MS), exe: "/bin/sh", mntns: to, parentPid: 3, parentStartNs: BASE_NS + 3 * MS });
    });
    return monitor;
  }

  test("fires for who executes in the host's mount namespace", () => {
    expect(of(entering(77, HOST), rule)).toMatchObject([
      {
        severity: "high",
        reason: "3 nsenter was in a container and entered the host's mount namespace; 4 sh was executed there",
      },
    ]);
  });

  test("stays silent for the way in, and from one container to another", () => {
    expect(of(entering(HOST, 77), rule)).toEqual([]);
    expect(of(entering(77, 78), rule)).toEqual([]);
  });

  test("lacks data when the host's namespace is not known", () => {
    expect(of(entering(77, HOST, 0), rule)).toEqual([]);
  });
});

describe("what another tool found", () => {
  const told = graphFromText("sshd > bash > curl; curl -> 198.51.100.7:80; curl closes 198.51.100.7:80");
  const key = (name: string) => ({ pid: told.story.actor(name).pid, startNs: told.story.actor(name).startNs });
  const { connections } = told.monitor.graph;
  const socket = connections.inoLo.get(2 * connections.row(told.connection("198.51.100.7:80")));
  const reported = {
    rule: "other/rule",
    title: "Other",
    reason: "because",
    severity: "high",
    techniques: ["T1105"],
    atNs: 5,
    process: key("curl"),
    chain: [key("sshd"), key("bash"), key("curl")],
    sockets: [socket],
  } as const;

  test("is a finding like ours, once, with its chain and the closed connection", () => {
    const { detector } = told.monitor;
    expect(detector.report([reported, reported])).toBe(0);
    const [finding, ...more] = of(told.monitor, "other/rule");
    expect(more).toEqual([]);
    expect(names(told, finding)).toEqual(["sshd", "bash", "curl"]);
    expect(finding?.evidence).toEqual([{ kind: "connection", id: told.connection("198.51.100.7:80") }]);
    expect(processRow(told.monitor, told.process("curl"))?.severity).toBe("high");
  });

  test("of a process that is not known is counted", () => {
    expect(told.monitor.detector.report([{ ...reported, process: { pid: 4_000_000, startNs: 1 } }])).toBe(1);
  });
});
