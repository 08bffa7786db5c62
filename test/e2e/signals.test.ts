import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { BUNDLE, startProgram } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "spydertop-signals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sent so long after the start; it may be anywhere by then. */
const MOMENTS_MS = [0, 60, 120, 250, 500];
const MOST_MS = 1_000;

/** The program from /proc, which is there on every machine. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [BUNDLE, ...args, "--no-bpf"], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: folder,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal }) as { code: number; signal: string });
  return { child, ended };
}

test.each(["events", "record x.spyt", "top --batch -n 0", "snapshot y.spyt"])(
  "%s answers SIGTERM within a second, whatever it is doing, and leaves nothing half",
  async (command) => {
    for (const afterMs of MOMENTS_MS) {
      const { child, ended } = start(...command.split(" "));
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const sent = performance.now();
      child.kill("SIGTERM");
      const { code, signal } = await ended;
      expect(performance.now() - sent, `${afterMs} ms after the start`).toBeLessThan(MOST_MS);
      // It had not begun yet, or it goes on until it is interrupted.
      expect([0, 1, null], `${performance.now() - began} ms`).toContain(code);
      expect(code === null ? signal : "SIGTERM").toBe("SIGTERM");
      expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    }
  },
);

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "what goes on until it is interrupted ends well by %s",
  async (by) => {
    const { child, ended } = start("top", "--batch", "-n", "0", "-d", "0.1");
    await once(child.stdout, "data");
    child.kill(by);
    expect(await ended).toEqual({ code: 0, signal: null });
  },
);

test.each([
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
])("the live screens end by %s with %i, and give the terminal back", async (by, code) => {
  const tui = startProgram(["--no-bpf"]);
  onTestFinished(() => tui.kill("SIGKILL"));
  await tui.waitFor("COMMAND");
  tui.kill(by);
  expect((await tui.exited).exitCode).toBe(code);
  expect(tui.onAlternateScreen).toBe(false);
});

test("ps and top call it by its name", async () => {
  const { child, ended } = start("top", "--batch", "-n", "0", "-d", "0.1");
  await once(child.stdout, "data");
  expect(readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("spydertop\n");
  expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8")).toMatch(/^spydertop top --batch -n 0/u);
  child.kill("SIGINT");
  await ended;
});

test("a file that is not there is told before a terminal is asked for", async () => {
  expect(existsSync("/nope")).toBe(false);
  const { child, ended } = start("replay", "/nope");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  expect((await ended).code).toBe(1);
  expect(said).toBe("spydertop: cannot read /nope: there is no such file (ENOENT)\ncheck the path\n");
});
