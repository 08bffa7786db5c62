import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { BUNDLE, cannotTrace } from "./program.ts";
import { Tui } from "./tui.ts";

const running: (Tui | ChildProcess)[] = [];
afterEach(() => {
  for (const one of running.splice(0)) one.kill("SIGKILL");
});

if (cannotTrace !== undefined) console.log(`skipped: ${cannotTrace}`);

/** Finds a process by its command, asks for SIGTERM, and confirms. */
async function terminate(tui: Tui, command: string): Promise<void> {
  tui.press("/");
  await tui.waitFor("Search");
  tui.press(command);
  await tui.waitFor((screen) => screen.some((line) => line.includes("proc  ") && line.includes(command)));
  tui.press("\r");
  await tui.waitFor((screen) => screen.slice(-3).join(" ").includes(command));
  tui.press("\x1b[20~");
  await tui.waitFor("Signal for");
  tui.press("\r");
  await tui.waitFor("Send SIGTERM?");
  tui.press("y");
}

describe.skipIf(cannotTrace !== undefined)("in a PID namespace of its own", () => {
  test("it says so, ends a process of the namespace, and refuses one it cannot name", async () => {
    const script = `sleep 4712 & "${process.execPath}" "${BUNDLE}"; echo "code $?"; wait`;
    const tui = new Tui("unshare", ["-p", "-f", "--mount-proc", "sh", "-c", script], { columns: 150, rows: 40 });
    running.push(tui);
    await tui.waitFor("LIVE");
    await tui.waitFor("LIMITED: PIDs are the machine's");
    const outside = spawn("sleep", ["4713"], { stdio: "ignore" });
    running.push(outside);

    await terminate(tui, "sleep 4712");
    await tui.waitFor("sent SIGTERM to");
    await tui.waitFor((screen) => screen.some((line) => line.includes("sleep 4712") && line.includes("signal 15")));

    await terminate(tui, "sleep 4713");
    await tui.waitFor("not in the PID namespace of this monitor");
    expect(outside.exitCode ?? outside.signalCode).toBeNull();
    const ended = once(outside, "exit");
    outside.kill();
    await ended;

    tui.press("q");
    await tui.waitFor("code 0");
    expect((await tui.exited).exitCode).toBe(0);
  });
});
