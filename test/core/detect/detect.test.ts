import { describe, expect, test } from "vitest";
import { findings } from "../../../src/core/query/findings.ts";
import type { Finding } from "../../../src/core/query/model.ts";
import { processRow } from "../../../src/core/query/process-row.ts";
import { FLAG, IMAGE_FLAG, KIND, OPEN_FLAG } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed, graphFromText, type Told } from "../fixture.ts";

const of = (told: Told, rule: string): readonly Finding[] =>
  findings(told.monitor).filter((finding) => finding.rule === rule);
const found = (story: string, rule: string): readonly Finding[] => of(graphFromText(story), rule);
const names = (told: Told, finding: Finding | undefined): readonly string[] =>
  finding?.chain.map((id) => processRow(told.monitor, id)?.name ?? "?") ?? [];

describe("download then execute", () => {
  const rule = "download-then-execute";

  test("fires for a binary and for a script, with the whole chain and the connection", () => {
    const told = graphFromText(
      "sshd:22 <- 9.9.9.9:1; sshd > bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; bash > /tmp/x",
    );
    const [finding] = of(told, rule);
    expect(finding).toMatchObject({
      severity: "high",
      techniques: ["T1105", "T1059"],
      process: told.process("x"),
      certainty: "observed",
    });
    expect(finding?.reason).toBe(
      "103 x executed /tmp/x, written 0.1 s earlier by 102 curl; 102 curl was connected to 198.51.100.7:80",
    );
    expect(names(told, finding)).toEqual(["bash", "curl", "x"]);
    expect(finding?.evidence).toContainEqual({ kind: "connection", id: told.connection("198.51.100.7:80") });
    expect(processRow(told.monitor, told.process("bash"))?.severity).toBe("high");
    expect(found("bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; bash > sh(/tmp/x)", rule)).toHaveLength(1);
    expect(found("bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; curl => /tmp/x", rule)).toHaveLength(1);
  });

  test("fires through a copy and through a decoder", () => {
    expect(
      found(
        "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/a; bash > cp; cp reads /tmp/a; cp writes /tmp/b; bash > /tmp/b",
        rule,
      ),
    ).toHaveLength(1);
    expect(
      found("bash > curl | base64(-d); curl -> 198.51.100.7:80; base64 writes /tmp/b; bash > /tmp/b", rule),
    ).toHaveLength(1);
  });

  test("fires for a shell that reads what is being fetched, whichever is seen first", () => {
    const told = graphFromText("bash > curl | sh; curl -> 198.51.100.7:80");
    expect(of(told, rule)[0]?.reason).toBe(
      "102 sh runs what 101 curl writes into its standard input; 101 curl was connected to 198.51.100.7:80",
    );
    expect(found("bash > curl | tee | bash#2; curl -> 198.51.100.7:80", rule)).toHaveLength(1);
  });

  test("fires whatever options the interpreter was given", () => {
    const fetched = "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; ";
    for (const run of [
      "bash#2(-e /tmp/x)",
      "bash#2(-o posix /tmp/x)",
      "python3(-W ignore /tmp/x)",
      "node(-r m /tmp/x)",
    ])
      expect(found(`${fetched} bash > ${run}`, rule), run).toHaveLength(1);
    for (const run of ["bash#2(-e)", "bash#2(-s a)", "bash#2(/dev/stdin)"])
      expect(found(`bash > curl | ${run}; curl -> 198.51.100.7:80`, rule), run).toHaveLength(1);
  });

  test.each(["/tmp/link", "/dev/fd/7", "/proc/self/fd/8"])("follows %s to the file that was opened", (name) => {
    const [finding] = found(
      `bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; bash > sh(${name}); sh reads /tmp/x`,
      rule,
    );
    expect(finding?.reason).toMatch(/ sh interpreted \/tmp\/x, written .* by 101 curl/);
  });

  test("follows the inode where another file is called alike", () => {
    const told = graphFromText(
      "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; bash writes /tmp/y; bash > sh(/tmp/y)",
    );
    const ino = told.story.inode("/tmp/x");
    told.story.emit((w) => w.open({ ...told.story.head("sh"), path: "/tmp/y", dev: 1, ino, open: OPEN_FLAG.READ }));
    told.go("");
    expect(of(told, rule)).toHaveLength(1);
  });

  test("fires for a named pipe that is given as the script", () => {
    for (const first of ["sh", "curl"]) {
      const told = graphFromText("bash > sh(/tmp/f); bash > curl; curl -> 198.51.100.7:80");
      const opens = (who: string, open: number): void =>
        told.story.emit((w) =>
          w.open({ ...told.story.head(who), path: "/tmp/f", dev: 1, ino: 77, open, mode: 0o010644 }),
        );
      if (first === "curl") opens("curl", OPEN_FLAG.WRITE);
      opens("sh", OPEN_FLAG.READ);
      if (first === "sh") opens("curl", OPEN_FLAG.WRITE);
      told.go("");
      expect(of(told, rule)[0]?.reason, first).toMatch(
        / sh runs what 102 curl writes into the pipe it was given as its script/,
      );
    }
  });

  test("fires also when others have opened or written the file since", () => {
    const fetched = "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; ";
    for (const verb of ["opens", "appends"])
      expect(found(`${fetched} bash > late; late ${verb} /tmp/x; bash > sh(/tmp/x)`, rule), verb).toHaveLength(1);
    const many = Array.from({ length: 300 }, (_, i) => `bash > w#${i}; w#${i} opens /tmp/x`).join(";");
    expect(found(`${fetched} ${many}; bash > sh(/tmp/x)`, rule)).toHaveLength(1);
  });

  test("fires also behind more writers than are looked at, or says that nobody can tell", () => {
    const fetched = "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; ";
    const many = (verb: string): string =>
      Array.from({ length: 1100 }, (_, i) => `bash > w#${i}; w#${i} ${verb} /tmp/x; w#${i} exits`).join(";");
    const run = (verb: string): Told => graphFromText(`${fetched} ${many(verb)}; bash > sh(/tmp/x)`);
    expect(of(run("opens"), rule)).toHaveLength(1);
    const appended = run("appends");
    expect(of(appended, rule)).toEqual([]);
    expect(of(appended, "many-writers")).toMatchObject([
      { severity: "low", reason: expect.stringMatching(/\/tmp\/x, which 1101 processes changed: 77 of them/) },
    ]);
  });

  test("marks a download from this host and says less of it", () => {
    const [finding] = found("bash > curl; curl -> files:8000; curl writes /tmp/x; bash > /tmp/x", rule);
    expect(finding?.severity).toBe("medium");
    expect(finding?.reason).toContain("127.0.0.1:8000 (this host)");
  });

  test("is one finding however often the same is run", () => {
    const told = graphFromText("bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x");
    for (let i = 0; i < 5; i++) told.go(`bash > x#${i}(-v); bash >> f#${i}; f#${i} => /tmp/x`);
    expect(of(told, rule)).toHaveLength(1);
    expect(processRow(told.monitor, told.process("f#4"))?.severity).toBe("high");
  });

  test.each([
    ["what was compiled here", "bash > ld; ld writes /home/u/a.out; bash > /home/u/a.out"],
    ["a download that is only read", "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; bash > less(/tmp/x)"],
    ["a connection made after the write", "bash > cc; cc writes /tmp/x; cc -> 198.51.100.7:80; bash > /tmp/x"],
    [
      "a connection that failed to do more than a name look-up",
      "bash > cc; cc -> 198.51.100.7:53; cc writes /tmp/x; bash > /tmp/x",
    ],
    ["a package manager", "bash > apt; apt -> 198.51.100.7:80; apt > dpkg; dpkg writes /usr/bin/tool; bash > tool"],
    [
      "a script inside a package manager",
      "bash > apt; apt -> 198.51.100.7:80; apt writes /var/lib/x.postinst; apt > sh(/var/lib/x.postinst)",
    ],
    ["another chain's file", "cron > wget; wget -> 198.51.100.7:80; wget writes /srv/x; bash > /srv/x"],
    ["a pipe into something that is no interpreter", "bash > curl | jq; curl -> 198.51.100.7:80"],
    ["a pipe into a shell that runs its own script", "bash > curl | sh(/usr/bin/read-it); curl -> 198.51.100.7:80"],
    ["a writer nobody saw", "bash > /tmp/x"],
  ])("stays silent for %s", (_what, story) => {
    expect(found(story, rule)).toEqual([]);
  });

  test("says little of an installer", () => {
    expect(
      found("bash > npm(install); npm -> 198.51.100.7:443; npm writes /home/u/x; npm > /home/u/x", rule)[0]?.severity,
    ).toBe("low");
  });
});

