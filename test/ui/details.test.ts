import { describe, expect, test } from "vitest";
import { graphFromText } from "../core/fixture.ts";
import { attack, selectedRow, show, tell } from "./stories.ts";

/** A story with a shell that did more than fits into a pane. */
const BUSY = `
  sshd listens :22
  sshd:22 <- 203.0.113.9:51022
  sshd > bash
  ${Array.from({ length: 60 }, (_, at) => `bash writes /var/log/file-${at}`).join("\n")}
  bash -> 198.51.100.7:443
  bash > worker
`;

describe("the details of a process", () => {
  test("stand beside each other on a wide terminal: connections, files, relatives, timeline", async () => {
    const screen = tell(BUSY, { columns: 140, rows: 45 });
    screen.press("/", "pid:101", "\r", "\r");
    const text = await screen.text();
    expect(text).toMatch(/┌─ connections 1 ─+┐┌─ files \d+ ─+ 1-\d+ ─┐/u);
    expect(text).toMatch(/┌─ ancestors 2 ─+┐┌─ children 1 ─+┐/u);
    expect(text).toMatch(/┌─ timeline \d+ ─/u);
    expect(text).toMatch(/│ ⇒ tcp .* → 198\.51\.100\.7:443/u);
  });

  test("a pane scrolls on its own; right goes to the next one", async () => {
    const screen = tell(BUSY, { columns: 140, rows: 45 });
    screen.press("/", "pid:101", "\r", "\r", "l");
    expect(
      await screen.background(
        75,
        (await screen.lines()).findIndex((line) => /file-59/u.test(line)),
      ),
    ).toBe(0x264f78);
    screen.press("j".repeat(40));
    const text = await screen.text();
    expect(text).toMatch(/file-19 /u);
    expect(text).toMatch(/198\.51\.100\.7:443/u);
    screen.press("l");
    expect(await screen.text()).toMatch(/┌─ ancestors 2/u);
  });

  test("stand below each other at 80 columns, and scroll to the last", async () => {
    const screen = attack({ columns: 80, rows: 24 });
    screen.press("G", "\r");
    expect(await screen.text()).toMatch(/^ findings 2$/mu);
    screen.press("G");
    expect(await screen.text()).toMatch(/connected to 192\.0\.2\.77:4444/u);
    screen.press("h");
    expect(await selectedRow(screen)).toMatch(/timeline/u);
  });

  test("Enter on a relative shows its details, Esc comes back to the row", async () => {
    const screen = attack({ columns: 140, rows: 45 });
    screen.press("G", "\r", "l", "l", "l", "\r");
    expect(await screen.text()).toMatch(/^ 1 init/mu);
    screen.press("\x1b");
    expect(await screen.text()).toMatch(/^ 104 \.x/mu);
  });
});

describe("narrow terminals", () => {
  test("who listens is told by its address, where there is no column for it", async () => {
    const screen = tell("sshd listens :22; bash > curl; curl -> 198.51.100.9:443", { columns: 60, rows: 15 });
    screen.press("2");
    const text = await screen.text();
    expect(text).toMatch(/⇐ +0\.0\.0\.0:22 +\d+ sshd/u);
    expect(text).toMatch(/⇒ +198\.51\.100\.9:443 +\d+ curl/u);
  });

  test.each([
    [40, 10],
    [40, 8],
    [59, 16],
  ])("%ix%i shows PID, command and what it does most, and every view fits", async (columns, rows) => {
    const screen = attack({ columns, rows });
    expect(await screen.text()).toMatch(/ 100 .*sshd/u);
    for (const key of ["2", "3", "4", "5", "6", "?", "1", "\r", "o", ":", "\x1b", ".", "\x1b", "S", "\x1b"]) {
      screen.press(key);
      const lines = await screen.lines();
      expect(lines, key).toHaveLength(rows);
      for (const line of lines) expect(line.length, `${key}: ${line}`).toBeLessThanOrEqual(columns);
    }
  });
});

test("a file and a port are found by whom they belong to in two keys and its name", async () => {
  const { monitor } = graphFromText("init > postgres; postgres listens :5432; postgres writes /var/lib/pg/wal");
  const screen = show(monitor);
  screen.press("6");
  expect((await screen.lines()).find((line) => line.includes(":5432"))).toMatch(/\d+ postgres/u);
  screen.press("/", ":5432", "\r");
  expect(await selectedRow(screen)).toMatch(/postgres/u);
});
