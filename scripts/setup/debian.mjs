// The Debian packages the build needs, each with the file that proves it is there.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run, say } from "./run.mjs";

const has = (...paths) => paths.some((path) => existsSync(path));

function onPath(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/bin", "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, name)));
}

function llvmStrip() {
  const versions = existsSync("/usr/lib") ? readdirSync("/usr/lib").filter((name) => name.startsWith("llvm-")) : [];
  return onPath("llvm-strip") || versions.some((name) => existsSync(join("/usr/lib", name, "bin/llvm-strip")));
}

const packages = {
  clang: () => onPath("clang"),
  llvm: llvmStrip,
  bpftool: () => onPath("bpftool"),
  make: () => onPath("make"),
  gcc: () => onPath("gcc"),
  "g++": () => onPath("g++"),
  "libc6-dev": () => has("/usr/include/stdio.h"),
  "libelf-dev": () => has("/usr/include/libelf.h"),
  "zlib1g-dev": () => has("/usr/include/zlib.h"),
  "ca-certificates": () => has("/etc/ssl/certs/ca-certificates.crt"),
};

/** Names of the packages whose proof is missing. */
export function missingPackages() {
  return Object.keys(packages).filter((name) => !packages[name]());
}

/** Installs what is missing; refreshes apt's lists only when it does not know a package. */
export async function installPackages() {
  const names = missingPackages();
  if (!onPath("apt-get")) throw new Error(`this system has no apt-get; it lacks ${names.join(", ")}`);
  const root = process.getuid() === 0;
  if (!root && !onPath("sudo")) throw new Error(`installing ${names.join(", ")} needs root, and sudo is not there`);
  if (!root) say("Debian packages are installed through sudo");
  // sudo drops the environment, so apt's is given on its command line. A fresh server's own upgrades may hold dpkg's lock.
  const apt = (...args) => [
    ...(root ? [] : ["sudo"]),
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "-o",
    "DPkg::Lock::Timeout=300",
    ...args,
  ];
  const install = apt("install", "-y", "-q", "--no-install-recommends", ...names);
  try {
    await run(install);
  } catch (error) {
    if (error.interruption) throw error;
    // One unreachable third-party source makes `update` fail; what counts is whether the packages then install.
    const update = await run(apt("update", "-q")).catch((error) => error);
    await run(install).catch((again) => {
      if (update instanceof Error) again.output = `${update.output}\n${again.output}`;
      throw again;
    });
  }
  const still = missingPackages();
  if (still.length > 0) throw new Error(`apt-get reported success, but ${still.join(", ")} cannot be found`);
}
