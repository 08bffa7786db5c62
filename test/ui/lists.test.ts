import { describe, expect, test } from "vitest";
import { Monitor } from "../../src/core/monitor.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { graphFromText } from "../core/fixture.ts";
import { attack, crowd, selectedRow, show, tell } from "./stories.ts";

const CLIENTS = `
  bash > curl
  curl -> 198.51.100.9:443
  bash > wget
  wget -> 198.51.100.1:80
  bash > ssh
  ssh -> 198.51.100.5:22
`;

describe("sorting", () => {
  const remotes = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => /198\.51\.100\.\d/u.exec(line)?.[0] ?? "").filter((text) => text !== "");

  test("works on every list: by any of its columns, again inverts, the head shows it", async () => {
    const screen = tell(CLIENTS);
    screen.press("2", ".", "3", "\r");
    expect(remotes(await screen.lines())).toEqual(["198.51.100.1", "198.51.100.5", "198.51.100.9"]);
    expect(await screen.text()).toMatch(/REMOTE▴/u);
    screen.press("I");
    expect(remotes(await screen.lines())).toEqual(["198.51.100.9", "198.51.100.5", "198.51.100.1"]);
    expect(await screen.text()).toMatch(/REMOTE▾/u);
  });

  test("the selection stays on its row", async () => {
    const screen = tell(CLIENTS);
    screen.press("2", "j");
    const before = await selectedRow(screen);
    screen.press(".", "3", "\r");
    expect(await selectedRow(screen)).toBe(before);
  });
});

test("what a view leaves out is said: closed connections, exited processes, kernel threads", async () => {
  const screen = tell(CLIENTS);
  screen.press("2");
  expect(await screen.text()).toMatch(/closed: last 30 s/u);
  screen.press("X");
  expect(await screen.text()).toMatch(/closed: all/u);
  screen.press("1");
  expect(await screen.text()).not.toMatch(/closed:|exited hidden|kernel threads/u);
  screen.press("E", "K");
  expect(await screen.text()).toMatch(/kernel threads {2}exited hidden/u);
});

test("memory that was not sampled yet is no memory of 0", async () => {
  const screen = tell("bash > vim", { columns: 110 });
  expect(await screen.text()).toMatch(/RES[\s\S]*bash[\s\S]* 101 deploy +— .*vim/u);
});

describe("columns", () => {
  test("are turned on and off, and stay so at any width that has room", async () => {
    const screen = attack({ columns: 100 });
    expect(await screen.text()).not.toMatch(/PPID/u);
    screen.press("S", "\r", "j", " ", "\x1b");
    expect(await screen.text()).toMatch(/PID▴ +PPID +CPU%/u);
    expect(await screen.text()).toMatch(/ 104 +101 /u);
    screen.resize(50, 20);
    expect(await screen.text()).not.toMatch(/PPID/u);
  });

  test("of another list are its own", async () => {
    const screen = attack({ columns: 140 });
    screen.press("2", "\x1bOQ");
    expect(await screen.text()).toMatch(/\[x\] protocol/u);
    screen.press("\r", "\x1b");
    expect(await screen.text()).not.toMatch(/PROTO/u);
  });
});

describe("what processes do", () => {
  test("is shown beside them, in rows below them, or not at all", async () => {
    const screen = attack();
    screen.press("a");
    const lines = await screen.lines();
    const at = lines.findIndex((line) => / 104 .*\/tmp\/\.x/u.test(line));
    expect(lines[at + 1]).toMatch(/^ +├─ ⚙ \/tmp\/\.x/u);
    expect(lines[at + 2]).toMatch(/^ +└─ ⇒ 192\.0\.2\.77:4444/u);
    screen.press("a");
    expect(await screen.text()).not.toMatch(/⇒|ACTIVITY/u);
    expect(await screen.text()).toMatch(/curl .*exit 0/u);
    screen.press("a");
    expect(await screen.text()).toMatch(/ACTIVITY/u);
  });

  test("a row of it has its own origin", async () => {
    const screen = attack();
    screen.press("a", "G", "o");
    expect(await screen.text()).toMatch(/Origin of tcp .*192\.0\.2\.77:4444/u);
  });
});

describe("the connections of a process", () => {
  test("begin with where it listens, then those that are open, then those that are over", async () => {
    const screen = tell(`
      srv:2024 <- 203.0.113.1:1001
      srv:2024 <- 203.0.113.2:1002
      srv listens :2024
      srv:2024 <- 203.0.113.3:1003
      srv closes 203.0.113.3:1003
    `);
    screen.press("j", "C");
    const rows = (await screen.lines()).filter((line) => /:2024/u.test(line));
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/0\.0\.0\.0:2024/u);
    expect(rows[1]).toMatch(/203\.0\.113\.2/u);
    expect(rows[2]).toMatch(/203\.0\.113\.1/u);
    expect(rows[3]).toMatch(/203\.0\.113\.3.*closed/u);
  });

  test("tell the whole address somebody listens at", async () => {
    const told = graphFromText("srv listens :80");
    const at = (local: string, localPort: number): void =>
      told.story.emit((w) => w.sock(KIND.LISTEN, { ...told.story.head("srv"), sock: localPort, local, localPort }));
    at("::", 81);
    at("127.0.0.1", 82);
    told.go("");
    for (const columns of [80, 140]) {
      const screen = show(told.monitor, { columns });
      screen.press("j", "C");
      for (const address of ["0.0.0.0:80 ", "[::]:81 ", "127.0.0.1:82 "])
        expect(await screen.text()).toContain(address);
    }
  });
});

