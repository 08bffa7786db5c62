import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A container engine of our own, on folders of its own. `run` takes options, "--" where the image goes, then the command. */
export interface Engine {
  readonly folder: string;
  /** Runs the engine's command line and returns what it printed. */
  run(...args: readonly string[]): string;
  /** As run, without waiting. */
  start(...args: readonly string[]): ChildProcess;
  stop(): Promise<void>;
}

const IMAGE = "spydertop-test:1";
const BUSYBOX = "/bin/busybox";
/** A container that ends at once: proves that the engine can run one here. */
const TRIAL = ["run", "--rm", "--network", "none", "--", "sleep", "0"];
/** An engine that does not answer is none. */
const CLIENT_MS = 20_000;
/** The file system of the image is one static program of 2 MB. */
const MOST_TAR_BYTES = 64 << 20;

/** A private dockerd or podman, or the reason why there is none. */
export async function engine(kind: "docker" | "podman"): Promise<Engine | string> {
  const reason = missing(kind === "docker" ? ["docker", "dockerd"] : ["podman", "runc", "conmon"]);
  return reason ?? (await (kind === "docker" ? startDocker() : startPodman()).catch(String));
}

function missing(commands: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return "needs root to run a container engine";
  if (!existsSync(BUSYBOX)) return `needs ${BUSYBOX} (Debian: busybox-static)`;
  const absent = commands.filter((command) => !onPath(command));
  return absent.length === 0 ? undefined : `${absent.join(", ")} not installed (Debian: docker.io podman runc)`;
}

function onPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}

async function startDocker(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "dockerd-"));
  const socket = `unix://${folder}/d.sock`;
  const own = ["--data-root", `${folder}/root`, "--exec-root", `${folder}/exec`, "--pidfile", `${folder}/pid`];
  const bare = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"];
  // A file: this process does not read a pipe while it waits for a client, and the daemon waits for room in it.
  const log = openSync(join(folder, "log"), "w+");
  const daemon = spawn("dockerd", [...own, ...bare, "-H", socket], { stdio: ["ignore", "ignore", log] });
  const ended = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const client = commandLine(folder, "docker", ["-H", socket], []);
  const stop = async () => {
    // Containers outlive a daemon that is only killed.
    const { stdout } = spawnSync("docker", ["-H", socket, "ps", "-q"], { encoding: "utf8", timeout: CLIENT_MS });
    for (const id of (stdout ?? "").split("\n").filter(Boolean)) client.run("kill", id);
    daemon.kill("SIGTERM");
    await ended;
    closeSync(log);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + 30_000;
  while (spawnSync("docker", ["-H", socket, "version"], { timeout: CLIENT_MS }).status !== 0) {
    if (daemon.exitCode !== null || performance.now() > deadline) {
      const said = readFileSync(join(folder, "log"), "utf8").slice(-2_000);
      await stop();
      throw new Error(`dockerd did not start: ${said}`);
    }
    await sleep(50);
  }
  return await tried({ ...client, stop });
}

/** Podman has no daemon: there is nothing to wait for. */
async function startPodman(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "podman-"));
  const folders = ["--root", `${folder}/root`, "--runroot", `${folder}/run`, "--tmpdir", `${folder}/tmp`];
  const plain = ["--storage-driver=vfs", "--runtime=runc", "--cgroup-manager=cgroupfs"];
  const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"];
  const client = commandLine(folder, "podman", [...folders, ...plain], limits);
  const stop = async () => {
    client.run("rm", "--all", "--force", "--time", "0");
    await unused(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  return await tried({ ...client, stop });
}

/** Waits until no process names the folder: conmon cleans up after its container, and would make the folder anew. */
async function unused(folder: string): Promise<void> {
  const named = () =>
    readdirSync("/proc").some((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "latin1").includes(folder);
      } catch {
        return false;
      }
    });
  const deadline = performance.now() + 30_000;
  while (named() && performance.now() < deadline) await sleep(20);
}

function commandLine(
  folder: string,
  command: string,
  global: readonly string[],
  runOptions: readonly string[],
): Omit<Engine, "stop"> {
  const complete = ([verb = "", ...args]: readonly string[]) => {
    const split = args.indexOf("--");
    const rest = verb === "run" ? [...runOptions, ...args.slice(0, split), IMAGE, ...args.slice(split + 1)] : args;
    return [...global, verb, ...rest];
  };
  const tar = execFileSync("tar", ["-C", busybox(folder), "-c", "."], { maxBuffer: MOST_TAR_BYTES });
  return {
    folder,
    run: (...args) =>
      execFileSync(command, complete(args), {
        encoding: "utf8",
        stdio: "pipe",
        timeout: CLIENT_MS,
        input: args[0] === "import" ? tar : "",
      }),
    start: (...args) => spawn(command, complete(args), { stdio: "ignore" }),
  };
}

async function tried(engine: Engine): Promise<Engine> {
  try {
    engine.run("import", "-", IMAGE);
    engine.run(...TRIAL);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

function busybox(folder: string): string {
  const root = join(folder, "busybox");
  mkdirSync(join(root, "bin"), { recursive: true });
  copyFileSync(BUSYBOX, join(root, "bin", "busybox"));
  for (const applet of ["sh", "sleep"]) symlinkSync("busybox", join(root, "bin", applet));
  return root;
}
