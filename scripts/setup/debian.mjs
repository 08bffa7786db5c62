// The Debian packages that the build and the tests need, each with the file that proves it is there.

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

/** To compile the kernel programs and the addon. */
export const ofBuild = {
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

/** Daemons and container engines that the tests start for themselves, and what makes networks for them. */
export const ofTests = {
  "busybox-static": () => has("/bin/busybox"),
  cron: () => onPath("cron"),
  "docker.io": () => onPath("dockerd"),
  nftables: () => onPath("nft"),
  "nginx-light": () => onPath("nginx"),
  "openssh-client": () => onPath("ssh-keygen"),
  "openssh-server": () => onPath("sshd"),
  podman: () => onPath("podman"),
  runc: () => onPath("runc"),
  socat: () => onPath("socat"),
};

/** With these in apt's environment services are not started by being installed: the first with systemd, the second without. */
export const UNSTARTED = ["SYSTEMD_OFFLINE=1", "RUNLEVEL=1"];

/** Names of the packages whose proof is missing. */
export function missingOf(packages) {
  return Object.keys(packages).filter((name) => !packages[name]());
}

/** Installs what is missing, with more in apt's environment; refreshes apt's lists only when it does not know a package. */
export async function install(packages, environment = []) {
  const names = missingOf(packages);
  if (!onPath("apt-get")) throw new Error(`this system has no apt-get; it lacks ${names.join(", ")}`);
  const root = process.getuid() === 0;
  if (!root && !onPath("sudo")) throw new Error(`installing ${names.join(", ")} needs root, and sudo is not there`);
  if (!root) say("Debian packages are installed through sudo");
  // sudo drops the environment, so apt's is given on its command line. A fresh server's own upgrades may hold dpkg's lock.
  const apt = (...args) => [
    ...(root ? [] : ["sudo"]),
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    ...environment,
    "apt-get",
    "-o",
    "DPkg::Lock::Timeout=300",
    ...args,
  ];
  const command = apt("install", "-y", "-q", "--no-install-recommends", ...names);
  try {
    await run(command);
  } catch (error) {
    if (error.interruption) throw error;
    // One unreachable third-party source makes `update` fail; what counts is whether the packages then install.
    const update = await run(apt("update", "-q")).catch((error) => error);
    await run(command).catch((again) => {
      if (update instanceof Error) again.output = `${update.output}\n${again.output}`;
      throw again;
    });
  }
  const still = missingOf(packages);
  if (still.length > 0) throw new Error(`apt-get reported success, but ${still.join(", ")} cannot be found`);
}
