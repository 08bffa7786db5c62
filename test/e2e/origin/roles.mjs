// Real processes on loopback for the origin tests: `node roles.mjs ROLE ARG...`. Each prints one JSON line when it is
// ready and ends when its standard input does.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttp, get } from "node:http";
import { connect, createServer } from "node:net";

const [role, ...args] = process.argv.slice(2);
const ready = (facts) => process.stdout.write(`${JSON.stringify({ pid: process.pid, ...facts })}\n`);
process.stdin.on("end", () => process.exit(0)).resume();

const roles = {
  /** Serves one file at every path. */
  files(path) {
    const server = createHttp((_request, response) => response.end(readFileSync(path)));
    server.listen(0, "127.0.0.1", () => ready({ port: server.address().port }));
  },
  /** Accepts, answers, closes. */
  sink() {
    const server = createHttp((_request, response) => response.end("ok"));
    server.listen(0, "127.0.0.1", () => ready({ port: server.address().port }));
  },
  /** Runs what a client sends through a shell, as a web shell does. */
  vulnerable() {
    const server = createServer((socket) => {
      socket.once("data", (command) => {
        const shell = spawn("/bin/sh", ["-c", command.toString()], { stdio: "ignore" });
        shell.on("exit", () => socket.end());
      });
    });
    server.listen(0, "127.0.0.1", () => ready({ port: server.address().port }));
  },
  /** Sends a command to the vulnerable server. */
  attacker(port, command) {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(command));
    socket.on("connect", () => ready({ port: socket.localPort }));
    socket.on("close", () => process.exit(0)).resume();
  },
  /** Fetches an address for whoever asks over a unix socket. */
  broker(path, url) {
    const server = createServer((socket) => {
      socket.once("data", () => get(url, (response) => response.resume().on("end", () => socket.end())));
    });
    server.listen(path, () => ready({}));
  },
  client(path) {
    const socket = connect(path, () => socket.write("please"));
    socket.on("connect", () => ready({}));
    socket.on("close", () => process.exit(0)).resume();
  },
};

roles[role](...args);
