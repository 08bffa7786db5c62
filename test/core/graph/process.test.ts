import { describe, expect, test } from "vitest";
import { processDetail } from "../../../src/core/query/process-detail.ts";
import { ancestors, processRow } from "../../../src/core/query/process-row.ts";
import { FLAG, KIND, MARK_WHAT } from "../../../src/core/wire/layout.gen.ts";
import { by, draw, emptyMonitor, feed, graphFromText } from "../fixture.ts";

const MS = 1e6;

test("a story reads as its tree", () => {
  const { monitor } = graphFromText("sshd > bash > curl(-s x); bash > sh(/tmp/.x); bash >> bash#sub; curl exits 0");
  expect(draw(monitor)).toBe("[init]\n  sshd\n    bash\n      curl -s x +\n      sh /tmp/.x\n      bash");
});

describe("a fork", () => {
  test("gives the child what its parent runs and is, until it executes", () => {
    const { monitor, process, go } = graphFromText("bash > python(-u server.py)");
    go("python >> worker");
    const row = processRow(monitor, process("worker"));
    expect(row).toMatchObject({ command: "python -u server.py", name: "python", uid: 1000 });
    go("python => perl");
    expect(processRow(monitor, process("worker"))?.command).toBe("python -u server.py");
    expect(processRow(monitor, process("python"))?.command).toBe("perl");
  });

  test("that arrives after the child's exec and exit still links it", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => {
      w.image({ ...by(20, 6 * MS, 5 * MS), exe: "/bin/ls", argv: ["ls"] });
      w.exit({ ...by(20, 7 * MS, 5 * MS) });
      w.fork({ ...by(10, 5 * MS, -9e9), childPid: 20, childStartNs: by(20, 0, 5 * MS).startNs });
    });
    expect(draw(monitor)).toBe("[not seen]\n  ls +");
  });

  test("seen twice is one child", () => {
    const { monitor, writer } = emptyMonitor();
    for (let i = 0; i < 2; i++)
      feed(monitor, writer, 9 * MS, (w) =>
        w.fork({ ...by(10, 5 * MS, -9e9), childPid: 20, childStartNs: by(20, 0, 5 * MS).startNs }),
      );
    expect(draw(monitor).split("\n")).toHaveLength(2);
  });
});

describe("an exec", () => {
  test("of an unknown process makes one, under the parent it names", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) =>
      w.image({
        ...by(20, 5 * MS, 4 * MS),
        exe: "/bin/ls",
        argv: ["ls"],
        parentPid: 10,
        parentStartNs: by(10, 0, -9e9).startNs,
      }),
    );
    expect(draw(monitor)).toBe("[not seen]\n  ls");
  });

  test("adds an image and keeps the ones before, in order, also when they come late or twice", () => {
    const { monitor, process, story } = graphFromText("bash > env => sh; env => curl; env exits");
    const id = process("env");
    const images = (): readonly string[] => processDetail(monitor, id)?.images.map((image) => image.path) ?? [];
    expect(images()).toEqual(["/usr/bin/bash", "/usr/bin/env", "/usr/bin/sh", "/usr/bin/curl"]);
    expect(story.actor("env").exe).toBe("/usr/bin/curl");
    const { monitor: other, writer } = emptyMonitor();
    const exec = (ms: number, exe: string): void =>
      feed(other, writer, 50 * MS, (w) => w.image({ ...by(20, ms * MS, 4 * MS), exe, argv: [exe] }));
    for (const [ms, exe] of [
      [9, "/c"],
      [7, "/b"],
      [7, "/b"],
      [5, "/a"],
      [9, "/c"],
    ] as const)
      exec(ms, exe);
    const [only] = other.graph.processes.withTgid(20).map((row) => other.graph.processes.id(row));
    expect(processDetail(other, only ?? -1)?.images.map((image) => image.path)).toEqual(["/a", "/b", "/c"]);
  });
});

describe("an exit", () => {
  test("without a fork before is remembered with its status", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => w.exit({ ...by(20, 5 * MS, 4 * MS), code: 3 << 8 }));
    const [row] = monitor.graph.processes.withTgid(20);
    expect(processRow(monitor, row ?? -1)?.exit).toEqual({ status: 3, atNs: 5 * MS });
  });

  test("by a signal names the signal", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9 * MS, (w) => w.exit({ ...by(20, 5 * MS, 4 * MS), code: 9 }));
    const [row] = monitor.graph.processes.withTgid(20);
    expect(processRow(monitor, row ?? -1)?.exit).toEqual({ signal: 9, atNs: 5 * MS });
  });
});

describe("a pid used again", () => {
  test("is another process with its own id, and the old one is gone even when its exit was lost", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 20 * MS, (w) => {
      w.image({ ...by(20, 5 * MS, 4 * MS), exe: "/old", argv: ["old"] });
      w.image({ ...by(20, 16 * MS, 15 * MS), exe: "/new", argv: ["new"] });
    });
    expect(draw(monitor)).toBe("old +\nnew");
    expect(monitor.graph.processes.withTgid(20)).toHaveLength(2);
  });

  test("whose older half is heard of later leaves the younger alive", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 20 * MS, (w) => {
      w.image({ ...by(20, 16 * MS, 15 * MS), exe: "/new", argv: ["new"] });
      w.image({ ...by(20, 5 * MS, 4 * MS), exe: "/old", argv: ["old"] });
    });
    expect(draw(monitor)).toBe("old +\nnew");
  });

  test("is not taken back by a record of the old one with a later time", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 20 * MS, (w) => {
      w.image({ ...by(20, 5 * MS, 4 * MS), exe: "/old", argv: ["old"] });
      w.image({ ...by(20, 16 * MS, 15 * MS), exe: "/new", argv: ["new"] });
      w.open({ ...by(20, 18 * MS, 4 * MS), path: "/etc/hosts", dev: 1, ino: 7, open: 2 });
    });
    expect(draw(monitor)).toBe("old +\nnew");
  });
});

