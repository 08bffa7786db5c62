import { describe, expect, test } from "vitest";
import { Monitor } from "../../src/core/monitor.ts";
import { attack, crowd, selectedRow, show } from "./stories.ts";

describe("Esc goes back to where one was", () => {
  test("after a jump from the search: view, filter and cursor", async () => {
    const screen = attack();
    screen.press("2", "\\", "203.0.113", "\r", "j");
    const before = await screen.lines();
    screen.press("/", "pid:104", "\r");
    expect(await selectedRow(screen)).toMatch(/ 104 .*\/tmp\/\.x/u);
    screen.press("\x1b");
    expect((await screen.lines()).slice(1)).toEqual(before.slice(1));
  });

  test("after a jump within the tree: the row that was selected, and what was collapsed", async () => {
    const screen = attack();
    screen.press("j", "j", "h", "k");
    const before = await screen.lines();
    screen.press("/", "pid:104", "\r");
    expect(await selectedRow(screen)).toMatch(/ 104 /u);
    screen.press("\x1b");
    expect((await screen.lines()).slice(1)).toEqual(before.slice(1));
  });

  test("from the tree to an origin, to a row of it, and step by step back", async () => {
    const screen = attack();
    screen.press("G", "o");
    const origin = (await screen.lines()).slice(1);
    screen.press("j", "\r");
    expect(await selectedRow(screen)).toMatch(/ 100 .*sshd/u);
    screen.press("\x1b");
    screen.press("k");
    expect((await screen.lines()).slice(1)).toEqual(origin);
    screen.press("\x1b");
    expect(await selectedRow(screen)).toMatch(/ 104 .*\/tmp\/\.x/u);
  });

  test("a view opened by its number from within is left to where one was", async () => {
    const screen = attack();
    screen.press("G", "\r", "2");
    expect(await screen.text()).toMatch(/REMOTE/u);
    screen.press("\x1b");
    expect(await screen.text()).toMatch(/ 104 \.x/u);
  });

  test("from view to view there is no history: Esc shows the tree", async () => {
    const screen = attack();
    screen.press("2", "3", "6", "\x1b");
    expect(await screen.text()).toMatch(/COMMAND/u);
  });
});

describe("a key is never silent", () => {
  test("one that means nothing says so", async () => {
    const screen = attack();
    screen.press("%");
    expect(await screen.text()).toMatch(/% is no key here; \? shows the keys/u);
    screen.press("j");
    expect(await screen.text()).not.toMatch(/no key here/u);
  });

  test("one of another view says where it works", async () => {
    const screen = attack();
    screen.press("4", "z");
    expect(await screen.text()).toMatch(/z \(only it and below\) works in: tree/u);
  });

  test("one that has nothing to do on this row says so", async () => {
    const screen = attack();
    screen.press("G", "l");
    expect(await screen.text()).toMatch(/l \(unfold; next pane\): nothing to do for this row/u);
  });
});

describe("the help", () => {
  test("shows the keys of the view it was opened from, and the signs", async () => {
    const screen = attack({ columns: 140, rows: 45 });
    screen.press("?");
    expect(await screen.text()).toMatch(/Keys for: tree/u);
    expect(await screen.text()).toMatch(/t F5 +tree or flat list/u);
    expect(await screen.text()).toMatch(/△ +something below is suspicious/u);
    screen.press("\x1b", "6", "?");
    expect(await screen.text()).toMatch(/Keys for: listen/u);
    expect(await screen.text()).not.toMatch(/tree or flat list/u);
  });

  test("at 80x24 nothing of it is cut, and a page follows", async () => {
    const screen = attack({ columns: 80, rows: 24 });
    screen.press("?");
    const first = await screen.text();
    expect(first).toMatch(/page 1 of 2/u);
    expect(first).not.toMatch(/…/u);
    screen.press("\x1b[6~");
    const second = await screen.text();
    expect(second).toMatch(/page 2 of 2/u);
    expect(second).toMatch(/file deleted/u);
    expect(second).not.toMatch(/…/u);
  });
});

test("every view has its number, and the numbers follow each other", async () => {
  const screen = attack();
  const tabs = (await screen.lines())[1] ?? "";
  expect([...tabs.matchAll(/ (\d) [A-Z]/gu)].map((match) => match[1])).toEqual(["1", "2", "3", "4", "5", "6"]);
});

test("help and quit are in the last line of the narrowest terminal", async () => {
  const screen = attack({ columns: 40, rows: 10 });
  expect((await screen.lines()).at(-1)).toMatch(/\? help.* q quit/u);
});

describe("containers", () => {
  const cgroups = {
    "/docker/aaa": { kind: "container", id: "aaa0", name: "web", image: "nginx:1.27" },
    "/system.slice/cron.service": { kind: "unit", id: "cron.service", name: "cron.service" },
  } as const;
  const machine = (): Monitor => {
    const monitor = new Monitor();
    crowd(monitor, 1000, 3, undefined, "/docker/aaa");
    crowd(monitor, 2000, 1, (pid) => [`cron-${pid}`], "/system.slice/cron.service");
    crowd(monitor, 3000, 1, undefined, "/odd");
    return monitor;
  };

  test("are shown with their image and how many processes they have; units and the rest below them", async () => {
    const screen = show(machine(), { cgroups, columns: 140 });
    screen.press("5");
    const rows = (await screen.lines()).filter((line) => /container|unit|cgroup/u.test(line));
    expect(rows[0]).toMatch(/container +web +nginx:1\.27 +3 /u);
    expect(rows[1]).toMatch(/unit +cron\.service +1 /u);
    expect(rows.at(-1)).toMatch(/cgroup +\/odd +1 /u);
  });

  test("Enter shows the processes of one in the tree, Esc goes back to it", async () => {
    const screen = show(machine(), { cgroups });
    screen.press("5", "j", "\r");
    expect(await screen.text()).toMatch(/cron-2000/u);
    expect(await screen.text()).not.toMatch(/worker-1000/u);
    screen.press("\x1b");
    expect(await selectedRow(screen)).toMatch(/cron\.service/u);
  });
});
