import { describe, expect, test } from "vitest";
import { Monitor } from "../../src/core/monitor.ts";
import { textWidth } from "../../src/ui/text/width.ts";
import { attack, crowd, selectedRow, show, tell } from "./stories.ts";

describe.each([
  [80, 24],
  [140, 45],
])("at %ix%i", (columns, rows) => {
  test("the tree shows who started whom, what they do, and what is suspicious", async () => {
    const screen = attack({ columns, rows });
    const text = await screen.text();
    expect(text).toMatch(/LIVE/u);
    expect(text).toMatch(/lost 0/u);
    expect(text).toMatch(/sshd +⇐ :22/u);
    expect(text).toMatch(/△ +101 deploy .*└─ bash/u);
    expect(text).toMatch(
      /▲ +104 deploy .*└─ \/tmp\/\.x .*⇒ 192\.0\.2\.77:4444|▲ +104 deploy .*\/tmp\/\.x +⚙ \/tmp\/\.x \+1/u,
    );
    expect(text).toMatch(/curl.*exit 0/u);
  });

  test("every line fits, and the frame has exactly the terminal's size", async () => {
    const screen = attack({ columns, rows });
    for (const keys of ["", "\r", "o", "2", "3", "4", "5", "6", "?", "\x1b", "1", "/", "\x1b", ".", "\x1b"]) {
      screen.press(keys);
      const lines = await screen.lines();
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines[0], keys).toMatch(/LIVE/u);
      expect(lines.at(-1), keys).toMatch(/help/u);
    }
  });

  test("the reason is said in words when the row is selected", async () => {
    const screen = attack({ columns, rows });
    screen.press("G");
    expect((await screen.lines()).slice(-3).join("\n")).toMatch(
      /▲ Download then execute: 104 \.x executed \/tmp\/\.x/u,
    );
  });

  test("o tells how it came to be, from the login to the row", async () => {
    const screen = attack({ columns, rows });
    screen.press("G", "o");
    const lines = await screen.lines();
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    expect(at("Origin of 104 /tmp/.x")).toBeGreaterThan(0);
    expect(at("203.0.113.9:51022")).toBeLessThan(at("100 sshd"));
    expect(at("100 sshd")).toBeLessThan(at("102 curl -s"));
    expect(at("102 curl -s")).toBeLessThan(at("THIS"));
    expect(lines.join("\n")).toMatch(/evidence: 6 of 6 links observed, no gaps/u);
  });

  test("O tells what a row led to, below it and in the order of time", async () => {
    const screen = attack({ columns, rows });
    screen.press("j", "O");
    const lines = await screen.lines();
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    expect(at("Impact of 100 sshd"), lines.join("\n")).toBeGreaterThan(0);
    expect(at("Led to ")).toBe(at("Impact of 100 sshd") + 1);
    expect(at("102 curl -s")).toBeLessThan(at("104 /tmp/.x"));
    screen.press("\x1b");
    expect(await screen.text()).not.toContain("Impact of");
  });
});

test("a summary longer than its two lines says that it goes on", async () => {
  const names = ["a", "b", "c"].map((name) => `/srv/${name.repeat(50)}`);
  const screen = tell(["bash > sh", ...names.map((name) => `sh writes ${name}`)].join("; "), { columns: 100 });
  screen.press("G", "O");
  const lines = await screen.lines();
  const at = lines.findIndex((line) => line.includes("Led to "));
  expect(lines[at + 1]).toMatch(/c…$/u);
});

