import { describe, expect, test } from "vitest";
import { dotOf } from "../../src/cli/format/dot.ts";
import { mermaidOf, tooLong } from "../../src/cli/format/mermaid.ts";
import type { Answer } from "../../src/cli/format/trace.ts";
import { traceJson } from "../../src/cli/format/trace-json.ts";
import { findSubject, isSubject, type Match, othersOf } from "../../src/cli/subject.ts";
import { impactOf } from "../../src/core/origin/impact.ts";
import { originOf } from "../../src/core/origin/origin.ts";
import type { ProcessId, Subject } from "../../src/core/query/model.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { originText } from "../../src/ui/text/origin-text.ts";
import { glyphsOf } from "../../src/ui/theme/glyphs.ts";
import { BASE_NS, by, emptyMonitor, feed, graphFromText } from "../core/fixture.ts";
import { HOSTILE } from "./every-row.ts";
import { faults } from "./schema.ts";

const story = graphFromText(
  "sshd:22 <- 203.0.113.9:51022; sshd > bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/.x; bash > /tmp/.x; .x -> 192.0.2.77:4444",
);
const { monitor } = story;
const SOURCE = { kind: "live", events: 9, lost: 0 } as const;
const wallMs = (ns: number): number => monitor.graph.clock.wallOf(ns);

function answers(what: string): readonly Answer[] {
  const subject = findSubject(monitor.graph, what)?.subject;
  if (subject === undefined) throw new Error(`nothing known about ${what}`);
  const chain = originOf(monitor, subject);
  return [
    { question: "origin", ...chain, summary: chain.rootCause, wallMs },
    { question: "impact", ...impactOf(monitor, subject), wallMs },
  ];
}

/** The same with names as an attacker would choose them. */
function hostile(answer: Answer): Answer {
  const steps = answer.steps.map((step) => ({ ...step, title: `${step.title}${HOSTILE}`, explanation: HOSTILE }));
  return { ...answer, title: HOSTILE, summary: `${HOSTILE}\\`, steps };
}

