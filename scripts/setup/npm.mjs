// npm packages as package-lock.json pins them, including the Node runtime the program runs on.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, top } from "./run.mjs";

const stamp = join(top, "node_modules", ".spydertop-lock");
const runtime = join(top, "node_modules", `node-linux-${process.arch}`, "bin", "node");

/** True when node_modules was installed from this package-lock.json, completely, for this machine. */
export function modulesFresh() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === lockId();
}

/** `npm ci`; the stamp is written last, and npm removes it first, so an interrupted run is seen. */
export async function installModules() {
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  await run([...npm, "ci", "--loglevel=error", "--no-progress"]);
  // npm skips an optional package it cannot download, and the runtime is one (it differs by architecture).
  const major = await run([runtime, "-p", "process.versions.node"]).catch((error) => {
    if (Number(process.versions.node.split(".")[0]) >= 22) return process.versions.node;
    throw new Error(
      `the runtime package node-linux-${process.arch} was not installed or does not run (${error.message}), and this system's Node ${process.versions.node} is older than 22`,
    );
  });
  if (Number.parseInt(major, 10) < 22) throw new Error(`the runtime is Node ${major}, 22 or newer is needed`);
  writeFileSync(stamp, lockId());
}

function lockId() {
  const hash = createHash("sha256");
  for (const name of ["package-lock.json", ".npmrc"]) hash.update(readFileSync(join(top, name)));
  return `${process.arch} ${hash.digest("hex")}`;
}