describe("moving", () => {
  test("a typed burst moves as often as it was typed", async () => {
    const screen = attack();
    screen.press("jj");
    expect(await selectedRow(screen)).toMatch(/ 101 /u);
  });

  test("the selection stays on its process and its line while others come and go", async () => {
    const monitor = new Monitor();
    crowd(monitor, 1000, 60);
    const screen = show(monitor);
    screen.press("j".repeat(30));
    const before = await selectedRow(screen);
    const line = (await screen.lines()).indexOf(before);
    crowd(monitor, 500, 10);
    screen.tick();
    const after = await selectedRow(screen);
    expect(/ (1\d\d\d) /u.exec(after)?.[1]).toBe(/ (1\d\d\d) /u.exec(before)?.[1]);
    expect((await screen.lines()).indexOf(after)).toBe(line);
  });

  test("collapse hides what is below, and says how much", async () => {
    const screen = attack();
    screen.press("j", "j", "h");
    expect(await screen.text()).toMatch(/△ +101 .*bash +\(3 below\)/u);
    expect(await screen.text()).not.toMatch(/chmod/u);
    screen.press("l");
    expect(await screen.text()).toMatch(/chmod/u);
  });

  test("z shows one process and what is below it, Esc everything", async () => {
    const screen = attack();
    screen.press("j", "j", "z");
    expect(await screen.text()).toMatch(/101 deploy .* bash/u);
    expect(await screen.text()).toMatch(/104 deploy .*└─ \/tmp\/\.x/u);
    expect(await screen.text()).not.toMatch(/100 root/u);
    screen.press("\x1b");
    expect(await screen.text()).toMatch(/100 root/u);
  });

  test("sort keys order the list, again inverts", async () => {
    const monitor = new Monitor();
    crowd(monitor, 1000, 5);
    const screen = show(monitor);
    screen.press("t", "N");
    const pids = (await screen.lines()).map((line) => /^ .? +(\d{3,}) /u.exec(line)?.[1]).filter(Boolean);
    expect(pids).toEqual(["1004", "1003", "1002", "1001", "1000", ...pids.slice(5)]);
    expect(await screen.text()).toMatch(/PID▾/u);
  });
});

describe("searching", () => {
  test("finds processes, connections and files, and Enter shows the process in the tree", async () => {
    const screen = attack();
    screen.press("/", "192.0.2");
    expect(await screen.text()).toMatch(/conn +tcp 10\.0\.0\.4:\d+ -> 192\.0\.2\.77:4444/u);
    screen.press("\r");
    expect(await screen.text()).not.toMatch(/Search/u);
    expect(await selectedRow(screen)).toMatch(/ 104 /u);
  });

  test("forgives a typing error", async () => {
    const screen = attack();
    screen.press("/", "chmdo");
    expect(await screen.text()).toMatch(/proc +103 chmod/u);
    expect(await screen.text()).toMatch(/similar/u);
  });

  test("a typing error in a name finds processes before paths, living before exited", async () => {
    const screen = tell(
      "bash > tool; tool reads /usr/lib/locale/python/LC_TELEPHONE; bash > python3(a.py); bash > python3#2(b.py); python3 exits",
    );
    screen.press("/", "pyhton");
    const hits = (await screen.lines()).filter((line) => /^ *.? *(?:proc|file|conn|alert) /u.test(line));
    expect(hits[0]).toMatch(/proc .*b\.py/u);
    expect(hits[1]).toMatch(/proc .*a\.py/u);
  });

  test.each([":8765", "8765", "port:8765"])(
    "a port (%s) finds who listens, then connections, then processes",
    async (port) => {
      const screen = tell(
        "bash > server(--port=8765); bash > curl(http://127.0.0.1:8765/); curl -> 192.0.2.1:8765; server listens :8765",
      );
      screen.press("/", port);
      const kinds = (await screen.lines())
        .map((line) => /(?:proc|conn|file|alert) .*8765/u.exec(line)?.[0])
        .filter((hit) => hit !== undefined);
      expect(kinds[0]).toMatch(/conn +tcp \S*:8765/u);
      expect(kinds[0]).not.toContain("->");
      expect(kinds[1]).toMatch(/conn .*-> /u);
    },
  );

  test("opens what is above a hit that was collapsed", async () => {
    const screen = attack();
    screen.press("j", "h", "/", "pid:104", "\r");
    expect(await selectedRow(screen)).toMatch(/ 104 .*\/tmp\/\.x/u);
  });

  test("^o in the search opens the origin of the hit itself", async () => {
    const screen = attack();
    screen.press("/", "4444", "\x0f");
    expect(await screen.text()).toMatch(/Origin of .*192\.0\.2\.77:4444/u);
  });

  test("Tab completes the name of a field, Up brings back an earlier search", async () => {
    const screen = attack();
    screen.press("/", "chmod us", "\t");
    expect(await screen.text()).toMatch(/\/ chmod user:/u);
    screen.press("deploy", "\r", "/", "\x1b[A");
    expect(await screen.text()).toMatch(/\/ chmod user:deploy/u);
  });

  test("what was found is shown, however far on in a command it is", async () => {
    const monitor = new Monitor();
    crowd(monitor, 1000, 1, () => ["java", ...Array.from({ length: 30 }, (_, at) => `-Dn${at}=v`), "-Dneedle=1"]);
    const screen = show(monitor, { columns: 80, rows: 24 });
    screen.press("/", "needle");
    expect(await screen.text()).toMatch(/proc +1000 …\S* .*-Dneedle=1/u);
  });

  test("a paste is searched as one line", async () => {
    const screen = attack();
    screen.press("/", "\x1b[200~curl\n\x1b[201~");
    expect(await screen.text()).toMatch(/proc +102 curl/u);
  });

  test("a filter keeps what matches and what is above it; Esc brings everything back", async () => {
    const screen = attack();
    screen.press("\\", "chmod", "\r");
    expect(await screen.text()).toMatch(/filter: chmod/u);
    expect(await screen.text()).toMatch(/100 root .*sshd/u);
    expect(await screen.text()).not.toMatch(/102 deploy/u);
    screen.press("\x1b");
    expect(await screen.text()).toMatch(/102 deploy/u);
  });

  test("a filter that keeps nothing says so", async () => {
    const screen = attack();
    screen.press("\\", "no-such-thing", "\r");
    expect(await screen.text()).toMatch(/nothing matches the filter; Esc clears it/u);
  });

  test("a mistyped field is said, in a filter and in a search", async () => {
    const screen = attack();
    screen.press("\\", "usr:root");
    expect(await screen.text()).toContain('no field "usr"; did you mean user:?');
    screen.press("\r");
    expect(await screen.text()).toContain('no field "usr"; did you mean user:?');
    screen.press("\x1b", "/", "prot:4444");
    const text = await screen.text();
    expect(text).toContain('no field "prot"; did you mean port:?');
    expect(text).not.toMatch(/similar/u);
  });

  test("connections are filtered by port and user", async () => {
    const screen = attack();
    screen.press("2", "\\", "port:4444", "\r");
    expect(await screen.text()).toMatch(/192\.0\.2\.77:4444/u);
    expect(await screen.text()).not.toMatch(/203\.0\.113\.9/u);
  });
});