describe("a snapshot", () => {
  const snapshot = (pids: readonly number[], atMs: number) => (w: Parameters<Parameters<typeof feed>[3]>[0]) => {
    w.mark({ ...by(1, atMs * MS, -99e9), what: MARK_WHAT.SNAPSHOT_BEGIN });
    for (const pid of pids)
      w.image(
        {
          ...by(pid, atMs * MS, -pid * 1e9),
          flags: FLAG.BEFORE_START,
          exe: `/bin/p${pid}`,
          argv: [`p${pid}`],
          parentPid: 1,
          parentStartNs: 5,
        },
        KIND.PROCESS,
      );
    w.mark({ ...by(1, (atMs + 3) * MS, -99e9), what: MARK_WHAT.SNAPSHOT_END });
  };

  test("ends what it does not show", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 10 * MS, snapshot([20, 30], 5));
    feed(monitor, writer, 90 * MS, snapshot([30], 80));
    expect(draw(monitor)).toBe("[init]\n  p20 +\n  p30");
  });

  test("spares what was forked or heard of while it was taken", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 10 * MS, snapshot([20, 30], 5));
    feed(monitor, writer, 90 * MS, (w) => {
      w.mark({ ...by(1, 80 * MS, -99e9), what: MARK_WHAT.SNAPSHOT_BEGIN });
      w.fork({ ...by(20, 81 * MS, -20e9), childPid: 40, childStartNs: by(40, 0, 81 * MS).startNs });
      w.mark({ ...by(1, 85 * MS, -99e9), what: MARK_WHAT.SNAPSHOT_END });
    });
    expect(draw(monitor)).toBe("[init]\n  p20\n    p20\n  p30 +");
  });

  test("was wrong about a process that is heard of later", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 10 * MS, snapshot([20], 5));
    feed(monitor, writer, 90 * MS, snapshot([], 80));
    expect(draw(monitor)).toContain("p20 +");
    feed(monitor, writer, 99 * MS, (w) => w.open({ ...by(20, 95 * MS, -20e9), path: "/x", dev: 1, ino: 1, open: 2 }));
    expect(draw(monitor)).not.toContain("+");
  });

  test("does not bring back what was seen to exit", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 10 * MS, snapshot([20], 5));
    feed(monitor, writer, 20 * MS, (w) => w.exit({ ...by(20, 15 * MS, -20e9) }));
    feed(monitor, writer, 90 * MS, snapshot([20], 80));
    expect(draw(monitor)).toContain("p20 +");
  });

  test("completes a process known only as a parent, and its child inherits", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 4 * MS, (w) =>
      w.fork({ ...by(20, 2 * MS, -20e9), childPid: 40, childStartNs: by(40, 0, 2 * MS).startNs }),
    );
    expect(draw(monitor)).toBe("[not seen]\n  [not seen]");
    feed(monitor, writer, 10 * MS, (w) =>
      w.image({ ...by(20, 5 * MS, -20e9), flags: FLAG.BEFORE_START, exe: "/bin/p20", argv: ["p20"] }, KIND.PROCESS),
    );
    expect(draw(monitor)).toBe("p20\n  p20");
  });
});

test("a process adopted by pid 1 keeps the parent that forked it", () => {
  const { monitor, process } = graphFromText("bash > daemon >> d2 >> d3; daemon exits; d2 exits");
  const detail = processDetail(monitor, process("d3"));
  expect(detail?.ancestors.map((row) => row.id)).toEqual(ancestors(monitor, process("d3")));
  expect(detail?.ancestors.map((row) => row.command)).toEqual(["[init]", "bash", "daemon", "daemon"]);
  expect([detail?.row.ppid, detail?.adoptedBy?.pid]).toEqual([1, 1]);
});

test("ids and control group follow what the records say", () => {
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, 20 * MS, (w) => {
    w.image({
      ...by(20, 5 * MS, 4 * MS),
      exe: "/bin/sudo",
      argv: ["sudo"],
      uid: 1000,
      cgroup: 7,
      cgroupPath: "/user.slice",
    });
    w.fork({ ...by(20, 6 * MS, 4 * MS), childPid: 30, childStartNs: by(30, 0, 6 * MS).startNs, cgroup: 7 });
    w.cred({ ...by(20, 7 * MS, 4 * MS), uid: 0, euid: 0, gid: 0, egid: 0 });
    w.call(KIND.CGROUP, { ...by(20, 8 * MS, 4 * MS), path: "/system.slice/x.service" });
  });
  const row = (pid: number) => processRow(monitor, monitor.graph.processes.withTgid(pid)[0] ?? -1);
  expect(row(20)).toMatchObject({ uid: 0, cgroup: "/system.slice/x.service" });
  expect(row(30)).toMatchObject({ uid: 1000, cgroup: "/user.slice" });
});