describe("a download in a shell", () => {
  const rule = "download-in-shell";
  const fetched = "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/x; curl exits; ";

  /** A shell in a terminal reads what a program that connects prints, through a pipe of its own. */
  const substituted = (program: string, then: string): Told => {
    const told = graphFromText("sshd > bash");
    const ino = 4242;
    told.story.emit((w) => w.pipe({ ...told.story.head("bash"), ino, open: OPEN_FLAG.READ | OPEN_FLAG.WRITE }));
    told.go(`bash >> ${program}`);
    const stdio = [
      { mode: 0o020000, ino: 5 },
      { mode: 0o010000, ino },
      { mode: 0o020000, ino: 5 },
    ];
    told.story.emit((w) =>
      w.image({ ...told.story.head(program), exe: `/usr/bin/${program}`, argv: [program], stdio }),
    );
    told.go(`+0.1s; ${program} -> 198.51.100.7:80; ${program} exits; ${then}`);
    return told;
  };

  test("fires for a file that was sourced, if something came of it at once", () => {
    expect(found(`${fetched} bash reads /tmp/x; bash > id`, rule)).toMatchObject([
      {
        severity: "medium",
        certainty: "inferred",
        reason:
          "100 bash read /tmp/x, which 101 curl wrote 0.2 s earlier, and then started 102 id: it may have run it; 101 curl was connected to 198.51.100.7:80",
      },
    ]);
    expect(found(`${fetched} bash reads /tmp/x; bash -> 203.0.113.9:4444`, rule)[0]?.reason).toContain(
      "and then connected to 203.0.113.9:4444",
    );
  });

  test("fires for a command that is typed faster than anybody types", () => {
    expect(of(substituted("curl", "bash > id"), rule)).toMatchObject([{ severity: "medium", certainty: "inferred" }]);
    expect(of(substituted("curl", "+1s; bash > id"), rule)).toEqual([]);
    expect(of(substituted("curl", "+1s; bash -> 203.0.113.9:4444"), rule)).toHaveLength(1);
  });

  test.each([
    ["a file that another program read", `${fetched} bash > cat; cat reads /tmp/x; bash > id`],
    ["what came much later", `${fetched} bash reads /tmp/x; +5s; bash > id`],
    ["a file nobody fetched", "bash > vi; vi writes /tmp/x; bash reads /tmp/x; bash > id"],
    ["a file of a package", "bash > apt; apt -> 198.51.100.7:80; apt writes /etc/x; bash reads /etc/x; bash > id"],
    [
      "a file of another chain",
      `sshd#2 > bash#2 > wget; wget -> 198.51.100.7:80; wget writes /x; cron > sh; sh reads /x; sh > id`,
    ],
    ["what reads and is no shell", `${fetched} bash > python3; python3 reads /tmp/x; python3 > id`],
    ["what nobody was seen to read", `${fetched} bash > id`],
  ])("stays silent for %s", (_what, story) => {
    expect(found(story, rule)).toEqual([]);
  });
});