test("E hides who has exited, and shows it again", async () => {
  const screen = tell("bash > sleep > true; sleep exits 0");
  expect(await screen.text()).toMatch(/sleep .*exit 0/u);
  screen.press("E");
  expect(await screen.text()).not.toMatch(/sleep/u);
  expect(await screen.text()).toMatch(/└─ true/u);
  screen.press("E");
  expect(await screen.text()).toMatch(/sleep .*exit 0/u);
  screen.press("E", "/", "sleep", "\r");
  expect(await selectedRow(screen)).toMatch(/sleep/u);
});

test("u shows the processes of one user, and of all again", async () => {
  const screen = attack();
  screen.press("u");
  expect(await screen.text()).toMatch(/Only one user/u);
  screen.press("3", "\r");
  const user = /user:=(\w+)/u.exec(await screen.text())?.[1];
  expect(user).toBe("deploy");
  expect(await screen.text()).toMatch(/filter: user:=deploy/u);
  screen.press("u", "1", "\r");
  expect(await screen.text()).not.toMatch(/filter:/u);
});

describe("tags", () => {
  const machine = (): Monitor => {
    const monitor = new Monitor();
    crowd(monitor, 1000, 4);
    return monitor;
  };

  test("a signal goes to every tagged process, after all of them were named", async () => {
    const screen = show(machine());
    screen.press("j", " ", " ", "\x1b[20~", "\r");
    expect(await screen.text()).toMatch(/2 tagged/u);
    expect(await screen.text()).toMatch(/Send SIGTERM to 2 tagged processes\?/u);
    expect(await screen.text()).toMatch(/to process 1000 worker-1000/u);
    expect(await screen.text()).toMatch(/to process 1001 worker-1001/u);
    screen.press("y");
    expect(screen.signals).toEqual(["SIGTERM 1000", "SIGTERM 1001"]);
    expect(await screen.text()).toMatch(/sent SIGTERM to 2 processes/u);
  });

  test("c tags what is below too, U untags all", async () => {
    const screen = attack();
    screen.press("j", "j", "c");
    expect(await screen.text()).toMatch(/2 processes tagged/u);
    expect(await screen.text()).toMatch(/^•.* 104 /mu);
    screen.press("U");
    expect(await screen.text()).not.toMatch(/•/u);
  });

  test("of several, each failure is told", async () => {
    const screen = show(machine(), { signal: (pid) => (pid === 1001 ? "not permitted (EPERM)" : undefined) });
    screen.press("j", " ", " ", "\x1b[20~", "\r", "y");
    expect(await screen.text()).toMatch(
      /sent SIGTERM to 1000 \w+; could not send SIGTERM to 1001 \w+: not permitted \(EPERM\)/u,
    );
  });
});

describe("a nice value", () => {
  test("is chosen from the one it has, and set", async () => {
    const screen = attack();
    screen.press("G", "\x1b[19~", "j", "j", "\r");
    expect(screen.signals).toEqual(["nice 2 104"]);
    expect(await screen.text()).toMatch(/nice value 2 set for 104 \.x/u);
  });

  test("digits and a minus are the number, whatever row they would be", async () => {
    const screen = attack();
    screen.press("G", "r", "1", "0");
    expect(await screen.text()).toMatch(/> 10\b/u);
    expect(await screen.text()).toMatch(/Enter sets 10, now 0 /u);
    screen.press("\r", "r", "7", "\r", "r", "-", "5");
    expect(await screen.text()).toMatch(/Enter sets -5, now 0: more CPU, needs root/u);
    screen.press("\r");
    expect(screen.signals).toEqual(["nice 10 104", "nice 7 104", "nice -5 104"]);
  });

  test("a number that is no nice value is said to be none, and sets nothing", async () => {
    const screen = attack();
    screen.press("G", "r", "9", "9", "\r");
    expect(await screen.text()).toMatch(/99 is no nice value: -20 to 19/u);
    expect(screen.signals).toEqual([]);
    screen.press("\x7f", "\r");
    expect(screen.signals).toEqual(["nice 9 104"]);
  });

  test("a refusal is told, and --read-only sets none", async () => {
    const refused = attack({ renice: () => "not permitted (EPERM)" });
    refused.press("G", "r", "k", "\r");
    expect(await refused.text()).toMatch(/could not set nice value -1 for 104 \.x: not permitted \(EPERM\)/u);
    const readOnly = attack({ readOnly: true });
    readOnly.press("G", "r");
    expect(await readOnly.text()).toMatch(/--read-only/u);
    expect(readOnly.signals).toEqual([]);
  });
});

