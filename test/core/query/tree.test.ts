import { describe, expect, test } from "vitest";
import { tree } from "../../../src/core/query/tree.ts";
import { FLAG, IMAGE_FLAG, KIND, MARK_WHAT } from "../../../src/core/wire/layout.gen.ts";
import { by, draw, emptyMonitor, feed, graphFromText, TREE } from "../fixture.ts";

const S = 1e9;

describe("the tree", () => {
  test("keeps exited processes for a while, then hangs what they leave under the ancestor that is left", () => {
    const { monitor, go } = graphFromText("bash > make > cc; make exits 2");
    expect(draw(monitor)).toBe("[init]\n  bash\n    make +\n      cc");
    go("+20s; bash listens :1");
    expect(draw(monitor)).toBe("[init]\n  bash\n    cc");
    expect(draw(monitor, { lingerNs: 60 * S })).toContain("make +");
  });

  test("shows matches with their ancestors as context", () => {
    const { monitor, process } = graphFromText("sshd > bash > curl; bash > vi; cron > sh");
    const view = tree(monitor, { ...TREE, nowNs: monitor.nowNs, matches: new Set([process("curl")]) });
    expect(view.rows.map((row) => [row.command, row.context])).toEqual([
      ["[init]", true],
      ["sshd", true],
      ["bash", true],
      ["curl", false],
    ]);
    const flat = tree(monitor, { ...TREE, layout: "flat", nowNs: monitor.nowNs, matches: new Set([process("curl")]) });
    expect(flat.rows.map((row) => row.command)).toEqual(["curl"]);
  });

  test("counts what a collapsed row hides", () => {
    const { monitor, process } = graphFromText("sshd > bash > make > cc; make > ld; bash > vi");
    const view = tree(monitor, { ...TREE, nowNs: monitor.nowNs, collapsed: new Set([process("bash")]) });
    expect(view.rows.map((row) => [row.command, row.children, row.collapsed, row.hidden])).toEqual([
      ["[init]", 1, false, 0],
      ["sshd", 1, false, 0],
      ["bash", 2, true, 4],
    ]);
    expect([view.processes, view.exited]).toEqual([7, 0]);
  });

  test("draws lines where a level goes on", () => {
    const { monitor } = graphFromText("a > b > c; a > d");
    const view = tree(monitor, { ...TREE, nowNs: monitor.nowNs });
    expect(view.rows.map((row) => [row.command, row.depth, row.lastChild, row.guides.join()])).toEqual([
      ["[init]", 0, true, ""],
      ["a", 1, true, "false"],
      ["b", 2, false, "false,false"],
      ["c", 3, true, "false,false,true"],
      ["d", 2, true, "false,false"],
    ]);
  });

  test("hides kernel threads unless asked", () => {
    const { monitor, writer } = emptyMonitor();
    feed(monitor, writer, S, (w) => {
      const flags = FLAG.BEFORE_START;
      w.image({ ...by(2, 0, -9e9), flags, comm: "kthreadd", image: IMAGE_FLAG.KTHREAD }, KIND.PROCESS);
      w.image({ ...by(3, 0, -8e9), flags, exe: "/bin/sh", argv: ["sh"] }, KIND.PROCESS);
    });
    expect(draw(monitor)).toBe("sh");
    expect(draw(monitor, { showKernelThreads: true })).toBe("[kthreadd]\nsh");
  });
});