describe("root runs what another user can change", () => {
  const rule = "root-runs-foreign-code";
  const run = (more: object, argv: readonly string[] = ["x"]): readonly Finding[] => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, 1e9, (w) =>
      w.image({ ...by(50, 5e8, 4e8), exe: "/srv/app/x", argv, exeIno: 9, exeDev: 1, euid: 0, uid: 0, ...more }),
    );
    return of({ monitor } as Told, rule);
  };

  test("fires for an owner, a directory's owner and everybody; by who waits for it", () => {
    expect(run({ exeUid: 1000 })).toMatchObject([
      {
        severity: "medium",
        reason: "50 x runs as root and executed /srv/app/x, which uid 1000 owns and can change",
        techniques: ["T1574.010"],
      },
    ]);
    expect(run({ dirUid: 33 })[0]?.reason).toContain("in a directory of uid 33, who can put another in its place");
    expect(run({ image: IMAGE_FLAG.SHARED })[0]?.reason).toContain("which everybody can change");
    expect(run({ exeUid: 1000, loginUid: 1001 })[0]?.severity).toBe("low");
    expect(run({ exeUid: 1000, loginUid: 1000 })[0]?.severity).toBe("info");
  });

  test.each([
    ["what is root's", {}],
    ["another user", { uid: 1000, euid: 1000, exeUid: 1001 }],
    ["a container", { exeUid: 1000, cgroupPath: `/docker/${"ab".repeat(32)}` }],
    ["a file in memory", { exeUid: 1000, image: IMAGE_FLAG.MEMFD }],
  ])("stays silent for %s", (_what, more) => {
    expect(run(more)).toEqual([]);
  });

  test("makes its chain no more suspicious", () => {
    const told = graphFromText("cron > sh");
    told.story.emit((w) =>
      w.image({ ...told.story.head("sh"), exe: "/home/u/x", argv: ["x"], exeUid: 1000, uid: 0, exeDev: 1, exeIno: 9 }),
    );
    told.go("sh > cat; cat reads /etc/shadow");
    expect(findings(told.monitor).map((finding) => finding.rule)).toEqual([rule]);
  });
});