describe("the palette", () => {
  test("finds a command by its words and does it", async () => {
    const screen = attack();
    screen.press(":", "listening");
    expect(await screen.text()).toMatch(/show-listen +6 +listening ports/u);
    screen.press("\r");
    expect(await screen.text()).toMatch(/ADDRESS/u);
  });

  test("Tab completes, and what there is not is said", async () => {
    const screen = attack();
    screen.press(":", "renic", "\t");
    expect(await screen.text()).toMatch(/: renice/u);
    screen.press("zzz");
    expect(await screen.text()).toMatch(/no such command here/u);
  });
});

test("w shows a command line whole, however long", async () => {
  const monitor = new Monitor();
  const argv = ["java", ...Array.from({ length: 60 }, (_, at) => `-Doption.number${at}=value`), "Main"];
  crowd(monitor, 1000, 1, () => argv);
  const screen = show(monitor, { columns: 80, rows: 24 });
  screen.press("G", "w");
  expect(await screen.text()).toMatch(/-Doption\.number3=value/u);
  screen.press("\x1b[6~", "\x1b[6~");
  expect(await screen.text()).toMatch(/Main/u);
  expect(await screen.text()).toMatch(/executable: \/usr\/bin\/worker/u);
});

describe("alike connections", () => {
  const POOL = `
    init > app
    ${Array.from({ length: 12 }, () => "app -> 198.51.100.7:5432").join("\n")}
    app -> 192.0.2.1:443
  `;

  test("of one process to one server are one row with their number; right shows them, left folds them", async () => {
    const screen = tell(POOL, { columns: 110 });
    screen.press("2");
    const rows = async (): Promise<number> =>
      (await screen.lines()).filter((line) => line.includes("198.51.100.7:5432")).length;
    expect(await rows()).toBe(1);
    expect(await screen.text()).toMatch(/▸×12 .*198\.51\.100\.7:5432/u);
    screen.press("j", "l");
    expect(await rows()).toBe(13);
    screen.press("j", "j", "h");
    expect(await rows()).toBe(1);
    expect(await selectedRow(screen)).toMatch(/▸×12/u);
  });

  test("one that an origin leads to is shown, also when it was folded", async () => {
    const screen = tell(POOL, { columns: 110 });
    screen.press("/", "198.51.100.7:5432", "\x0f");
    expect(await screen.text()).toMatch(/Origin of tcp .*198\.51\.100\.7:5432/u);
    screen.press("G", "\r");
    expect(await selectedRow(screen)).toMatch(/198\.51\.100\.7:5432/u);
    expect(await screen.text()).toMatch(/▾×12/u);
  });
});

test("more files than a list or a search looks through are said, and a filter finds what the list leaves out", async () => {
  const count = 10_050;
  const writes = Array.from({ length: count }, (_, at) => `bash writes /srv/made-${at}.`).join("\n");
  const screen = tell(writes, { columns: 120, rows: 40 });
  screen.press("3");
  expect(await screen.text()).toMatch(/8\.1k older left out/u);
  expect(await screen.text()).toMatch(/1\/2000/u);
  screen.press("\\", "made-77.", "\r");
  const found = await screen.text();
  expect(found).toMatch(/\/srv\/made-77\. /u);
  expect(found).not.toMatch(/left out/u);
  screen.press("\x1b", "/", "made-9.");
  expect(await screen.text()).toMatch(/of 10\d+ \(similar\), not in 5\d older files/u);
  screen.press("\x1b", "1", "G", "\r");
  expect(await screen.text()).toMatch(/files 2000 and 8\.1k older/u);
  expect(await screen.text()).toMatch(/timeline 400 and 9\.7k older/u);
});

test("each thing that was done to one file has a row of its own in the details, which the cursor goes through", async () => {
  const told = graphFromText("bash writes /tmp/x");
  const head = told.story.head("bash");
  told.story.emit((writer) => writer.path(KIND.RENAME, { ...head, from: "/tmp/x", to: "/tmp/y" }));
  told.story.emit((writer) => writer.path(KIND.UNLINK, { ...head, from: "/tmp/y" }));
  told.go("");
  const screen = show(told.monitor, { columns: 80, rows: 30 });
  screen.press("G", "\r");
  const seen = new Set<string>();
  for (let step = 0; step < 6; step++) {
    seen.add((await selectedRow(screen)).trim());
    screen.press("j");
  }
  expect([...seen].map((row) => /^(\w+) .*\/tmp\/[xy]/u.exec(row)?.[1]).filter(Boolean)).toEqual([
    "delete",
    "rename",
    "create",
  ]);
});
