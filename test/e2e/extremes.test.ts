import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { BUNDLE, startProgram } from "./program.ts";
import { Tui } from "./tui.ts";

const running: Tui[] = [];
const folder = mkdtempSync(join(tmpdir(), "spydertop-extremes-"));
afterEach(() => {
  for (const tui of running.splice(0)) tui.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(columns: number, rows: number): Tui {
  const tui = startProgram(["--no-bpf"], { columns, rows });
  running.push(tui);
  return tui;
}

describe("terminals of any size", () => {
  test("from 1x1 to 500x200, each shows what fits", async () => {
    const tui = start(1, 1);
    await tui.waitFor(() => tui.onAlternateScreen);
    tui.resize(39, 7);
    await tui.waitFor("need 40x8, have 39x7");
    tui.resize(40, 8);
    await tui.waitFor("COMMAND");
    tui.resize(500, 200);
    await tui.waitFor((screen) => /\? help/.test(screen[199] ?? "") && screen.some((line) => line.includes("COMMAND")));
    tui.resize(2, 300);
    tui.resize(300, 2);
    await tui.waitFor("need 40x8, have 300x2");
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
  });

  test("a storm of sizes ends in the last one", async () => {
    const tui = start(100, 24);
    await tui.waitFor("COMMAND");
    for (let i = 0; i < 300; i++) tui.resize(1 + ((i * 37) % 500), 1 + ((i * 17) % 200));
    tui.resize(90, 30);
    await tui.waitFor((screen) => /POLLING/.test(screen[0] ?? "") && /\? help/.test(screen[29] ?? ""));
    tui.press("?");
    await tui.waitFor("Esc goes back");
    tui.press("\x03");
    expect((await tui.exited).exitCode).toBe(0);
  });
});

describe("a terminal that goes away", () => {
  // Without a session of its own nobody sends SIGHUP: it reads that the terminal is gone.
  test.each(["", "setsid -w"])("ends the program with the code of a hang-up (%s)", async (prefix) => {
    const code = join(folder, `code${prefix}`);
    const script = `trap "" HUP; ${prefix} "${process.execPath}" "${BUNDLE}" --no-bpf; echo $? > "${code}"`;
    const tui = new Tui("sh", ["-c", script], { columns: 100, rows: 24 });
    running.push(tui);
    await tui.waitFor("POLLING");
    tui.hangUp();
    const deadline = performance.now() + 10_000;
    while (!existsSync(code) || readFileSync(code, "utf8") === "") {
      if (performance.now() > deadline) throw new Error("it did not end within 10 s");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(readFileSync(code, "utf8")).toBe("129\n");
  });
});

/** The program with another environment: what makes the terminal sets TERM itself. */
function startWith(...env: readonly string[]): Tui {
  const tui = new Tui("env", [...env, process.execPath, BUNDLE, "--no-bpf"], { columns: 300, rows: 24 });
  running.push(tui);
  return tui;
}

describe("what the terminal is said to be", () => {
  test("TERM=dumb is refused in one line that names what works", async () => {
    const tui = startWith("TERM=dumb");
    expect((await tui.exited).exitCode).toBe(2);
    expect(tui.output.trim().split("\n")).toHaveLength(1);
    expect(tui.output).toMatch(/TERM=dumb.*TERM=xterm-256color.*top --batch/);
  });

  test("an unset TERM is taken for a plain one", async () => {
    const tui = startWith("-u", "TERM", "-u", "COLORTERM");
    await tui.waitFor("COMMAND");
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
    expect(tui.onAlternateScreen).toBe(false);
    expect(tui.output).not.toContain("\x1b[38;");
  });
});
