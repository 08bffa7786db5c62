// One set-up at a time in a checkout: `npm start` and `npm test` may run side by side.

import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say, top } from "./run.mjs";

const file = join(top, "build", "setup.lock");

/** Runs `work` while this process holds the lock; waits for another living holder, takes over from a dead one. */
export async function withLock(work) {
  mkdirSync(join(top, "build"), { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) say(`waiting for the set-up of process ${holder().split(" ")[0]} in this folder`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link appears with its content, so a lock that names no holder never exists. */
function take() {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, identity(process.pid));
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (lives(holder())) return false;
    rmSync(file, { force: true });
    return take();
  } finally {
    rmSync(mine, { force: true });
  }
}

function holder() {
  return read(file);
}

/** Number and start of a process, as "4242 818384": a number is given again. "4242 " when it is gone. */
function identity(pid) {
  // Its name, in parentheses, may hold anything.
  const fields = read(`/proc/${pid}/stat`).split(")").at(-1).trim().split(" ");
  return `${pid} ${fields[19] ?? ""}`;
}

function lives(holder) {
  const [pid, start = ""] = holder.split(" ");
  return start !== "" && identity(pid) === holder;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