describe("acting", () => {
  test("F9 asks before it signals, naming pid and command, and tells a failure", async () => {
    const screen = attack({ signal: () => "not permitted (EPERM)" });
    screen.press("G", "\x1b[20~", "j", "\r");
    expect(await screen.text()).toMatch(/Send SIGINT\?/u);
    expect(await screen.text()).toMatch(/to process 104 \/tmp\/\.x/u);
    expect(screen.signals).toEqual([]);
    screen.press("y");
    expect(screen.signals).toEqual(["SIGINT 104"]);
    expect(await screen.text()).toMatch(/could not send SIGINT to 104 .x: not permitted/u);
  });

  test("after an action Esc stays with the process, also when a search led there", async () => {
    const screen = attack();
    screen.press("g", "/", "pid:104", "\r", "\x0b", "\r", "y", "\x1b");
    expect(await selectedRow(screen)).toMatch(/ 104 /u);
    screen.press("\x0b", "\r", "y");
    expect(screen.signals).toEqual(["SIGTERM 104", "SIGTERM 104"]);
    screen.press("/", "pid:101", "\r", "r", "5", "\r", "\x1b", "r", "6", "\r");
    expect(screen.signals.slice(2)).toEqual(["nice 5 101", "nice 6 101"]);
  });

  test("read-only sends nothing", async () => {
    const screen = attack({ readOnly: true });
    screen.press("G", "\x0b");
    expect(await screen.text()).toMatch(/--read-only/u);
    screen.press("\r", "y");
    expect(screen.signals).toEqual([]);
  });

  test("a process that has exited is not signalled", async () => {
    const screen = attack();
    screen.press("/", "pid:103", "\r", "\x1b[20~");
    expect(await screen.text()).toMatch(/103 chmod has exited already/u);
  });

  test("y copies the row, Y its origin", async () => {
    const screen = attack();
    screen.press("G", "y", "Y");
    expect(screen.copied[0]).toBe("104 deploy /tmp/.x");
    expect(screen.copied[1]).toMatch(/^Origin of 104 \/tmp\/\.x\n[\s\S]*evidence: 6 of 6/u);
    screen.press("O", "Y");
    expect(screen.copied[2]).toMatch(/^Impact of 104 \/tmp\/\.x\n {2}Led to /u);
  });

  test.each(["q", "\x1b[21~", "\x03"])("%j quits", (key) => {
    const screen = attack();
    screen.press(key);
    expect(screen.quit).toBe(true);
  });
});

