import { describe, expect, test } from "vitest";
import { files } from "../../../src/core/query/files.ts";
import { processDetail } from "../../../src/core/query/process-detail.ts";
import { processRow } from "../../../src/core/query/process-row.ts";
import { searchEntries } from "../../../src/core/query/search.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { graphFromText, type Told } from "../fixture.ts";

const chips = (told: Told, name: string): readonly string[] =>
  processRow(told.monitor, told.process(name))?.activity.map(
    (chip) => `${chip.kind} ${chip.text}${chip.count > 1 ? ` x${chip.count}` : ""}`,
  ) ?? [];

describe("activity", () => {
  test("shows ports, connections in both directions and recent writes", () => {
    const told = graphFromText(
      "srv listens :80; srv:80 <- 9.9.9.9:5000; srv -> 8.8.8.8:443; srv writes /var/log/x; srv reads /etc/hosts",
    );
    expect(chips(told, "srv")).toEqual([
      "listen :80",
      "accepted 9.9.9.9:5000",
      "connected 8.8.8.8:443",
      "write /var/log/x",
    ]);
  });

  test("forgets a write after a minute and a connection with its end", () => {
    const told = graphFromText("srv -> 8.8.8.8:443; srv writes /x; srv closes 8.8.8.8:443");
    expect(chips(told, "srv")).toEqual(["write /x"]);
    told.go("+61s; srv reads /y");
    expect(chips(told, "srv")).toEqual([]);
    told.go("srv writes /x");
    expect(chips(told, "srv")).toEqual(["write /x x2"]);
  });

  test("folds connections to one remote, and many clients into their port", () => {
    const told = graphFromText("app listens :1; srv listens :80");
    for (let i = 0; i < 5; i++) told.go(`srv:80 <- 9.9.9.${i}:500${i}`);
    expect(chips(told, "srv")).toEqual(["listen :80", "accepted :80 x5"]);
    told.go("app -> 8.8.8.8:53; app -> 8.8.8.8:53; app -> 8.8.8.8:53");
    expect(chips(told, "app")).toEqual(["listen :1", "connected 8.8.8.8:53 x3"]);
  });

  test("marks the execution of a file its own chain wrote", () => {
    const told = graphFromText("bash > ld; ld writes /home/u/a.out; bash > /home/u/a.out; bash > ls");
    expect(chips(told, "a.out")).toEqual(["execute-written /home/u/a.out"]);
    expect(chips(told, "ls")).toEqual([]);
  });

  test("shows what was made executable, and what was deleted", () => {
    const told = graphFromText("bash > rm; bash chmods /tmp/x; rm writes /tmp/y");
    told.story.emit((w) => w.path(KIND.UNLINK, { ...told.story.head("rm"), from: "y", fromDir: "/tmp" }));
    told.go("");
    expect(chips(told, "bash")).toEqual(["write /tmp/x +x"]);
    expect(chips(told, "rm")).toEqual(["delete /tmp/y", "write /tmp/y"]);
  });
});

describe("files", () => {
  test("tell who did what, the last first, each once with its count", () => {
    const told = graphFromText(
      "vi writes /etc/hosts; cat reads /etc/hosts; cat reads /etc/hosts; cat reads /etc/passwd; vi writes /etc/hosts",
    );
    const { rows } = files(told.monitor, { file: told.file("/etc/hosts") });
    expect(rows.map((row) => [row.operation, row.count, row.process])).toEqual([
      ["create", 2, told.process("vi")],
      ["read", 2, told.process("cat")],
    ]);
    expect(files(told.monitor, { path: "passwd" }).rows).toHaveLength(1);
    expect(files(told.monitor, {}).rows.map((row) => row.operation)).toEqual(["create"]);
    expect(files(told.monitor, { process: told.process("cat") }).rows.map((row) => row.path)).toContain("/etc/passwd");
  });

  test("keep their name through a rename, and are found by it", () => {
    const told = graphFromText("curl writes /tmp/x.part");
    told.story.emit((w) =>
      w.path(KIND.RENAME, { ...told.story.head("curl"), from: "/tmp/x.part", to: "x", toDir: "/tmp" }),
    );
    told.go("");
    expect(files(told.monitor, { path: "/tmp/x" }).rows.map((row) => [row.operation, row.path])).toEqual([
      ["rename", "/tmp/x"],
      ["create", "/tmp/x"],
    ]);
  });

  test("do not list terminals and /dev/null", () => {
    const told = graphFromText("bash listens :1");
    const mode = 0o020666;
    told.story.emit((w) => w.open({ ...told.story.head("bash"), path: "/dev/null", dev: 5, ino: 3, open: 4, mode }));
    told.go("");
    expect(files(told.monitor, { process: told.process("bash") }).rows.map((row) => row.path)).not.toContain(
      "/dev/null",
    );
  });
});

test("the detail of a process holds its life in order", () => {
  const told = graphFromText(
    "sshd > bash > curl(-s x); curl -> 1.2.3.4:443; curl writes /tmp/x; curl closes 1.2.3.4:443; curl exits 3",
  );
  const detail = processDetail(told.monitor, told.process("curl"));
  expect(detail?.timeline.map((entry) => entry.text)).toEqual([
    "forked by 101 bash",
    "executed curl -s x",
    "connected to 1.2.3.4:443",
    "created /tmp/x",
    "closed 1.2.3.4:443",
    "exited with 3",
  ]);
  expect(detail?.ancestors.map((row) => row.command)).toEqual(["[init]", "sshd", "bash"]);
  expect(detail?.images.at(-1)).toMatchObject({
    path: "/usr/bin/curl",
    argv: ["curl", "-s", "x"],
    certainty: "observed",
  });
});

test("a search looks through processes living and gone, connections, files and findings", () => {
  const told = graphFromText(
    "nginx listens :80; nginx:80 <- 9.9.9.9:5000; nginx > sh(-c id); sh exits; nginx writes /var/log/n",
  );
  const found = (word: string): readonly string[] =>
    searchEntries(told.monitor)
      .entries.filter((entry) => entry.haystack.includes(word))
      .map((entry) => `${entry.subject.kind} ${entry.text} ${entry.live ? "" : "gone"}`.trim());
  expect(found("-c id")).toEqual(["process 101 sh -c id gone"]);
  expect(found("9.9.9.9")).toContain("connection tcp 9.9.9.9:5000 -> 10.0.0.4:80");
  expect(found("/var/log/n")).toEqual(["file /var/log/n"]);
  expect(found("t1059.004")).toEqual([expect.stringMatching(/^finding Shell below a network server/)]);
});
