import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, onTestFinished, test } from "vitest";
import { actAgainAndAgain } from "./actor.ts";
import { BUNDLE, startProgram } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "spydertop-signals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

const MOST_MS = 1_000;
const PATIENCE_MS = 20_000;

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

type Started = ReturnType<typeof start>;

/** How far it has come, as can be seen from outside. */
const MOMENTS: Readonly<Record<string, (started: Started) => boolean>> = {
  "it is executed": () => true,
  "its runtime has threads": ({ child }) => readdirSync(`/proc/${child.pid}/task`).length > 1,
  "it has its name": ({ child }) => readFileSync(`/proc/${child.pid}/comm`, "utf8") === "spydertop\n",
  "it writes": ({ child }) => child.stdout.readableLength > 0 || readdirSync(folder).length > 0,
};

/** Waits for a moment, or for the end of what ends by itself. */
async function until(moment: string, started: Started): Promise<void> {
  const { child } = started;
  // Reads as much as a stream holds, no more: the program waits with the rest.
  child.stdout.once("readable", () => {});
  const reached = () => child.exitCode !== null || MOMENTS[moment]?.(started);
  await expect.poll(reached, { interval: 1, timeout: PATIENCE_MS, message: moment }).toBe(true);
}

describe.each(Object.keys(MOMENTS))("once %s", (moment) => {
  test.each(["events", "record x.spyt", "top --batch -n 0", "snapshot y.spyt"])(
    "%s answers SIGTERM within a second and leaves nothing half",
    async (command) => {
      actAgainAndAgain("signals", tmpdir());
      const started = start(...command.split(" "));
      await until(moment, started);
      const sent = performance.now();
      started.child.kill("SIGTERM");
      const { code, signal } = await started.ended;
      expect(performance.now() - sent).toBeLessThan(MOST_MS);
      // It had not begun yet, or it goes on until it is interrupted.
      expect([0, 1, null]).toContain(code);
      expect(code === null ? signal : "SIGTERM").toBe("SIGTERM");
      expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
    },
  );
});

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
  ["SIGQUIT", 131],
  ["SIGTERM", 143],
])("the live screens end by %s with %i, and give the terminal back", async (by, code) => {
  const tui = startProgram(["--no-bpf"]);
  onTestFinished(() => tui.kill("SIGKILL"));
  await tui.waitFor("COMMAND");
  tui.kill(by);
  expect((await tui.exited).exitCode).toBe(code);
  expect(tui.onAlternateScreen).toBe(false);
});

test("SIGUSR1 opens no debugger", async () => {
  const { child, ended } = start("top", "--batch", "-n", "0", "-d", "0.1");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child.stdout, "data");
  child.kill("SIGUSR1");
  // Node's own handler answers from another thread: some frames later it would have spoken.
  for (let frame = 0; frame < 5; frame++) await once(child.stdout, "data");
  child.kill("SIGINT");
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(said).not.toContain("Debugger");
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