test("only who did something is a suspect, not those above it", () => {
  const told = graphFromText("sshd:22 <- 9.9.9.9:1; sshd > bash > /tmp/.x");
  const row = (name: string) => processRow(told.monitor, told.process(name));
  expect(row(".x")).toMatchObject({ severity: "medium", suspect: true });
  expect(row("bash")).toMatchObject({ severity: "medium", suspect: false });
});

describe("execution from an unusual place", () => {
  const rule = "unusual-executable";
  const severities = (story: string): readonly string[] => found(story, rule).map((finding) => finding.severity);

  test.each([
    ["/dev/shm/k", "high"],
    ["/tmp/.hidden", "medium"],
    ["/var/tmp/x", "low"],
    ["/dev/shm/d/k", "high"],
    ["/tmp/.d/x", "medium"],
    ["/tmp/d/.x", "medium"],
    ["/run/user/1000/.x", "medium"],
  ])("%s is %s", (path, severity) => {
    expect(severities(`bash > ${path}`)).toEqual([severity]);
  });

  test.each([
    "/usr/bin/x",
    "/home/u/.cargo/bin/x",
    "/tmp/go-build123/b001/exe",
    "/home/u/tmp/x",
    "/tmp/checkout/bin/x",
    "/tmp/checkout/node_modules/.bin/x",
    "/run/user/1000/app/x",
  ])("stays silent for %s", (path) => {
    expect(severities(`bash > ${path}`)).toEqual([]);
  });

  const image = (
    flags: number,
    exe: string,
    kind: typeof KIND.EXEC | typeof KIND.PROCESS = KIND.EXEC,
  ): readonly Finding[] => {
    const { monitor, writer } = emptyMonitor();
    const rowFlags = kind === KIND.PROCESS ? FLAG.BEFORE_START : 0;
    feed(monitor, writer, 1e9, (w) =>
      w.image({ ...by(50, 5e8, 4e8), flags: rowFlags, exe, argv: ["x"], image: flags, exeIno: 9, exeDev: 1 }, kind),
    );
    return findings(monitor);
  };

  test("tells what has no file", () => {
    expect(image(IMAGE_FLAG.MEMFD | IMAGE_FLAG.DELETED, "memfd:x")).toMatchObject([
      { severity: "high", techniques: ["T1620"] },
    ]);
    expect(image(IMAGE_FLAG.DELETED, "/home/u/x")).toMatchObject([{ severity: "medium", techniques: ["T1070.004"] }]);
    expect(image(IMAGE_FLAG.DELETED, "/home/u/x", KIND.PROCESS)).toMatchObject([
      { severity: "low", certainty: "before start" },
    ]);
  });

  test("stays silent for a program upgraded while it ran", () => {
    expect(image(IMAGE_FLAG.DELETED, "/usr/sbin/sshd", KIND.PROCESS)).toEqual([]);
  });

  test("has nothing to say without a path", () => {
    expect(image(0, "")).toEqual([]);
  });
});

