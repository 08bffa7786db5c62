// One set-up at a time in a checkout: `npm start` and `npm test` may run side by side.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say, top } from "./run.mjs";

const file = join(top, "build", "setup.lock");

/** Runs `work` while this process holds the lock; waits for another living holder, takes over from a dead one. */
export async function withLock(work) {
  mkdirSync(join(top, "build"), { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) say(`waiting for the set-up of process ${holder()} in this folder`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(file, { force: true });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const onSignal = () => {
    release();
    process.exit(130);
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    await work();
  } finally {
    release();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!alive(holder())) rmSync(file, { force: true });
    return false;
  }
}

function holder() {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

function alive(pid) {
  // An empty file belongs to a process between creating and writing it.
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
