import { describe, expect, test } from "vitest";
import { isScheduler } from "../../../src/core/graph/trust.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { findings } from "../../../src/core/query/findings.ts";
import { IMAGE_FLAG } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed, graphFromText, type Told } from "../fixture.ts";

const severities = (told: Told | string, rule: string): readonly string[] =>
  findings((typeof told === "string" ? graphFromText(told) : told).monitor)
    .filter((finding) => finding.rule === rule)
    .map(({ severity }) => severity);

const rootOf = (story: string, name: string): string => {
  const told = graphFromText(story);
  return originOf(told.monitor, { kind: "process", id: told.process(name) }).rootCause;
};

/** A downloader fetches /srv/x, and its shell runs that. */
const fetchBy = (downloader: string): string =>
  `bash > ${downloader}; NAME -> 198.51.100.7:80; NAME writes /srv/x; bash > /srv/x`.replaceAll(
    "NAME",
    downloader.replace(/\(.*/, "").replace(/.*\//, ""),
  );

describe("a package manager", () => {
  const rule = "download-then-execute";

  test("installs the system", () => {
    expect(severities(fetchBy("dpkg"), rule)).toEqual([]);
    expect(severities(fetchBy("/usr/sbin/apt-get"), rule)).toEqual([]);
  });

  test("is none in a directory where anybody installs", () => {
    for (const path of ["/tmp/w/dpkg", "/home/u/apt-x", "/opt/app/rpm", "/dev/shm/apk"]) {
      expect(severities(fetchBy(path), rule)).toEqual(["high"]);
      expect(rootOf(fetchBy(path), "x")).toContain(path.slice(path.lastIndexOf("/") + 1));
    }
  });

  test("is none when somebody wrote it, also under another name first", () => {
    expect(severities(`root > cp; cp writes /usr/bin/dpkg; ${fetchBy("dpkg")}`, rule)).toEqual(["high"]);
  });

  test("is none in a user namespace, where anybody mounts what they like over its path", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 9e6, (w) => {
      w.image({ ...by(2, 1e6), exe: "/usr/sbin/cron", uid: 0, userns: 0xefff_fffd });
      w.image({ ...by(3, 1e6), exe: "/usr/sbin/cron", uid: 0, userns: 0xf000_0123 });
    });
    const { graph } = monitor;
    const scheduler = (pid: number): boolean => isScheduler(graph, graph.processes.living(pid), 9e6);
    expect([scheduler(2), scheduler(3)]).toEqual([true, false]);
  });

  test("is none in mounts of root's own, unless its path means there what it means on the host", () => {
    const { monitor, writer } = emptyMonitor();
    const [host, own, disk, other] = [1, 2, 8, 9];
    const cron = { exe: "/usr/sbin/cron", mntns: own, exeIno: 50, exeDev: disk };
    const shell = { exe: "/usr/bin/bash", mntns: host, exeIno: 51, exeDev: disk };
    feed(monitor, writer, 9e6, (w) => {
      w.image({ ...by(1, 1e6), exe: "/usr/lib/systemd/systemd", mntns: host, exeIno: 52, exeDev: disk });
      w.image({ ...by(2, 1e6), ...shell, parentPid: 1, parentStartNs: by(1, 0).startNs });
      w.image({ ...by(3, 1e6), exe: "/usr/bin/runc", mntns: host, exeIno: 53, exeDev: disk });
      const below = (pid: number, parent: number, more: object): void =>
        w.image({ ...by(pid, 1e6), ...cron, parentPid: parent, parentStartNs: by(parent, 0).startNs, ...more });
      below(10, 2, {});
      below(11, 2, { image: IMAGE_FLAG.COVERED });
      below(12, 2, { exeDev: other });
      below(13, 1, { exeDev: other });
      below(14, 3, { exeDev: other, image: IMAGE_FLAG.COVERED });
      below(15, 14, { exeDev: other, image: IMAGE_FLAG.COVERED });
      below(16, 2, { mntns: host, image: IMAGE_FLAG.COVERED });
    });
    const { graph } = monitor;
    const schedulers = [10, 11, 12, 13, 14, 15, 16].filter((pid) =>
      isScheduler(graph, graph.processes.living(pid), 9e6),
    );
    expect(schedulers).toEqual([10, 13, 14, 15, 16]);
  });

  test("is one when another installed it", () => {
    expect(severities(`root > apt; apt > dpkg#1; dpkg#1 writes /usr/bin/rpm; ${fetchBy("rpm")}`, rule)).toEqual([]);
    expect(
      severities(`root > cp; cp writes /usr/bin/apk; root > apk; apk writes /usr/bin/rpm; ${fetchBy("rpm")}`, rule),
    ).toEqual(["high"]);
  });

  test("is one that an interpreter runs, by the script that it runs", () => {
    expect(severities(fetchBy("python3(/usr/bin/dnf install x)"), rule)).toEqual([]);
    expect(severities(fetchBy("python3(/home/u/dnf install x)"), rule)).toEqual(["high"]);
    expect(severities(fetchBy("python3(-W /usr/bin/dnf evil.py)"), rule)).toEqual(["high"]);
  });
});

describe("a scheduler", () => {
  test("begins a chain", () => {
    expect(rootOf("cron > sh > sleep", "sleep")).toMatch(/^A cron job/);
    expect(rootOf("bash > /usr/sbin/crond; crond > sleep", "sleep")).toMatch(/^A crond job/);
  });

  test("begins none from where anybody installs", () => {
    expect(rootOf("bash > /home/u/crond; crond > sleep", "sleep")).not.toContain("job");
    expect(rootOf("/home/u/crond > sleep", "sleep")).not.toContain("job");
  });
});