describe("a shell on a socket", () => {
  const rule = "stdio-is-socket";

  test("fires in both directions", () => {
    expect(found("bash > nc; nc -> 198.51.100.7:4444; nc > sh @ 198.51.100.7:4444", rule)).toMatchObject([
      {
        title: "Reverse shell",
        severity: "critical",
        reason: "the standard input or output of 102 sh is a connection to 198.51.100.7:4444",
      },
    ]);
    expect(found("nc:4444 <- 198.51.100.7:999; nc => bash @ 198.51.100.7:999", rule)).toMatchObject([
      { title: "Shell on a socket" },
    ]);
    expect(found("nc -> evil:4444; nc => sh @ evil:4444", rule)).toMatchObject([
      { severity: "high", reason: expect.stringContaining("this host") },
    ]);
  });

  test("fires when the socket is found only by a snapshot", () => {
    const { monitor, writer } = emptyMonitor();
    const who = by(50, 0, -5e9);
    feed(monitor, writer, 1e9, (w) => {
      w.image({ ...who, flags: FLAG.BEFORE_START, exe: "/bin/sh", argv: ["sh"] }, KIND.PROCESS);
      w.sock(KIND.SOCKET, {
        ...who,
        flags: FLAG.BEFORE_START,
        sock: 7,
        fd: 0,
        local: "10.0.0.4",
        localPort: 40000,
        remote: "198.51.100.7",
        remotePort: 4444,
      });
    });
    expect(findings(monitor)).toMatchObject([{ rule, certainty: "before start" }]);
  });

  test.each([
    ["a server started by inetd", "inetd:80 <- 198.51.100.7:999; inetd > httpd @ 198.51.100.7:999"],
    ["a shell in a terminal", "bash > sh"],
    ["a socket that is not standard input or output", "bash -> 198.51.100.7:4444"],
    ["a program started by a shell that has the socket", "nc -> 198.51.100.7:4444; nc > ls @ 198.51.100.7:4444"],
  ])("stays silent for %s", (_what, story) => {
    expect(found(story, rule)).toEqual([]);
  });
});

describe("a shell below a network server", () => {
  const rule = "shell-below-server";

  test("fires with the client it served", () => {
    const told = graphFromText("nginx listens :80; nginx:80 <- 203.0.113.9:1234; nginx > php > sh(-c id)");
    const [finding] = of(told, rule);
    expect(finding).toMatchObject({ severity: "high", techniques: ["T1059.004", "T1505.003"] });
    expect(finding?.reason).toBe("102 sh was started below 100 nginx, which serves 203.0.113.9:1234");
    expect(names(told, finding)).toEqual(["nginx", "php", "sh"]);
  });

  test("says less when nobody was connected, or somebody of this host", () => {
    expect(found("nginx listens :80; nginx > sh(-c id)", rule)[0]?.severity).toBe("low");
    expect(found("nginx listens :80; client -> nginx:80; nginx > sh(-c id)", rule)[0]?.severity).toBe("medium");
  });

  test.each([
    ["a login", "sshd listens :22; sshd:22 <- 203.0.113.9:1234; sshd > bash > sh"],
    ["a server's other children", "nginx listens :80; nginx:80 <- 203.0.113.9:1234; nginx > ls"],
    ["a terminal multiplexer", "tmux listens :80; tmux > bash"],
    ["a client", "curl -> 198.51.100.7:80; curl > sh"],
    ["a server that listens only afterwards", "srv > sh; srv listens :80"],
    ["a server that only has local clients through a unix socket", "client ~> srv; srv > sh"],
  ])("stays silent for %s", (_what, story) => {
    expect(found(story, rule)).toEqual([]);
  });

  test("stays silent below a login session and quiet in one's own terminal", () => {
    const told = graphFromText("srv listens :80; srv:80 <- 203.0.113.9:1");
    const exec = (name: string, more: object): void =>
      told.story.emit((w) =>
        w.image({
          ...told.story.head(name),
          exe: `/usr/bin/${name}`,
          argv: [name],
          parentPid: told.story.actor("srv").pid,
          ...more,
        }),
      );
    told.go("srv >> su; su >> sh");
    exec("su", { loginUid: 1000 });
    told.go("su > bash");
    expect(of(told, rule)).toEqual([]);
    const dev = graphFromText("bash > node; node listens :3000; node:3000 <- 203.0.113.9:1");
    for (const name of ["node", "sh"]) {
      if (name === "sh") dev.go("node >> sh");
      dev.story.emit((w) => w.image({ ...dev.story.head(name), exe: `/usr/bin/${name}`, argv: [name], tty: 0x8802 }));
    }
    dev.go("");
    expect(of(dev, rule)).toMatchObject([{ severity: "info" }]);
  });
});

