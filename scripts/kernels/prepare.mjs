// Everything a machine needs before it can start: emulator, kernel, its first program and its file system.

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch as hostArch } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Archive, extract } from "./apt.mjs";
import { initramfs } from "./initramfs.mjs";
import { debianArch, suites } from "./kernels.mjs";
import { emulator } from "./machine.mjs";

const run = promisify(execFile);

export const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const folder = join(top, "build", "kernels");

/** What begins a file that xz packed: https://tukaani.org/xz/xz-file-format.txt. */
const XZ = Buffer.from("fd377a585a00", "hex");

export const say = (line) => process.stderr.write(`kernels: ${line}\n`);

const archives = new Map();

/** Package lists of an architecture, renewed once a day. */
async function archiveOf(arch) {
  if (!archives.has(arch)) {
    const archive = new Archive(join(folder, "apt"), debianArch[arch], suites);
    await archive.update();
    archives.set(arch, archive);
  }
  return archives.get(arch);
}

/** Installs the emulator and, for the other architecture, its compiler, where they are missing. */
export async function installTools(arches) {
  const native = hostArch() === "x64" ? "x86_64" : "aarch64";
  const tools = [];
  for (const arch of arches) {
    tools.push([emulator(arch), arch === "x86_64" ? "qemu-system-x86" : "qemu-system-arm"]);
    if (arch !== native) tools.push([`${arch}-linux-gnu-g++`, `g++-${arch.replace("_", "-")}-linux-gnu`]);
  }
  const missing = [...new Set(tools.filter(([program]) => !onPath(program)).map(([, name]) => name))];
  if (missing.length === 0) return;
  say(`installing ${missing.join(" ")} from this machine's apt sources`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...missing], { env, maxBuffer: 1 << 26 });
}

/** The kernel of an entry of kernels.mjs: {version, file, overlay: its module for overlays}, or undefined when the archive has none. */
export async function fetchKernel({ arch, series }) {
  const archive = await archiveOf(arch);
  const preview = (version) => /~rc\d/.test(version);
  const versions = await archive.versions(`linux-image-${debianArch[arch]}`);
  const chosen = versions.find(({ version }) =>
    series === "preview" ? preview(version) : !preview(version) && (series === "newest" || version.startsWith(series)),
  );
  if (chosen === undefined) return undefined;
  const image = exactDependency(chosen, "linux-image-");
  // Since 7.0 the image package only depends on those that hold the image and the modules.
  const [package_] = await archive.versions(image.name);
  const part = async (prefix, pattern, file) => {
    if (existsSync(file)) return;
    const { name, version } = exactDependency(package_, prefix) ?? image;
    await extract(await archive.download(name, version), pattern, file);
  };
  const file = join(folder, arch, `vmlinuz-${chosen.version}`);
  const overlay = join(folder, arch, `overlay-${chosen.version}.ko`);
  mkdirSync(dirname(file), { recursive: true });
  await part("linux-binary-", "*/vmlinuz*", file);
  await part("linux-modules-", "*/overlay.ko*", overlay);
  return { version: chosen.version, file, overlay };
}

function exactDependency({ depends }, prefix) {
  const match = depends.map((text) => text.match(/^(\S+) \(= (.*)\)$/)).find((match) => match?.[1].startsWith(prefix));
  return match ? { name: match[1], version: match[2] } : undefined;
}

/** Compiles the first program and the BPF object and packs them; the archive all kernels of an architecture unpack. */
export async function buildInitrd(arch) {
  const out = join(folder, arch);
  const sysroot = join(out, "sysroot");
  const archive = await archiveOf(arch);
  if (!existsSync(join(sysroot, "usr/include/zlib.h"))) {
    for (const name of ["libelf-dev", "zlib1g-dev"]) {
      // Bookworm's: later ones of libelf also need zstd.
      const { version } = (await archive.versions(name)).find(({ version }) =>
        /(deb12|^0\.188|1\.2\.13)/.test(version),
      );
      await archive.unpack(await archive.download(name, version), sysroot);
    }
  }
  const make = ["-C", join(top, "test/kernels"), "--no-print-directory", "-j2", `ARCH=${arch}`, `OUT=${out}`];
  await run("nice", ["-n", "10", "make", ...make, `SYSROOT=${sysroot}`], { maxBuffer: 1 << 26 });
  const files = ["init", "spydertop.bpf.o"].map((name) => [name, readFileSync(join(out, name))]);
  return initramfs(["dev", "proc", "sys", "tmp"], Object.fromEntries(files));
}

/** Writes what a kernel unpacks, with its module; the path. */
export function writeInitrd({ file, overlay }, common) {
  const initrd = `${file}.initrd`;
  const packed = readFileSync(overlay);
  const module_ = packed.subarray(0, XZ.length).equals(XZ)
    ? execFileSync("xz", ["-dc", overlay], { maxBuffer: 1 << 26 })
    : packed;
  writeFileSync(initrd, Buffer.concat([common, initramfs([], { "overlay.ko": module_ })]));
  return initrd;
}

function onPath(program) {
  return (process.env.PATH ?? "").split(":").some((dir) => existsSync(join(dir, program)));
}
