import { describe, expect, test } from "vitest";
import { parseCommand } from "../../src/cli/args.ts";

const parse = (line: string) => parseCommand(line === "" ? [] : line.split(" "));

test("without a command it is the monitor, with sensible values", () => {
  expect(parse("")).toEqual({
    kind: "top",
    options: {
      refreshMs: 1000,
      noColor: false,
      ascii: false,
      readOnly: false,
      mouse: false,
      theme: "dark",
      input: { bpf: true },
    },
  });
  expect(parse("replay x.spyt --ascii")).toMatchObject({
    kind: "top",
    options: { ascii: true, input: { from: "x.spyt" } },
  });
});

test("the monitor of one process or one user", () => {
  expect(parse("-p 42")).toMatchObject({ kind: "top", options: { pid: 42 } });
  expect(parse("replay x.spyt -u deploy")).toMatchObject({ kind: "top", options: { user: "deploy" } });
});

describe("commands without a screen", () => {
  test.each([
    ["top -b", { kind: "batch", options: { frames: 1, json: false } }],
    ["top --batch -n 0 --json -u deploy", { kind: "batch", options: { frames: 0, json: true, user: "deploy" } }],
    ["top --json -p 42", { kind: "batch", options: { json: true, pid: 42 } }],
    ["events", { kind: "events", options: { form: "text", count: 0, filter: "" } }],
    ["events --json", { kind: "events", options: { form: "native" } }],
    ["events --json=ocsf -n 5 -s 1.5", { kind: "events", options: { form: "ocsf", count: 5, seconds: 1.5 } }],
    [
      "events --from f --json=ecs -f kind:exec",
      { kind: "events", options: { form: "ecs", filter: "kind:exec", input: { from: "f" } } },
    ],
    ["origin 42", { kind: "chain", options: { question: "origin", what: "42", form: "text", all: false } }],
    ["impact /tmp/x --dot -a", { kind: "chain", options: { question: "impact", form: "dot", all: true } }],
    ["origin --json :22", { kind: "chain", options: { form: "json", what: ":22" } }],
    ["origin 1.2.3.4:5 --memory 64", { kind: "chain", options: { input: { memoryLimitBytes: 67_108_864 } } }],
    ["doctor --json", { kind: "doctor", json: true }],
    ["record f --no-bpf", { kind: "record", path: "f", input: { bpf: false } }],
    ["--help", { kind: "help" }],
    ["origin -h", { kind: "help" }],
    ["-V", { kind: "version" }],
  ])("%s", (line, command) => {
    expect(parse(line)).toMatchObject(command);
  });
});

describe("what makes no sense is said, not guessed", () => {
  test.each([
    ["frobnicate", 'there is no command "frobnicate"'],
    ["origin", "origin of what? a pid, an ip:port or a path"],
    ["impact :", "impact of what?"],
    ["record", "record into which file?"],
    ["--them light", "there is no option --them; did you mean --theme?"],
    ["events -f prot:tcp", 'no field "prot"; did you mean port:?'],
    ["events -f kind:conect", 'no kind "conect"; did you mean kind:connect?'],
    ["events -f pid:", "pid: wants a word behind it"],
    ["events -f !", "! wants a word behind it"],
    ["events -f pid:abc", 'pid: wants a number, not "abc"'],
    ["events -f !port:http", 'port: wants a number, not "http"'],
    ["events -f zzzzz:5", 'no field "zzzzz"; there are kind, pid, ppid'],
    ["events -f state:open", 'no state "open"; there are live, exited, closed, failed'],
    ['events -f cmd:"a', 'a quote is not closed in cmd:"a'],
    ["events -f kind:zzz", 'no kind "zzz"; there are fork, exec'],
    ["origin nonsense", '"nonsense" is no pid, no ip:port and no path that begins with /'],
    ["impact 1.2.3.4:70000", '"1.2.3.4:70000" is no pid'],
    ["record f --seconds 0", "--seconds wants seconds above 0"],
    ["origin 1 2", "too many arguments: 2"],
    ["top x", "too many arguments: x"],
    ["top -n 3", "--count goes with --batch"],
    ["top -n 3", "--count goes with --batch"],
    ["top -b -p 0", '--pid wants the number of a process, not "0"'],
    ["top -b -n 1e9", '--count wants a whole number, not "1e9"'],
    ["top -b -n -1", "-n lacks its value"],
    ["events -s", "--seconds lacks its value"],
    ["events --from", "--from lacks its value"],
    ["top --batch=yes", "--batch takes no value"],
    ["origin -x 1", "there is no option -x"],
    ["origin -5", "there is no option -5"],
    ["top -d 0.01", "--delay wants seconds from 0.1 to 60"],
    ["top --theme pink", '--theme knows dark, light, colorblind, not "pink"'],
    ["top --memory 4", '--memory wants megabytes from 16 to 65536, not "4"'],
    ["top --filter x", "--filter is no option of top, but of events"],
    ["record f --from g", "--from is no option of record"],
    ["doctor --dot", "--dot is no option of doctor"],
    ["events --json=xml", '--json knows native, ocsf and ecs, not "xml"'],
    ["events --json=", "--json= lacks a form"],
    ["origin 1 --json=ocsf", '--json has the form "ocsf" only with events'],
    ["origin 1 --json --dot", "--json or --dot, not both"],
    ["events --seconds 0", "--seconds wants seconds above 0"],
    ["top --from=", "--from wants a file"],
    ["--no-such-thing", "--no-such-thing"],
  ])("%s", (line, message) => {
    expect(parse(line)).toMatchObject({ kind: "misuse", message: expect.stringContaining(message) });
  });
});