describe("terminals", () => {
  test("a resize draws the new layout whole", async () => {
    const screen = attack({ columns: 140, rows: 45 });
    await screen.lines();
    for (const [columns, rows] of [
      [80, 24],
      [50, 12],
      [160, 50],
      [100, 30],
    ] as const) {
      screen.resize(columns, rows);
      const lines = await screen.lines();
      expect(lines).toHaveLength(rows);
      expect(lines[0]).toMatch(/LIVE/u);
      expect(lines.at(-1)).toMatch(/\? help/u);
      expect(lines.filter((line) => /PID/u.test(line))).toHaveLength(1);
      expect(lines.filter((line) => /\/tmp\/\.x +⚙|└─ \/tmp\/\.x/u.test(line))).toHaveLength(1);
    }
  });

  test("one that is too small says so, and recovers", async () => {
    const screen = attack({ columns: 30, rows: 6 });
    expect((await screen.lines())[0]).toBe("need 40x8, have 30x6");
    screen.resize(80, 24);
    expect(await screen.text()).toMatch(/sshd/u);
  });

  test("ASCII mode draws nothing but ASCII, NO_COLOR no colours", async () => {
    const screen = attack({ theme: { ascii: true, depth: "none" } });
    screen.press("o");
    await screen.text();
    expect(screen.bytes).not.toMatch(/[^\x00-\x7f]/u);
    expect(screen.bytes).not.toMatch(/\x1b\[[\d;]*(?:[34]8;|3[0-7]|4[0-7])[\d;]*m/u);
  });

  test("limited capture is said in two lines where one is too short", async () => {
    const limited = {
      why: "bpf(2) refused: EPERM",
      missed: "what is shorter than 1 s; files read; bytes per connection",
      fix: "start with sudo",
    };
    const screen = attack({ limited, columns: 80, rows: 24 });
    expect(await screen.text()).toMatch(
      /LIMITED: what is shorter than 1 s; files read; bytes per connection\. +start\n +with sudo +\(bpf\(2\) refused: EPERM\)/u,
    );
  });

  test("where limited capture has no room, what is missed is shortened, never cause and cure", async () => {
    const limited = {
      why: "bpf(2) refused: EPERM",
      missed:
        "processes that live shorter than a second; files read and written; bytes of each connection; pipes; logins",
      fix: "start with sudo, or give it CAP_BPF, CAP_PERFMON",
    };
    const screen = attack({ limited, columns: 80, rows: 24 });
    const text = (await screen.text()).replace(/\s+/gu, " ");
    expect(text).toMatch(
      /LIMITED: processes that .*\.\.\. start with sudo, or give it CAP_BPF, CAP_PERFMON \(bpf\(2\) refused: EPERM\)/u,
    );
  });

  test("limited capture is said, with cause and cure", async () => {
    const limited = { why: "bpf(2) refused: EPERM", missed: "short-lived processes", fix: "start with sudo" };
    const screen = attack({ limited, columns: 140 });
    expect(await screen.text()).toMatch(
      /LIMITED: short-lived processes\. +start with sudo +\(bpf\(2\) refused: EPERM\)/u,
    );
  });

  test("nothing is drawn when nothing changed", async () => {
    const screen = attack();
    await screen.lines();
    const before = screen.bytes.length;
    screen.press("k");
    screen.tick();
    await screen.lines();
    // The chart of the header moves; nothing of the table does.
    expect(screen.bytes.slice(before)).not.toMatch(/sshd|COMMAND/u);
  });
});

test("names that attack the terminal are shown, not obeyed", async () => {
  const monitor = new Monitor();
  const hostile = [
    "evil\x1b]0;owned\x07\x1b[2J",
    "a\nb\rc",
    "\u202egnp.exe",
    "\u009b31m",
    "\x1b[?1049l",
    "日本\u200b語🙂",
  ];
  crowd(monitor, 1000, hostile.length, (pid) => [hostile[pid - 1000] ?? "", "argument\x1b[H"]);
  const screen = show(monitor, { columns: 120, rows: 24 });
  screen.press("/", "evil", "\x1b", "\r", "\x1b", "o", "\x1b");
  const text = await screen.text();
  expect(text).toMatch(/evil␛\]0;owned␇␛\[2J/u);
  expect(text).toMatch(/a␊b␍c/u);
  expect(text).toMatch(/�gnp\.exe/u);
  const harmless = screen.bytes.replace(/\x1b\[[\d;]*[mABCDEFGHJK]|\x1b\[\?(?:25[hl]|2026[hl])/gu, "");
  expect(harmless).not.toMatch(/[\x1b\x07\u0080-\u009f\u202a-\u202e\u200b]/u);
});