describe.each(["192.0.2.77:4444", "/tmp/.x", ":22", "203.0.113.9"])("%s", (what) => {
  test.each(["origin", "impact"])("%s in every form", (question) => {
    const answer = answers(what).find((one) => one.question === question) as Answer;
    expect(answer.steps.length).toBeGreaterThan(1);
    for (const one of [answer, hostile(answer)]) {
      const json = traceJson(one, monitor.graph, SOURCE);
      expect(faults("trace", JSON.parse(json))).toEqual([]);
      expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
      checkDot(dotOf(one), one);
      checkMermaid(mermaidOf(one), one);
      const linked = one.steps.filter(({ cause }) => cause >= 0).length;
      for (const drawn of [dotOf(one), mermaidOf(one)])
        expect(drawn.match(/\d{4}-\d\d-\d\dT\d\d(:|#58;)\d\d/gu) ?? []).toHaveLength(linked);
    }
  });
});

test("of a flowchart that Mermaid would not draw it is said so", () => {
  const [origin] = answers("192.0.2.77:4444");
  const small = origin as Answer;
  expect(tooLong(mermaidOf(small))).toBeUndefined();
  const large = { ...small, steps: Array.from({ length: 400 }, () => hostile(small).steps).flat() };
  expect(tooLong(mermaidOf(large))).toMatch(/^Mermaid draws 50000 characters, these are \d{6}: .*maxTextSize/u);
});

test("steps name processes as events do, files by their path, connections by both ends", () => {
  const [origin] = answers("192.0.2.77:4444");
  const { steps } = JSON.parse(traceJson(origin as Answer, monitor.graph, SOURCE)) as { steps: { subject: object }[] };
  const subjects = steps.map(({ subject }) => subject);
  expect(subjects).toContainEqual({ kind: "connection", client: "203.0.113.9:51022", server: "10.0.0.4:22" });
  const { pid } = story.story.actor("curl");
  expect(subjects).toContainEqual({
    kind: "process",
    pid,
    id: expect.stringMatching(new RegExp(`^${pid}@\\d{13}$`)),
  });
});

test("what nobody knows is not found, and a pid means the living process", () => {
  expect(findSubject(monitor.graph, "999999")).toBeUndefined();
  expect(findSubject(monitor.graph, "/no/such/file")).toBeUndefined();
  expect(findSubject(monitor.graph, "192.0.2.1:1")).toBeUndefined();
  expect(findSubject(monitor.graph, ":")).toBeUndefined();
});

test("a path is the file there, not the last call that named it; since when it is known is said", () => {
  const told = graphFromText("bash > k; bash > /opt/k");
  told.story.emit((w) =>
    w.chmod({ ...told.story.head("bash"), path: "/opt/k", dev: 0, ino: 0, open: 0, mode: 0o100755 }),
  );
  told.go("+1s; bash > id");
  const match = findSubject(told.monitor.graph, "/opt/k");
  expect(match?.others).toBe(0);
  expect(impactOf(told.monitor, match?.subject as Subject).summary).toBe("Led to 1 process");
  const [only] = originOf(told.monitor, match?.subject as Subject).steps;
  expect(only?.explanation).toBe("nothing earlier is known");
  expect(only?.atNs).toBeLessThan(told.monitor.nowNs - 1e9);
});

test("a path that is a socket is the socket, also where somebody removed or chmodded what stood there before", () => {
  const told = graphFromText("bash > web");
  const head = told.story.head("web");
  const path = "/run/web.sock";
  told.story.emit((w) => w.path(KIND.UNLINK, { ...head, from: path }));
  told.story.emit((w) => w.unix(KIND.UNIX_ACCEPT, { ...head, sock: 72, path, end: 2, peer: 73 }));
  told.story.emit((w) => w.chmod({ ...head, path, dev: 0, ino: 0, open: 0, mode: 0o140666 }));
  told.go("+1s");
  const { graph } = told.monitor;
  for (const what of [path, "/run//web.sock", "/run/../run/web.sock"])
    expect(originOf(told.monitor, findSubject(graph, what)?.subject as Subject).title).toBe(`unix ${path}`);
});

test("a file is found by a further link, and by a path that takes detours", () => {
  const told = graphFromText("bash > cp; cp writes /tmp/x");
  told.story.emit((w) => w.path(KIND.LINK, { ...told.story.head("bash"), from: "/tmp/x", to: "/tmp/hard" }));
  told.go("+1s");
  const { graph } = told.monitor;
  const file = findSubject(graph, "/tmp/x")?.subject;
  expect(file?.kind).toBe("file");
  for (const what of ["/tmp/hard", "/tmp/./x", "/var/../tmp//x", "/tmp/x/"])
    expect(findSubject(graph, what)?.subject, what).toEqual(file);
});

test.each([
  ["::1", "tcp [::1]:40000 -> [::1]:7001"],
  ["[::1]", "tcp [::1]:40000 -> [::1]:7001"],
  ["[0:0:0:0:0:0:0:1]:7001", "tcp [::1]:40000 -> [::1]:7001"],
  ["[::ffff:192.0.2.9]:80", "tcp 10.0.0.4:40001 -> 192.0.2.9:80"],
  ["::ffff:192.0.2.9", "tcp 10.0.0.4:40001 -> 192.0.2.9:80"],
  ["0.0.0.0:9001", "tcp :9001"],
  ["[::]:9001", "tcp :9001"],
  [":9001", "tcp :9001"],
  ["@bus", "unix @bus"],
])("%s is found, as ss, netstat or the screens write it", (what, title) => {
  const told = graphFromText("bash > web; web listens :9001");
  const head = told.story.head("web");
  for (const [sock, local, remote, remotePort] of [
    [70, "::1", "::1", 7001],
    [71, "10.0.0.4", "192.0.2.9", 80],
  ] as const)
    told.story.emit((w) =>
      w.sock(KIND.CONNECT, { ...head, sock, local, localPort: 39_930 + sock, remote, remotePort }),
    );
  told.story.emit((w) => w.unix(KIND.UNIX_CONNECT, { ...head, sock: 72, path: "\0bus", end: 1, peer: 73 }));
  told.go("+1s");
  expect(isSubject(what)).toBe(true);
  const match = findSubject(told.monitor.graph, what);
  expect(originOf(told.monitor, match?.subject as Subject).title).toContain(title);
});

test("an address with a port means who connected to it before who listens, open before closed, newest first", () => {
  const told = graphFromText(
    "web listens :9001; bash > curl; curl -> 192.0.2.9:80; bash > wget; wget -> 192.0.2.9:80; wget closes 192.0.2.9:80",
  );
  const { graph } = told.monitor;
  const clientOf = (what: string): readonly [string | undefined, number | undefined] => {
    const match = findSubject(graph, what);
    if (match === undefined) return [undefined, undefined];
    const chain = originOf(told.monitor, match.subject);
    return [chain.steps.find(({ title }) => /curl|wget/.test(title))?.title.replace(/^\d+ /, ""), match.others];
  };
  expect(clientOf("192.0.2.9:80")).toEqual(["curl", 1]);
  const listener = findSubject(graph, ":9001")?.subject;
  expect(listener?.kind === "connection" && graph.connections.isListening(graph.connections.row(listener.id))).toBe(
    true,
  );

  const probing = graphFromText("bash > curl; curl -> 192.0.2.9:80; curl closes 192.0.2.9:80; bash > sshd");
  const probe = { ...probing.story.head("sshd"), sock: 78, proto: 17, local: "10.0.0.4", localPort: 40_078 };
  for (const kind of [KIND.DATAGRAM, KIND.CLOSE])
    probing.story.emit((w) => w.sock(kind, { ...probe, remote: "192.0.2.9", remotePort: 80 }));
  probing.go("+1s");
  const asked = findSubject(probing.monitor.graph, "192.0.2.9:80");
  expect(originOf(probing.monitor, asked?.subject as Subject).title, "nothing was sent").toMatch(/^tcp /u);
  expect(asked?.others).toBe(1);

  const same = graphFromText("bash > curl; curl -> 127.0.0.1:9001");
  same.story.emit((w) =>
    w.sock(KIND.LISTEN, { ...same.story.head("curl"), sock: 77, local: "127.0.0.1", localPort: 9001 }),
  );
  same.go("+1s");
  const match = findSubject(same.monitor.graph, "127.0.0.1:9001");
  const { connections } = same.monitor.graph;
  expect(match?.others).toBe(1);
  expect(connections.isListening(connections.row(match?.subject.id ?? -1))).toBe(false);
});

test("others that are called the same are named, and each is found by its name", () => {
  const told = graphFromText(`bash > curl; ${"curl -> 192.0.2.9:80; ".repeat(5)}`);
  const { graph } = told.monitor;
  const match = findSubject(graph, "192.0.2.9:80");
  expect(match?.names).toHaveLength(3);
  expect(othersOf("192.0.2.9:80", match as Match)).toMatch(
    /^4 more match 192\.0\.2\.9:80 \(10\.0\.0\.4:\d+, 10\.0\.0\.4:\d+, 10\.0\.0\.4:\d+, \.\.\.\); told is /u,
  );
  for (const name of match?.names ?? []) {
    expect(isSubject(name)).toBe(true);
    expect(findSubject(graph, name)).toMatchObject({ others: 0, subject: { kind: "connection" } });
  }
});

test("who had a pid before is found by the id that events and traces give it", () => {
  const { monitor: reused, writer } = emptyMonitor();
  const starts = [1e6, 2e6, 3e6];
  for (const startNs of starts)
    feed(reused, writer, startNs + 5, (w) => {
      w.fork({ ...by(10, startNs + 1, -9e9), childPid: 20, childStartNs: by(20, 0, startNs).startNs });
      if (startNs !== 3e6) w.exit(by(20, startNs + 3, startNs));
    });
  const match = findSubject(reused.graph, "20") as Match;
  expect(othersOf("20", match)).toBe(
    `2 more match 20 (20@${BASE_NS + 2e6}, 20@${BASE_NS + 1e6}); told is what lives or is open, then the newest`,
  );
  const [second = ""] = match.names;
  expect(isSubject(second)).toBe(true);
  const { subject, others } = findSubject(reused.graph, second) as Match;
  expect(others).toBe(0);
  const { processes } = reused.graph;
  expect(processes.startNs.get(processes.row(subject.id as ProcessId))).toBe(2e6);
  expect(findSubject(reused.graph, "20@1")).toBeUndefined();
});

test("a long command is cut in its middle, and told whole when asked for", () => {
  const told = graphFromText(`bash > agent(--env ${"x".repeat(1500)} --last); agent > tool`);
  const chain = originOf(told.monitor, { kind: "process", id: told.process("tool") });
  const text = (whole: boolean): string => originText(chain, wallMs, 0, glyphsOf(false), whole);
  const lines = text(false).split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(250);
  expect(lines.find((line) => line.includes("--env"))).toMatch(/agent --env x+…x+ --last {3}started by/);
  expect(text(true)).toContain(`${"x".repeat(1500)} --last`);
  expect(lines.at(-1)).toMatch(/^ {2}evidence: .*; as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/u);
});

/** Every statement is one of those we write, its strings closed where they should be. */
function checkDot(dot: string, answer: Answer): void {
  const string = /"(?:[^"\\\n]|\\["\\])*"/.source;
  const node = `  n\\d+ \\[label=${string}(, style=bold)?(, color=red)?\\];`;
  const edge = `  n\\d+ -> n\\d+ \\[label=${string}(, style=dashed)?\\];`;
  const lines = dot.split("\n");
  expect(lines[0]).toBe(`digraph ${answer.question} {`);
  expect(lines[1]).toMatch(new RegExp(`^ {2}label=${string};$`));
  for (const line of lines.slice(5, -1)) expect(line).toMatch(new RegExp(`^(${node}|${edge})$`));
  expect(lines.at(-1)).toBe("}");
  expect(dot).not.toMatch(/&(?!amp;)/);
  expect(lines.filter((line) => line.includes(" -> ") && !line.includes('label="')).length).toBe(0);
}

/** Labels are quoted text of plain characters and entities. */
function checkMermaid(mermaid: string, answer: Answer): void {
  const label = `"(?:[\\p{L}\\p{N}\\p{M} .,_/=+@-]|#\\d+;)*"`;
  const node = `  n\\d+\\[${label}\\]`;
  const edge = `  n\\d+ (-->|-\\.->)\\|${label}\\| n\\d+`;
  const style = "  style n\\d+ (stroke-width:4px|stroke:red|stroke:red,stroke-width:4px)";
  const [head, ...rest] = mermaid.split("\n");
  expect(head).toBe("flowchart TD");
  for (const line of rest) expect(line).toMatch(new RegExp(`^(${node}|${edge}|${style})$`, "u"));
  expect(rest.filter((line) => /^ {2}n\d+\[/.test(line)).length).toBe(answer.steps.length);
  const having = (sign: string): number => rest.filter((line) => /^ {2}style/.test(line) && line.includes(sign)).length;
  expect(having("stroke:red")).toBe(answer.steps.filter(({ severity }) => severity !== undefined).length);
  expect(having("stroke-width")).toBe(answer.steps.filter(({ target }) => target).length);
}
