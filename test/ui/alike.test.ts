import { expect, test } from "vitest";
import { graphFromText } from "../core/fixture.ts";
import type { Screen } from "./screen.tsx";
import { selectedRow, show, tell } from "./stories.ts";

const loop = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => `bash > date#${from + at}; date#${from + at} exits 0`).join("; ");

/** What the tree's rows below the shell tell of commands, from the top. */
const rowsOf = async (screen: Screen): Promise<string[]> =>
  (await screen.lines()).flatMap((line) => /[├└]─ (.*)/u.exec(line)?.[1]?.replace(/ {3,}.*/u, "") ?? []).slice(1);

test("the runs of a loop are one row with their number, which Right or Enter opens and Left folds", async () => {
  const screen = tell(`bash > vim; ${loop(12)}; bash > top`);
  expect(await rowsOf(screen)).toEqual(["vim", expect.stringMatching(/^date +×12 exited/u), "top"]);
  expect(await screen.text()).toMatch(/▸.* date +×12 exited.*exit 0/u);
  screen.press("/", "top", "\r", "k", "\x1b[C");
  expect((await rowsOf(screen)).filter((row) => row.startsWith("date"))).toHaveLength(13);
  expect(await selectedRow(screen)).toMatch(/▾.*×12 exited/u);
  screen.press("j", "j", "h");
  expect(await rowsOf(screen)).toHaveLength(3);
  expect(await selectedRow(screen)).toMatch(/▸.*×12 exited/u);
  screen.press("\r");
  expect(await rowsOf(screen)).toHaveLength(15);
  expect(await screen.text()).not.toMatch(/Process|argv/u);
});

test("the cursor stays on the row while the loop goes on", async () => {
  const told = graphFromText(`bash > vim; ${loop(5)}; bash > top`);
  const screen = show(told.monitor);
  screen.press("/", "top", "\r", "k");
  const before = (await screen.lines()).findIndex((line) => /×5 exited/u.test(line));
  expect(await selectedRow(screen)).toMatch(/×5 exited/u);
  told.go(loop(20, 5));
  screen.tick();
  expect(await selectedRow(screen)).toMatch(/×25 exited/u);
  expect((await screen.lines()).findIndex((line) => /×25 exited/u.test(line))).toBe(before);
});

test("two commands of a loop keep their places while now the one and now the other is forgotten first", async () => {
  const told = graphFromText("bash > vim");
  const screen = show(told.monitor);
  const orders = new Set<string>();
  for (let at = 0; at < 60; at++) {
    told.go(`bash > date#${at}; date#${at} exits 0; +1s; bash > sleep#${at}(1); sleep#${at} exits 0; +1s`);
    screen.tick();
    if (at > 3) orders.add((await rowsOf(screen)).map((row) => row.replace(/ +×.*/u, "")).join());
  }
  expect([...orders]).toEqual([expect.stringMatching(/^vim,(date,sleep 1|sleep 1,date)$/u)]);
});

test("what differs stands apart: another end, another command, two of a kind, what lives, what is suspicious", async () => {
  const screen = tell(
    `${loop(3)}; bash > date#8; date#8 exits 1; bash > id; id exits; bash > id#2; id#2 exits; bash > date#9`,
  );
  expect(await rowsOf(screen)).toEqual([expect.stringMatching(/^date +×3 exited/u), "date", "id", "id", "date"]);
});

test("many runs of one program with different arguments are one row too; the few somebody types stand for themselves", async () => {
  const typed = [1, 2, 3, 4, 5].map((at) => `bash > cp#${at}(/a/${at} /b); cp#${at} exits`).join("; ");
  const told = graphFromText(typed);
  const screen = show(told.monitor);
  expect(await rowsOf(screen)).toEqual([1, 2, 3, 4, 5].map((at) => `cp /a/${at} /b`));
  told.go("bash > cp#6(/a/6 /b); cp#6 exits");
  screen.tick();
  expect(await rowsOf(screen)).toEqual([expect.stringMatching(/^cp … +×6 exited/u)]);
  screen.press("G", "l");
  expect((await rowsOf(screen)).slice(1)).toEqual([1, 2, 3, 4, 5, 6].map((at) => `cp /a/${at} /b`));
});

test("runs with the same below them are one row too, and open into all of it", async () => {
  const runs = [1, 2, 3].map(
    (at) => `bash > sh#${at}(-c date); sh#${at} > date#${at}; date#${at} exits; sh#${at} exits`,
  );
  const screen = tell(runs.join("; "));
  expect(await rowsOf(screen)).toEqual([expect.stringMatching(/^sh -c date +×3 exited/u)]);
  screen.press("j", "j", "l");
  expect(await rowsOf(screen)).toHaveLength(7);
});

test("deep in the tree what ran is more than that it exited", async () => {
  const shells = Array.from({ length: 5 }, (_, at) => `sh#${at}`).join(" > ");
  const screen = tell(`${shells} > bash; ${loop(12)}`);
  expect(await screen.text()).toMatch(/▸.* date +×12 .*exit 0/u);
});

test("a search leads to one of them", async () => {
  const screen = tell(`${loop(6)}; bash > vim`);
  screen.press("/", "pid:104", "\r");
  expect(await selectedRow(screen)).toMatch(/ 104 .*date/u);
});
