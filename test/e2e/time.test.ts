import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { BUNDLE, cannotTrace, startProgram } from "./program.ts";
import { Tui } from "./tui.ts";

const running: (Tui | ChildProcess)[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const one of running.splice(0)) one.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

if (cannotTrace !== undefined) console.log(`skipped: ${cannotTrace}`);

function start(args: readonly string[] = []): { readonly tui: Tui; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "spy-time-"));
  folders.push(folder);
  const tui = startProgram(args, { columns: 150, rows: 40, cwd: folder });
  running.push(tui);
  return { tui, folder };
}

/** A process that is told apart by its argument. */
function sleeper(seconds: number): ChildProcess {
  const child = spawn("sleep", [String(seconds)], { stdio: "ignore" });
  running.push(child);
  return child;
}

const holds = (text: string) => (screen: readonly string[]) => screen.some((line) => line.includes(text));
const lacks = (text: string) => (screen: readonly string[]) => !screen.some((line) => line.includes(text));
const status = (screen: readonly string[]): string => screen[0] ?? "";

describe.skipIf(cannotTrace !== undefined)("time in a real terminal", () => {
  test("a process that has exited is alive again one change back, and gone at the present", async () => {
    const { tui } = start();
    await tui.waitFor("LIVE");
    const child = sleeper(98765);
    tui.press("\\sleep 98765\r");
    await tui.waitFor(holds(` ${child.pid} `));
    child.kill("SIGKILL");
    await tui.waitFor((screen) => screen.some((line) => line.includes(` ${child.pid} `) && line.includes("signal 9")));

    tui.press("Z");
    await tui.waitFor((screen) => /PAUSED/.test(status(screen)));
    const header = tui.cells()[0] ?? [];
    expect(new Set(header.map(({ bg }) => bg)).size, "the whole status line changes").toBe(1);
    // Other processes of this machine change, too: back until it lives, and forth from before it began.
    const isAlive = (screen: readonly string[]) => holds(` ${child.pid} `)(screen) && lacks("signal 9")(screen);
    const isThere = (screen: readonly string[]) => lacks("rebuilding")(screen) && /PAUSED/.test(status(screen));
    for (let steps = 0; steps < 200 && !isAlive(tui.screen()); steps++) {
      const before = tui.screen().join("\n");
      tui.press(holds("nothing matches")(tui.screen()) ? "]" : "[");
      await tui.waitFor((screen) => isThere(screen) && screen.join("\n") !== before, 2_000).catch(() => []);
    }
    const alive = await tui.waitFor((screen) => isThere(screen) && isAlive(screen));
    expect(alive.join("\n")).toMatch(/\| live/);

    tui.press("L");
    // It lingers for a while after its end.
    const over = (screen: readonly string[]) => holds("signal 9")(screen) || lacks(` ${child.pid} `)(screen);
    await tui.waitFor((screen) => /LIVE/.test(status(screen)) && over(screen));
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
  });

  test("what is saved of a moment in the past is that moment, also where nothing happened at it", async () => {
    const { tui, folder } = start();
    await tui.waitFor("LIVE");
    // A whole second, and as a rule no batch: what is shown is older than the moment.
    const second = new Date(Math.ceil(Date.now() / 1000) * 1000);
    const clock = second.toTimeString().slice(0, 8);
    await tui.waitFor(() => Date.now() > second.getTime() + 1_000, 5_000);
    tui.press("b");
    await tui.waitFor("go to:");
    tui.press(`${clock}\r`);
    await tui.waitFor((screen) => status(screen).includes(`PAUSED ${clock}`));
    tui.press("\x13");
    await tui.waitFor((screen) => screen.join("\n").includes("saved "));
    tui.press("q");
    await tui.exited;
    expect(readdirSync(folder)).toEqual([
      expect.stringMatching(`^spydertop-\\d{8}-${clock.replaceAll(":", "")}\\.spyt$`),
    ]);
  });

  test("what is recorded beside the screens replays without them", async () => {
    const { tui, folder } = start(["--record", "live.spyt"]);
    await tui.waitFor((screen) => /LIVE/.test(status(screen)) && /REC \d/.test(status(screen)));
    const child = sleeper(97531);
    tui.press("\\sleep 97531\r");
    await tui.waitFor(holds(` ${child.pid} `));
    tui.press("\x13");
    await tui.waitFor((screen) => /saved .*spydertop-\d{8}-\d{6}\.spyt/.test(screen.join("\n")));
    child.kill("SIGKILL");
    await tui.waitFor(holds("signal 9"));
    tui.press("q");
    await tui.exited;
    expect(tui.screen().join("\n")).toMatch(/live\.spyt: \d+ records, \d+ bytes/);

    const [saved = ""] = readdirSync(folder).filter((name) => name.startsWith("spydertop-"));
    for (const name of ["live.spyt", saved]) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);

    const snapshot = startProgram(["replay", join(folder, saved)], { columns: 150, rows: 40 });
    running.push(snapshot);
    await snapshot.waitFor(`REPLAY ${saved}`);
    snapshot.press("\\sleep 97531\r");
    const then = await snapshot.waitFor(holds(` ${child.pid} `));
    expect(then.join("\n")).not.toContain("signal 9");
    snapshot.press("q");
    await snapshot.exited;

    const replay = startProgram(["replay", join(folder, "live.spyt")], { columns: 150, rows: 40 });
    running.push(replay);
    await replay.waitFor("REPLAY live.spyt");
    replay.press("\\sleep 97531\r");
    await replay.waitFor(holds("signal 9"));
    replay.press("Z");
    await replay.waitFor(lacks("signal 9"));
    for (const _ of [1, 2, 3]) replay.press("V");
    await replay.waitFor("×64");
    await replay.waitFor(holds("signal 9"));
    replay.press("q");
    expect((await replay.exited).exitCode).toBe(0);
  });

  test("a full disk ends the recording, and nothing else", async () => {
    const run = `mount -t tmpfs -o size=128k none /mnt && cd /mnt && exec "$0" "$1" --record full.spyt`;
    const tui = new Tui("unshare", ["--mount", "sh", "-c", run, process.execPath, BUNDLE], { columns: 130, rows: 24 });
    running.push(tui);
    await tui.waitFor((screen) => /LIVE.*REC \d/.test(status(screen)));
    for (let n = 0; n < 200; n++)
      spawn(
        "true",
        Array.from({ length: 50 }, () => String(Math.random())),
      );
    await tui.waitFor((screen) => /LIVE.*REC FAILED/.test(status(screen)), 60_000);
    await tui.waitFor("no space is left; what was recorded can be replayed");
    tui.press("Z");
    await tui.waitFor("PAUSED");
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
  });

  test("a file that cannot be written is said so, and the monitor goes on", async () => {
    const { tui, folder } = start();
    await tui.waitFor("LIVE");
    rmSync(folder, { recursive: true });
    folders.length = 0;
    tui.press("\x13");
    await tui.waitFor("its folder does not exist");
    const child = sleeper(13579);
    tui.press("\\sleep 13579\r");
    await tui.waitFor(holds(` ${child.pid} `));
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
  });
});
