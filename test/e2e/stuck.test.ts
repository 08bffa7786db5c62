import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { startProgram } from "./program.ts";
import type { Tui } from "./tui.ts";

const running: Tui[] = [];
afterEach(() => {
  for (const tui of running.splice(0)) {
    tui.kill("SIGKILL");
    tui.thaw();
  }
});

const SMALL = [100, 24] as const;
const LARGE = [200, 60] as const;

/** Asks until something holds; fails with what it was waited for. */
async function until(what: string, holds: () => boolean, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Field of /proc/pid/stat behind the name; undefined once the process has ended. */
function state(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const letter = stat.slice(stat.lastIndexOf(")") + 2)[0];
  return letter === "Z" ? undefined : letter;
}

/** Bytes a process has written so far; some go to its own threads. */
const written = (pid: number): number => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
const LESS_THAN_A_SCREEN = 1000;

/** The program before a terminal that took all the kernel keeps for it, and reads nothing. */
async function startFrozen(): Promise<Tui> {
  const tui = startProgram(["--no-bpf", "--delay", "0.1"], { columns: SMALL[0], rows: SMALL[1] });
  running.push(tui);
  await tui.waitFor("POLLING");
  tui.freeze();
  let before = 0;
  let same = 0;
  let large = false;
  await until(
    "nothing more is written",
    () => {
      // Each size is a whole new screen.
      large = !large;
      const [columns, rows] = large ? LARGE : SMALL;
      tui.resize(columns, rows);
      const now = written(tui.pid);
      same = now - before < LESS_THAN_A_SCREEN ? same + 1 : 0;
      before = now;
      return same > 20;
    },
    10_000,
  );
  return tui;
}

describe("a terminal that has stopped reading", () => {
  test.each(["SIGTERM", "SIGHUP", "SIGINT"])("%s ends the program all the same", async (signal) => {
    const tui = await startFrozen();
    tui.kill(signal);
    await until(`${signal} ends it`, () => state(tui.pid) === undefined);
  });

  test("so does q", async () => {
    const tui = await startFrozen();
    tui.press("q");
    await until("q ends it", () => state(tui.pid) === undefined);
  });

  test("it waits without burning the CPU, and shows the newest screen once it reads again", async () => {
    const tui = await startFrozen();
    tui.press("?");
    const before = cpuTicks(tui.pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(cpuTicks(tui.pid) - before).toBeLessThan(60);
    tui.thaw();
    await tui.waitFor("Esc goes back");
    tui.press("\x1b");
    await tui.waitFor("COMMAND");
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
    expect(tui.onAlternateScreen).toBe(false);
  });
});

/** User and system time, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
