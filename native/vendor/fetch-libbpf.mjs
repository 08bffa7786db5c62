// Brings the pristine libbpf source of libbpf.json into native/vendor/libbpf-<version>.
//
// Sources, first one that works: a tarball already in this folder, the Debian source package, the project's release.
// All three are the same file: whatever the way, its SHA-256 is the pinned one or it is not unpacked.
// Needs Node >= 18 and tar only; apt is used through a private configuration and nothing under /etc or /var changes.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

/** The pin: version, Debian suite and tarball name, release address, SHA-256. */
export const libbpf = JSON.parse(readFileSync(join(here, "libbpf.json"), "utf8"));
export const libbpfDir = join(here, `libbpf-${libbpf.version}`);
const tarball = join(here, `libbpf-${libbpf.version}.tar.gz`);
const marker = join(libbpfDir, ".sha256");

/** True when the pinned source is unpacked completely. */
export function libbpfPresent() {
  return existsSync(marker) && readFileSync(marker, "utf8") === libbpf.sha256;
}

/** Unpacks the pinned source, downloading it when needed. Throws an Error that says what to do by hand. */
export async function fetchLibbpf() {
  if (libbpfPresent()) return;
  if (!existsSync(tarball)) await download();
  const sum = sha256(readFileSync(tarball));
  if (sum !== libbpf.sha256) {
    throw new Error(`${tarball} has SHA-256 ${sum}, pinned is ${libbpf.sha256}: delete it and try again`);
  }
  const work = mkdtempSync(join(here, "libbpf-unpack-"));
  try {
    await run("tar", ["-xzf", tarball, "-C", work, "--strip-components=1", "--no-same-owner"]);
    writeFileSync(join(work, ".sha256"), libbpf.sha256);
    chmodSync(work, 0o755);
    rmSync(libbpfDir, { recursive: true, force: true });
    renameSync(work, libbpfDir);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function download() {
  const refusals = [];
  for (const [name, fetchBytes] of [
    ["Debian source package", fromDebian],
    ["project release", fromRelease],
  ]) {
    try {
      const bytes = await fetchBytes();
      const sum = sha256(bytes);
      if (sum !== libbpf.sha256) throw new Error(`SHA-256 is ${sum}, pinned is ${libbpf.sha256}`);
      writeFileSync(`${tarball}.part`, bytes);
      renameSync(`${tarball}.part`, tarball);
      return;
    } catch (error) {
      refusals.push(`  ${name}: ${reason(error)}`);
    }
  }
  throw new Error(
    `libbpf ${libbpf.version} could not be downloaded:\n${refusals.join("\n")}\n` +
      `Without a network, put the tarball of ${libbpf.release}\n` +
      `(or Debian's ${libbpf.debianTarball}, the same file) at ${tarball}\n` +
      `Its SHA-256 must be ${libbpf.sha256}.`,
  );
}

/** The orig tarball of the Debian source package, from the mirrors this machine already uses. */
async function fromDebian() {
  const sources = sourceEntries();
  if (sources === "") throw new Error("apt has no Debian archive configured");
  const work = mkdtempSync(join(tmpdir(), "spydertop-apt-"));
  try {
    for (const dir of ["lists/partial", "cache/archives/partial", "parts"]) {
      mkdirSync(join(work, dir), { recursive: true });
    }
    writeFileSync(join(work, "parts", "trixie.sources"), sources);
    const options = {
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": join(work, "parts"),
      "Dir::State::lists": join(work, "lists"),
      "Dir::Cache": join(work, "cache"),
      "APT::Sandbox::User": "",
      "Acquire::Languages": "none",
    };
    const args = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const env = { ...process.env, LC_ALL: "C" };
    // One archive of several may not carry the suite: what counts is whether the tarball arrives.
    const update = await run("apt-get", [...args, "update"], { cwd: work, env }).catch((error) => error);
    await run("apt-get", [...args, "--download-only", "--tar-only", "source", "libbpf"], { cwd: work, env }).catch(
      (error) => {
        throw update instanceof Error ? update : error;
      },
    );
    return readFileSync(join(work, libbpf.debianTarball));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function fromRelease() {
  const response = await fetch(libbpf.release);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** deb-src stanzas (deb822) for the pinned suite, one per archive in apt's own configuration. */
function sourceEntries() {
  const stanzas = [];
  for (const file of aptFiles()) {
    const text = readFileSync(file, "utf8").replace(/^#.*\n/gm, "");
    stanzas.push(...(file.endsWith(".sources") ? fromDeb822(text) : fromOneLine(text)));
  }
  const archives = new Map();
  for (const { uris, suites, components, signedBy, enabled } of stanzas) {
    const isArchive = enabled && components.includes("main") && suites.some((suite) => !/[/]|-security$/.test(suite));
    if (!isArchive) continue;
    for (const uri of uris) archives.set(uri, signedBy);
  }
  return [...archives]
    .map(
      ([uri, signedBy]) =>
        `Types: deb-src\nURIs: ${uri}\nSuites: ${libbpf.debianSuite}\nComponents: main\n` +
        (signedBy === "" ? "" : `Signed-By: ${signedBy}\n`),
    )
    .join("\n");
}

function aptFiles() {
  const files = existsSync("/etc/apt/sources.list") ? ["/etc/apt/sources.list"] : [];
  const parts = "/etc/apt/sources.list.d";
  if (!existsSync(parts)) return files;
  return [
    ...files,
    ...readdirSync(parts)
      .filter((name) => /\.(list|sources)$/.test(name))
      .map((name) => join(parts, name)),
  ];
}

function fromDeb822(text) {
  return text.split(/\n\s*\n/).map((stanza) => {
    const field = (name) => stanza.match(new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, "im"))?.[1]?.trim() ?? "";
    const words = (name) => field(name).split(/\s+/).filter(Boolean);
    // A key given inline spans lines; only a keyring's path is carried over.
    const signedBy = field("Signed-By");
    return {
      uris: words("Types").includes("deb") ? words("URIs") : [],
      suites: words("Suites"),
      components: words("Components"),
      signedBy: signedBy.includes("\n") ? "" : signedBy,
      enabled: !/^no$/i.test(field("Enabled")),
    };
  });
}

function fromOneLine(text) {
  return text.split("\n").flatMap((line) => {
    const match = line.match(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/);
    if (!match) return [];
    const [, options = "", uri, suite, components] = match;
    const signedBy = options.match(/signed-by=(\S+)/i)?.[1] ?? "";
    return [{ uris: [uri], suites: [suite], components: components.split(/\s+/), signedBy, enabled: true }];
  });
}

/** The line of a failed command or request that says most. */
function reason(error) {
  const lines = String(error.stderr || error.cause?.message || error.message)
    .trim()
    .split("\n");
  return lines.find((line) => /^E: /.test(line)) ?? lines.at(-1);
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
