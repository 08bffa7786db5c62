import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { getPriority } from "node:os";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { cannotTrace, startProgram } from "./program.ts";
import type { Tui } from "./tui.ts";

const running: (Tui | ChildProcess | Server)[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) {
    if ("listening" in one) one.close();
    else one.kill("SIGKILL");
  }
});

if (cannotTrace !== undefined) console.log(`skipped: ${cannotTrace}`);

/** A server on loopback that keeps its connections. */
async function listen(): Promise<number> {
  const server = createServer((socket) => socket.on("error", () => {}));
  running.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A process with a name of its own that connects and stays. */
function startClient(name: string, port: number): ChildProcess {
  const script = `require("net").connect(${port}, "127.0.0.1"); setInterval(() => {}, 1e9);`;
  const child = spawn(process.execPath, ["-e", script, name], { stdio: "ignore" });
  running.push(child);
  return child;
}

describe.skipIf(cannotTrace !== undefined)("the live monitor", () => {
  test("a new process and its connection appear, are found, and their origin is told", async () => {
    const tui = startProgram([], { columns: 150, rows: 40 });
    running.push(tui);
    await tui.waitFor("LIVE");
    await tui.waitFor((screen) => screen.join("\n").includes("lost 0"));

    const port = await listen();
    const name = `spy-test-${process.pid}`;
    const child = startClient(name, port);

    tui.press("/");
    await tui.waitFor("Search");
    tui.press(name);
    await tui.waitFor((screen) => screen.some((line) => line.includes("proc ") && line.includes(` ${child.pid} `)));
    tui.press("\r");
    await tui.waitFor((screen) => screen.some((line) => line.includes(`⇒ 127.0.0.1:${port}`)));
    expect(tui.screen().find((line) => line.includes(`⇒ 127.0.0.1:${port}`))).toContain(` ${child.pid} `);

    tui.press("o");
    await tui.waitFor(`Origin of ${child.pid} `);
    const chain = await tui.waitFor("evidence:");
    expect(chain.find((line) => line.includes("THIS"))).toMatch(
      new RegExp(`${child.pid} .*started by ${process.pid} `),
    );

    tui.press("2");
    await tui.waitFor("REMOTE");
    tui.press(`\\port:${port}\r`);
    await tui.waitFor((screen) =>
      screen.some((line) => /local|established/.test(line) && line.includes(`${child.pid} `)),
    );

    tui.press("1");
    child.kill("SIGKILL");
    await tui.waitFor((screen) => screen.some((line) => line.includes(` ${child.pid} `) && line.includes("signal 9")));

    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
    expect(tui.onAlternateScreen).toBe(false);
  });

  test("-p and -u show a process and a user from the start; Esc shows the rest", async () => {
    const held = spawn("sh", ["-c", "sleep 4712 & exec sleep 4713"], { stdio: "ignore", detached: true });
    running.push(held);
    onTestFinished(() => void process.kill(-(held.pid as number), "SIGKILL"));
    const rows = (screen: readonly string[]): readonly string[] => screen.filter((line) => /\bsleep 471\d/.test(line));
    const one = startProgram(["-p", String(held.pid)], { columns: 120, rows: 30 });
    running.push(one);
    const shown = await one.waitFor((screen) => rows(screen).length >= 2);
    const body = shown.slice(3, -3).filter((line) => line.trim() !== "");
    expect(body).toEqual(rows(body));
    one.press("\x1b");
    await one.waitFor((screen) => screen.some((line) => /^\s+1 root/.test(line)));
    one.press("q");
    expect((await one.exited).exitCode).toBe(0);

    const nobody = startProgram(["-u", "nobody-of-that-name"], { columns: 120, rows: 30 });
    running.push(nobody);
    await nobody.waitFor("user:=");
    nobody.press("\x1b");
    await nobody.waitFor((screen) => screen.some((line) => /^\s+1 root/.test(line)));
    nobody.press("q");
    expect((await nobody.exited).exitCode).toBe(0);

    const gone = startProgram(["-p", "4194303"], { columns: 120, rows: 30 });
    running.push(gone);
    await gone.waitFor("there is no process 4194303");
    expect((await gone.exited).exitCode).toBe(1);
  });

  test("F-keys, a resize and a signal through the menu reach the real thing", async () => {
    const tui = startProgram([], { columns: 140, rows: 30 });
    running.push(tui);
    await tui.waitFor("LIVE");
    const victim = spawn("sleep", ["4711"], { stdio: "ignore" });
    running.push(victim);
    const ended = once(victim, "exit");

    tui.press("\x1bOR");
    await tui.waitFor("Search");
    tui.press("sleep 4711");
    await tui.waitFor((screen) => screen.some((line) => line.includes("proc ") && line.includes(` ${victim.pid} `)));
    tui.press("\r");
    await tui.waitFor((screen) => screen.slice(-3).join(" ").includes("sleep 4711"));
    tui.press("\x1b[19~");
    await tui.waitFor(`Nice value of ${victim.pid} sleep 4711`);
    tui.press("jjj\r");
    await tui.waitFor(`nice value 3 set for ${victim.pid} sleep`);
    expect(getPriority(victim.pid)).toBe(3);
    tui.press("\x1b[20~");
    await tui.waitFor(`Signal for ${victim.pid} sleep 4711`);
    tui.press("\r");
    await tui.waitFor("Send SIGTERM?");
    tui.press("y");
    expect((await ended)[1]).toBe("SIGTERM");
    await tui.waitFor(`sent SIGTERM to ${victim.pid} sleep`);

    tui.resize(80, 24);
    await tui.waitFor((screen) => screen.length === 24 && /\? help/.test(screen[23] ?? ""));
    tui.resize(30, 6);
    await tui.waitFor("need 40x8, have 30x6");
    tui.resize(120, 35);
    await tui.waitFor((screen) => /\? help/.test(screen[34] ?? "") && /LIVE/.test(screen[0] ?? ""));
    tui.press("\x1b[21~");
    expect((await tui.exited).exitCode).toBe(0);
  });
});
