// Debian packages of any suite and architecture, through apt with a configuration and state of its own: nothing under
// /etc or /var changes, and apt checks signatures and sums as always.

import { execFile, execFileSync, spawn } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const env = { ...process.env, LC_ALL: "C" };
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const DAY_MS = 86_400_000;

/** Package lists below `folder`, which is kept between runs. `suites`: {main, security}. */
export class Archive {
  #folder;
  #args;

  constructor(folder, arch, suites) {
    this.#folder = join(folder, arch);
    for (const dir of ["lists/partial", "cache/archives/partial", "parts", "debs"]) {
      mkdirSync(join(this.#folder, dir), { recursive: true });
    }
    writeFileSync(join(this.#folder, "status"), "");
    writeFileSync(join(this.#folder, "parts", "archive.sources"), sources(arch, suites));
    const options = {
      "APT::Architecture": arch,
      "APT::Architectures": arch,
      "APT::Sandbox::User": "",
      "Acquire::Languages": "none",
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": join(this.#folder, "parts"),
      "Dir::State::lists": join(this.#folder, "lists"),
      "Dir::State::status": join(this.#folder, "status"),
      "Dir::Cache": join(this.#folder, "cache"),
    };
    this.#args = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  }

  /** Renews the lists when they are older than a day. One suite of several may be gone: the others count. */
  async update() {
    const stamp = join(this.#folder, "updated");
    if (existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < DAY_MS) return;
    await run("apt-get", [...this.#args, "update"], { env }).catch(() => undefined);
    writeFileSync(stamp, "");
  }

  /** Every version of a package: {version, depends}, highest first. */
  async versions(name) {
    const { stdout } = await run("apt-cache", [...this.#args, "show", name], { env, maxBuffer: 1 << 24 }).catch(() => ({
      stdout: "",
    }));
    return stdout
      .split("\n\n")
      .filter((stanza) => stanza.includes("Version:"))
      .map((stanza) => ({
        version: stanza.match(/^Version: (.*)$/m)[1],
        depends: (stanza.match(/^Depends: (.*)$/m)?.[1] ?? "").split(", "),
      }))
      .sort((a, b) => (newer(a.version, b.version) ? -1 : 1));
  }

  /** Path of a package's file, downloaded unless it is there already. */
  async download(name, version) {
    const debs = join(this.#folder, "debs");
    // A version's epoch is not part of the file name.
    const prefix = `${name}_${version.replace(/^\d+:/, "")}_`;
    const there = () =>
      readdirSync(debs).find((file) => decodeURIComponent(file).replace(/_\d+:/, "_").startsWith(prefix));
    if (there() === undefined) {
      await run("apt-get", [...this.#args, "download", `${name}=${version}`], { cwd: debs, env });
    }
    return join(debs, there());
  }

  /** Unpacks a package below a folder. */
  async unpack(deb, folder) {
    mkdirSync(folder, { recursive: true });
    await run("dpkg-deb", ["-x", deb, folder]);
  }
}

/** The one file of a package that matches a pattern of tar, written to `output`. */
export async function extract(deb, pattern, output) {
  const part = `${output}.part`;
  await new Promise((resolve, reject) => {
    const files = spawn("dpkg-deb", ["--fsys-tarfile", deb], { stdio: ["ignore", "pipe", "ignore"] });
    const tar = spawn("tar", ["-xO", "--wildcards", pattern], { stdio: [files.stdout, "pipe", "ignore"] });
    tar.stdout.pipe(createWriteStream(part)).on("finish", resolve).on("error", reject);
    for (const child of [files, tar]) child.on("error", reject);
  });
  if (statSync(part).size === 0) {
    rmSync(part);
    throw new Error(`${deb} has no ${pattern}`);
  }
  renameSync(part, output);
}

function newer(a, b) {
  try {
    execFileSync("dpkg", ["--compare-versions", a, "gt", b]);
    return true;
  } catch {
    return false;
  }
}

/** deb822 sources of the given suites at the mirrors this machine uses. */
function sources(arch, suites) {
  const mirrors = configuredMirrors();
  const stanza = (uri, names) =>
    [
      "Types: deb",
      `URIs: ${uri}`,
      `Suites: ${names.join(" ")}`,
      "Components: main",
      `Architectures: ${arch}`,
      ...(existsSync(keyring) ? [`Signed-By: ${keyring}`] : []),
      "",
    ].join("\n");
  return `${stanza(mirrors.main, suites.main)}\n${stanza(mirrors.security, suites.security)}`;
}

function configuredMirrors() {
  const mirrors = {};
  const format = "$(ORIGIN) $(RELEASE) $(COMPONENT) $(REPO_URI)";
  const targets = execFileSync("apt-get", ["indextargets", "--format", format, "Created-By: Packages"], { env });
  for (const line of targets.toString().split("\n")) {
    const [origin, release, component, uri] = line.split(" ");
    if (origin !== "Debian" || component !== "main") continue;
    if (release.endsWith("-security")) mirrors.security = uri;
    else if (!release.includes("-")) mirrors.main = uri;
  }
  if (!mirrors.main || !mirrors.security)
    throw new Error("apt has no Debian main and security archive: run apt-get update");
  return mirrors;
}
