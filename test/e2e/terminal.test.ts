import { spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { BUNDLE, cannotTrace, startProgram } from "./program.ts";
import { Tui } from "./tui.ts";

const PRELOAD = join(dirname(fileURLToPath(import.meta.url)), "throw-on-signal.mjs");

const running: Tui[] = [];
afterEach(() => {
  for (const tui of running.splice(0)) tui.kill("SIGKILL");
});

if (cannotTrace !== undefined) console.log(`skipped: a crash in the native read: ${cannotTrace}`);

function start(): Tui {
  const tui = startProgram(["--no-bpf"], { columns: 100, rows: 24 });
  running.push(tui);
  return tui;
}

function holdsKernelObjects(pid: number): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).includes("bpf");
    } catch {
      return false; // closed meanwhile
    }
  });
}

/** What a shell needs of the terminal it gets back. */
function expectRestored(tui: Tui): void {
  expect(tui.onAlternateScreen).toBe(false);
  expect(tui.output.lastIndexOf("\x1b[?25h")).toBeGreaterThan(tui.output.lastIndexOf("\x1b[?25l"));
  expect(tui.output.lastIndexOf("\x1b[?2004l")).toBeGreaterThan(tui.output.lastIndexOf("\x1b[?2004h"));
  expect(tui.output.slice(tui.output.lastIndexOf("\x1b[?1049l"))).not.toContain("LIVE");
}

describe("every way out gives the terminal back", () => {
  test("q, between two settings of the terminal that are equal", async () => {
    const script = `stty -g; "${process.execPath}" "${BUNDLE}" --no-bpf; echo "code $?"; stty -g; stty -a`;
    const tui = new Tui("sh", ["-c", script], { columns: 100, rows: 40 });
    running.push(tui);
    await tui.waitFor("POLLING");
    expect(tui.onAlternateScreen).toBe(true);
    tui.press("q");
    await tui.exited;
    await tui.waitFor((screen) => / icanon .* echo /.test(screen.join(" ")));
    expectRestored(tui);
    const [before, ...after] = tui.screen().filter((line) => line !== "");
    expect(after).toContain("code 0");
    expect(after).toContain(before);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
  ])("%s", async (signal, code) => {
    const tui = start();
    await tui.waitFor("POLLING");
    tui.kill(signal);
    expect((await tui.exited).exitCode).toBe(code);
    expectRestored(tui);
  });

  test("Ctrl-C", async () => {
    const tui = start();
    await tui.waitFor("POLLING");
    tui.press("\x03");
    expect((await tui.exited).exitCode).toBe(0);
    expectRestored(tui);
  });

  test("Ctrl-C while the kernel takes in the programs", async ({ skip }) => {
    if (cannotTrace !== undefined) skip(cannotTrace);
    const tui = startProgram([], { columns: 100, rows: 24 });
    running.push(tui);
    while (!holdsKernelObjects(tui.pid)) await setImmediate();
    tui.press("\x03");
    expect((await tui.exited).signal).toBe(constants.signals.SIGINT);
    expect(tui.output).not.toContain("\x1b[?1049h");
  });

  test.each([
    ["a signal handler", ["--no-bpf"]],
    ["a render", ["--no-bpf"]],
    ["taking in events", ["--no-bpf"]],
    ...(cannotTrace === undefined ? [["the native read", []] as const] : []),
  ] as const)("a crash in %s, which is told below the restored screen", async (place, args) => {
    const tui = startProgram(args, {
      nodeArgs: ["--import", PRELOAD],
      columns: 100,
      rows: 24,
      env: { SPYDERTOP_TEST_FAIL: place },
    });
    running.push(tui);
    await tui.waitFor(args.length > 0 ? "POLLING" : "LIVE");
    tui.kill("SIGUSR2");
    expect((await tui.exited).exitCode).toBe(1);
    expectRestored(tui);
    expect(tui.screen().join("\n")).toMatch(/spydertop: Error: crash on purpose/);
  });

  test("Ctrl-Z, and fg brings the screen back", async () => {
    const tui = new Tui("bash", ["--norc", "-i"], { columns: 100, rows: 24, env: { PS1: "ready> " } });
    running.push(tui);
    await tui.waitFor("ready>");
    tui.press(`"${process.execPath}" "${BUNDLE}" --no-bpf\r`);
    await tui.waitFor("POLLING");
    tui.press("\x1a");
    await tui.waitFor(() => !tui.onAlternateScreen && tui.screen().some((line) => line.includes("Stopped")));
    tui.press("fg\r");
    await tui.waitFor(() => tui.onAlternateScreen && /POLLING/.test(tui.screen()[0] ?? ""));
    await tui.waitFor("COMMAND");
    tui.press("q");
    await tui.waitFor(() => !tui.onAlternateScreen);
    tui.press("exit\r");
    await tui.exited;
  });
});

describe("without a terminal", () => {
  test("one line names what works, and the exit code is 2", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BUNDLE], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/needs a terminal.*top --batch.*doctor/);
  });

  test("--batch prints frames as plain text", () => {
    const args = [BUNDLE, "top", "--batch", "--no-bpf", "-n", "2", "-d", "0.2"];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout.match(/ procfs: \d+ processes/g)).toHaveLength(2);
    // A checkout below /tmp makes this very process suspicious: it carries a mark.
    expect(stdout).toMatch(new RegExp(`^[^\\d\\n]*${process.pid} `, "m"));
    expect(stdout).not.toContain("\x1b");
  });

  test("origin tells of a pid, and fails for what nobody knows", () => {
    const known = spawnSync(process.execPath, [BUNDLE, "origin", String(process.pid), "--no-bpf"], {
      encoding: "utf8",
    });
    expect(known.stdout).toMatch(new RegExp(`^Origin of ${process.pid} `));
    const unknown = spawnSync(process.execPath, [BUNDLE, "origin", "/nowhere", "--no-bpf"], { encoding: "utf8" });
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toMatch(/nothing known about \/nowhere/);
  });

  test.each([
    [["--delay", "0"], /--delay wants seconds/],
    [["--colour"], /--colour/],
    [["dance"], /there is no command "dance"/],
    [["origin"], /origin of what/],
  ])("%j is refused", (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [BUNDLE, ...args], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});