test("a container runtime and a login server count by where they are", () => {
  expect(rootOf("bash > containerd-shim-runc-v2; containerd-shim-runc-v2 > app", "app")).toMatch(/^Container /);
  expect(rootOf("bash > /tmp/w/containerd-shim; containerd-shim > app", "app")).not.toMatch(/^Container /);
  expect(rootOf("sshd:22 <- 9.9.9.9:1; sshd > app", "app")).toMatch(/^Remote login from 9.9.9.9:1/);
  expect(rootOf("bash > /tmp/w/sshd; sshd:22 <- 9.9.9.9:1; sshd > app", "app")).toMatch(/^Connection from 9.9.9.9:1/);
});

test("a shell below a server is told although the server is called what starts shells", () => {
  const rule = "shell-below-server";
  expect(severities("systemd > ttyd; ttyd:80 <- 9.9.9.9:1; ttyd > sh", rule)).toEqual([]);
  expect(severities("systemd > /home/u/ttyd; ttyd:80 <- 9.9.9.9:1; ttyd > sh", rule)).toEqual(["high"]);
  expect(severities("systemd > python3(/srv/x.py jupyter); python3:80 <- 9.9.9.9:1; python3 > sh", rule)).toEqual([
    "high",
  ]);
  expect(severities("systemd > python3(/home/u/bin/jupyter-lab); python3:80 <- 9.9.9.9:1; python3 > sh", rule)).toEqual(
    [],
  );
});

describe("an installer says less", () => {
  const rule = "download-then-execute";

  test.each([
    "npm(install)",
    "node(/usr/bin/npm install)",
    "/home/u/.cargo/bin/cargo(install)",
    "python3(/home/u/venv/bin/pip install)",
    "python3(-m pip install)",
  ])("%s", (program) => {
    expect(severities(fetchBy(program), rule)).toEqual(["low"]);
  });

  test.each(["curl(pip -s)", "curl(npm)", "python3(x.py pip)", "python3(-c pip)", "/tmp/w/pip(-s)", "/dev/shm/go"])(
    "but not %s",
    (program) => {
      expect(severities(fetchBy(program), rule)).toEqual(["high"]);
    },
  );

  test("but not what somebody wrote", () => {
    expect(severities(`bash > cp; cp writes /home/u/bin/pip; ${fetchBy("/home/u/bin/pip")}`, rule)).toEqual(["high"]);
    expect(severities(`bash > cp; cp writes /home/u/pip.py; ${fetchBy("python3(-m pip)")}`, rule)).toEqual(["high"]);
  });
});

describe("a program in memory", () => {
  /** Executed in place by what the story calls x. */
  const cloned = (story: string, exe: string): readonly string[] => {
    const told = graphFromText(story);
    const image = IMAGE_FLAG.MEMFD | IMAGE_FLAG.DELETED;
    told.story.emit((w) => w.image({ ...told.story.head("x"), exe, argv: ["x"], image, exeDev: 1, exeIno: 9 }));
    told.go("+1s");
    return severities(told, "unusual-executable").filter((severity) => severity === "high");
  };

  test("is a runtime's clone of itself only if a runtime executed it", () => {
    expect(cloned("containerd > /usr/sbin/runc; runc >> x", "memfd:runc_cloned:/proc/self/exe")).toEqual([]);
    expect(cloned("containerd > crun; crun >> x", "memfd:crun")).toEqual([]);
    expect(cloned("bash >> x", "memfd:runc")).toEqual(["high"]);
    expect(cloned("bash > /home/u/runc; runc >> x", "memfd:runc_cloned:/proc/self/exe")).toEqual(["high"]);
    expect(cloned("containerd > runc; runc >> x", "memfd:payload")).toEqual(["high"]);
  });
});

test("a compiler's temporary file is one only if a compiler runs it", () => {
  const rule = "unusual-executable";
  expect(severities("bash > gcc > /tmp/ccAB12cd", rule)).toEqual([]);
  expect(severities("bash > make > sh > /tmp/ccAB12cd", rule)).toEqual([]);
  expect(severities("bash > /usr/local/go/bin/go; go > /tmp/go-build1/b001/.exe", rule)).toEqual([]);
  expect(severities("bash > /tmp/ccAB12cd", rule)).toEqual(["low"]);
  expect(severities("bash > /home/u/gcc; gcc > /tmp/ccAB12cd", rule)).toEqual(["low"]);
  expect(severities("bash > python3 > /tmp/go-build1/b001/.exe", rule)).toEqual(["medium"]);

  const told = graphFromText("bash >> x");
  const image = IMAGE_FLAG.DELETED;
  told.story.emit((w) => w.image({ ...told.story.head("x"), exe: "/tmp/ccATTACK/x", argv: ["x"], image }));
  told.go("+1s");
  expect(severities(told, rule)).toEqual(["medium"]);
});

test("a name lets nobody read credentials", () => {
  const chain = "sshd:22 <- 9.9.9.9:1; sshd > bash > /dev/shm/k";
  expect(severities(`${chain}; k > sudo; sudo reads /etc/shadow`, "credentials-read")).toEqual([]);
  expect(severities(`${chain}; k > /home/u/sudo; sudo reads /etc/shadow`, "credentials-read")).toEqual(["critical"]);
});