describe("order", () => {
  const story = "a > b; a > c; a > d";
  const tick = (told: ReturnType<typeof graphFromText>, atS: number, cpu: Readonly<Record<string, number>>): void => {
    for (const [name, ms] of Object.entries(cpu)) {
      told.story.emit((w) =>
        w.tick({
          ...told.story.head(name),
          timeNs: Number(told.story.head(name).timeNs) + atS * S,
          cpuNs: ms * 1e6,
          rssBytes: ms,
        }),
      );
    }
    told.story.emit((w) =>
      w.mark({ ...told.story.head("a"), timeNs: Number(told.story.head("a").timeNs) + atS * S, what: MARK_WHAT.TICK }),
    );
    told.go("");
  };

  test("sorts siblings in the tree and all rows in the list, with ties by age", () => {
    const told = graphFromText(story);
    const { monitor } = told;
    tick(told, 1, { a: 10, b: 10, c: 10, d: 10 });
    tick(told, 2, { a: 10, b: 60, c: 910, d: 60 });
    expect(draw(monitor, { sort: "cpu", descending: true })).toBe("[init]\n  a\n    c\n    b\n    d");
    expect(draw(monitor, { sort: "cpu", descending: true, layout: "flat" }).split("\n").slice(0, 3)).toEqual([
      "c",
      "b",
      "d",
    ]);
    expect(draw(monitor, { sort: "command", layout: "flat" })).toBe("[init]\na\nb\nc\nd");
    expect(draw(monitor, { sort: "command", layout: "flat", descending: true })).toBe("d\nc\nb\na\n[init]");
    expect(draw(monitor, { sort: "age", layout: "flat", descending: true }).split("\n").slice(-2)).toEqual(["c", "d"]);
  });

  test("by pid does not move rows when usage changes", () => {
    const told = graphFromText(story);
    const before = draw(told.monitor);
    tick(told, 1, { b: 500, d: 900 });
    expect(draw(told.monitor)).toBe(before);
  });
});

describe("cpu share", () => {
  const percent = (told: ReturnType<typeof graphFromText>, name: string): number | undefined =>
    tree(told.monitor, { ...TREE, nowNs: told.monitor.nowNs }).rows.find((row) => row.command === name)?.cpuPercent;
  const refresh = (told: ReturnType<typeof graphFromText>, cpuMs: number | undefined): void => {
    const { story } = told;
    story.tell("+0.8s");
    if (cpuMs !== undefined) story.emit((w) => w.tick({ ...story.head("a"), cpuNs: cpuMs * 1e6 }));
    story.tell("+0s");
    story.emit((w) => w.mark({ ...story.head("a"), what: MARK_WHAT.TICK }));
    told.go("");
  };

  test("is unknown before the second refresh, then the share of one core over the interval", () => {
    const told = graphFromText("a listens :1");
    refresh(told, 5000);
    expect(percent(told, "a")).toBeUndefined();
    refresh(told, 5500);
    expect(percent(told, "a")).toBeCloseTo(50, 5);
  });

  test("falls to nothing when the process has no row any more, and starts at the last refresh when it has one again", () => {
    const told = graphFromText("a listens :1");
    for (const cpu of [1000, 1100, undefined, undefined]) refresh(told, cpu);
    expect(percent(told, "a")).toBe(0);
    refresh(told, 1600);
    // 0.5 s of work in the second since the last refresh, not over the three seconds since the last row.
    expect(percent(told, "a")).toBeCloseTo(50, 0);
  });
});

test("a tree may be deeper than the stack: whoever forks a child and waits, again and again, breaks nothing", () => {
  const depth = 40_000;
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, depth, (w) => {
    w.image({ ...by(1, 0, -1e9), exe: "/bin/x", argv: ["x"] }, KIND.PROCESS);
    for (let pid = 1; pid < depth; pid++)
      w.fork({
        ...by(pid, pid, pid === 1 ? -1e9 : pid),
        childPid: pid + 1,
        childStartNs: by(pid + 1, 0, pid + 1).startNs,
      });
  });
  const view = tree(monitor, { ...TREE, nowNs: monitor.nowNs });
  expect(view.ids).toHaveLength(depth);
  expect(view.depths.at(-1)).toBe(depth - 1);
  const row = view.row(depth - 1);
  expect([row?.pid, row?.depth, row?.guides.length]).toEqual([depth, depth - 1, 256]);
});
