import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ContainerNames } from "../../src/capture/containers/container-names.ts";
import { FLAG } from "../../src/core/wire/layout.gen.ts";
import { type Engine, engine } from "../capture/containers-engines.ts";
import { Capture } from "./capture.ts";

const LISTEN = 10;
const PORT = 7007;

const started = await engine("docker");

describe("docker", { timeout: 90_000 }, () => {
  const docker = started as Engine;
  beforeEach((context) => {
    if (typeof started === "string") context.skip(started);
  });
  afterAll(async () => {
    if (typeof started !== "string") await started.stop();
  }, 60_000);

  test("a container from before the start: every process, its listener, and who connects in its own network", async () => {
    const script = `busybox nc -l -p ${PORT} & sleep 63 & wait`;
    const id = docker.run("run", "-d", "--name", "before-1", "--network", "none", "--", "sh", "-c", script).trim();
    const listening = () => docker.run("exec", "before-1", "busybox", "netstat", "-ltn").includes(`:${PORT} `);
    await expect.poll(listening, { timeout: 30_000 }).toBe(true);
    const capture = await Capture.open({ everything: true });
    onTestFinished(() => capture.close());
    capture.drain();

    const inside = capture.of("PROCESS").filter((row) => row.cgroupPath.includes(id));
    const commands = inside.map((row) => row.argv.join(" "));
    expect(commands.sort()).toEqual([`busybox nc -l -p ${PORT}`, `sh -c ${script}`, "sleep 63"]);
    const names = new ContainerNames();
    const name = { kind: "container", runtime: "docker", id, name: "before-1", image: "spydertop-test:1" };
    for (const row of inside) expect(names.lookup(row.cgroupPath)).toEqual(name);
    const server = inside.find((row) => row.argv[1] === "nc")!;
    const own = capture.of("PROCESS", process.pid)[0]!;
    expect(server.ns.net).not.toBe(own.ns.net);
    const found = (row: { state: number; flags: number }) => row.state === LISTEN && row.flags === FLAG.BEFORE_START;
    const listeners = capture.of("SOCKET", server.pid).filter(found);
    expect(listeners).toMatchObject([{ localPort: PORT, netns: server.ns.net }]);

    docker.run("exec", "before-1", "sh", "-c", `busybox nc 127.0.0.1 ${PORT} < /dev/null`);
    const accept = await capture.first("ACCEPT", server.pid);
    expect(accept).toMatchObject({ localPort: PORT, netns: server.ns.net });
    const connect = capture.of("CONNECT").find((row) => row.remotePort === PORT && row.netns === server.ns.net)!;
    expect(connect).toMatchObject({ localPort: accept.remotePort, err: 0 });
    const client = capture.of("EXEC", connect.pid).at(-1)!;
    expect(client.argv).toEqual(["busybox", "nc", "127.0.0.1", String(PORT)]);
    expect(names.lookup(client.cgroupPath)).toEqual(name);
  });
});