describe("credentials read by a suspicious chain", () => {
  const rule = "credentials-read";
  const breach = "nginx listens :80; nginx:80 <- 203.0.113.9:1234; nginx > sh(-c x)";

  test.each([
    ["/etc/shadow", "T1003.008"],
    ["/home/u/.ssh/id_ed25519", "T1552.004"],
    ["/root/.aws/credentials", "T1552.001"],
  ])("fires for %s", (path, technique) => {
    expect(found(`${breach}; sh > cat; cat reads ${path}`, rule)).toMatchObject([
      { severity: "critical", techniques: [technique] },
    ]);
  });

  test.each([
    ["a chain that is not suspicious", "sshd > bash > cat; cat reads /etc/shadow"],
    ["a file that holds none", `${breach}; sh > cat; cat reads /etc/hosts`],
    ["a public key", `${breach}; sh > cat; cat reads /home/u/.ssh/id_ed25519.pub`],
    ["what checks passwords", `${breach}; sh > sudo; sudo reads /etc/shadow`],
    ["a reader nobody knows", "cat reads /etc/shadow"],
    ["the next command of a shell that ran one from /tmp", "sshd > bash > /tmp/x; bash > cat; cat reads /etc/shadow"],
  ])("stays silent for %s", (_what, story) => {
    expect(found(story, rule)).toEqual([]);
  });
});

test("a whole intrusion is one highlighted chain, and its neighbours stay quiet", () => {
  const told = graphFromText(
    `bash > vi; nginx listens :80; nginx:80 <- 203.0.113.9:1234; nginx > sh(-c x) > curl; curl -> 198.51.100.7:80; curl writes /tmp/.x;
     sh > /tmp/.x; .x > cat; cat reads /etc/shadow; vi writes /home/u/notes; nginx > worker`,
  );
  const severity = (name: string): string | undefined => processRow(told.monitor, told.process(name))?.severity;
  expect(["nginx", "sh", "curl", ".x", "cat"].map(severity)).toEqual([
    "critical",
    "critical",
    "high",
    "critical",
    "critical",
  ]);
  expect(["bash", "vi", "worker"].map(severity)).toEqual([undefined, undefined, undefined]);
  expect(findings(told.monitor).map((finding) => finding.rule)).toEqual([
    "credentials-read",
    "download-then-execute",
    "shell-below-server",
    "unusual-executable",
  ]);
});

test("who does the same forbidden thing again and again hides neither another thing nor what others do", () => {
  const told = graphFromText("sshd > bash");
  for (let i = 0; i < 520; i++) told.go(`bash > /dev/shm/k${i}`);
  const rules = (): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { rule } of told.monitor.detector.findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return counts;
  };
  expect([...rules()]).toEqual([["unusual-executable", 500]]);
  expect(told.monitor.detector.untold).toBe(20);
  told.go("bash > gdb; gdb injects sshd");
  expect(rules().size).toBe(2);
});
