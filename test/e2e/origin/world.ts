import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { type LiveSource, openLive } from "../../../src/capture/live/live-source.ts";
import { CONNECTION_FLAG } from "../../../src/core/graph/connections.ts";
import { type ConnectionIndex, NONE } from "../../../src/core/graph/indexes.ts";
import { processAt } from "../../../src/core/graph/peers.ts";
import { imageAt } from "../../../src/core/graph/provenance.ts";
import { Monitor } from "../../../src/core/monitor.ts";
import type { ConnectionId } from "../../../src/core/query/model.ts";
import { commandOfImage } from "../../../src/core/query/names.ts";

const DEADLINE_MS = 90_000;

/** The port at which hub.mjs serves files and takes connections. */
export const HUB = 8000;

/**
 * Network and mount namespaces of their own with real processes in them, watched by one live capture. They are held by one process;
 * everything in them ends with `close`.
 */
export class World {
  readonly folder: string;
  readonly actors: string;
  readonly preload: string;
  readonly monitor = new Monitor();
  readonly source: LiveSource;
  readonly #holder: ChildProcess;
  /** Of another world beside this one nothing is meant. */
  readonly #netns: number;
  readonly #children: ChildProcess[] = [];

  private constructor(holder: ChildProcess, folder: string, source: LiveSource) {
    this.#holder = holder;
    this.#netns = statSync(`/proc/${holder.pid}/ns/net`).ino;
    this.folder = folder;
    this.actors = join(folder, "actors");
    this.preload = join(folder, "preload.so");
    this.source = source;
  }

  static async open(): Promise<World> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "spydertop-origin-")));
    // Daemons keep their pid files and sockets below /run: it is theirs alone.
    const setUp = "mount -t tmpfs none /run && mkdir /run/sshd && ip link set lo up && echo ready && exec cat";
    const holder = spawn("unshare", ["--net", "--mount", "--propagation", "private", "sh", "-c", setUp], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(createInterface({ input: holder.stdout }), "line");
    // Before the capture begins: what it sees written is a cause.
    execFileSync("clang", ["-O1", "-o", join(folder, "actors"), join(import.meta.dirname, "actors.c")]);
    execFileSync("clang", [
      "-shared",
      "-fPIC",
      "-o",
      join(folder, "preload.so"),
      join(import.meta.dirname, "preload.c"),
    ]);
    const world = new World(holder, folder, await openLive());
    world.spawn(process.execPath, [join(import.meta.dirname, "hub.mjs"), String(HUB)]);
    await world.listening(HUB);
    return world;
  }

  /** Starts a program in the namespaces. Its standard input is open until the world closes, or it is ended. */
  spawn(command: string, args: readonly string[], cwd = this.folder): ChildProcess {
    const enter = [`--net=/proc/${this.#holder.pid}/ns/net`, `--mount=/proc/${this.#holder.pid}/ns/mnt`, `--wd=${cwd}`];
    const child = spawn("nsenter", [...enter, command, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.on("data", () => {});
    this.#children.push(child);
    return child;
  }

  drain(): void {
    while (this.source.drain((batch) => this.monitor.ingest(batch), 50));
  }

  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      this.drain();
      const found = find();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`never seen: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** Waits until a server is there. */
  async listening(port: number): Promise<void> {
    await this.until(`a server at ${port}`, () =>
      this.#toPort(port, (row) => this.monitor.graph.connections.isListening(row)),
    );
  }

  /** The connection to a port that is over, by what its client ran. */
  ended(port: number, commandEnd: string): ConnectionId | undefined {
    const { graph } = this.monitor;
    const { connections } = graph;
    const found = this.#toPort(port, (row) => {
      if (!connections.has(row, CONNECTION_FLAG.CLOSED)) return false;
      const client = processAt(graph, row, connections.clientSide.get(row));
      const image = client === NONE ? NONE : imageAt(graph, client, connections.openedNs.get(row));
      return image !== NONE && commandOfImage(graph, image).endsWith(commandEnd);
    });
    return found === undefined ? undefined : connections.id(found);
  }

  #toPort(port: number, is: (row: ConnectionIndex) => boolean): ConnectionIndex | undefined {
    const { connections } = this.monitor.graph;
    for (let row = 0; row < connections.limit; row++) {
      if (!connections.isLive(row) || connections.isUnix(row)) continue;
      if (connections.netns.get(row) !== this.#netns) continue;
      const server = connections.isListening(row) ? 2 * row : 2 * row + 1 - connections.clientSide.get(row);
      if (connections.port.get(server) === port && is(row)) return row;
    }
    return undefined;
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.stdin?.end();
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) await gone(child);
    this.source.close();
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, "exit");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Daemons do not look at their standard input: they are asked to end. */
async function gone(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}

/** Whether a program is installed. */
export function installed(program: string): boolean {
  const folders = `${process.env.PATH ?? ""}${delimiter}/usr/sbin`.split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
