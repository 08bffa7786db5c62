import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ContainerNames } from "../../src/capture/containers/container-names.ts";
import { inspect } from "../../src/capture/containers/docker-socket.ts";
import { fromDocker } from "../../src/capture/containers/resolve.ts";
import { openLive } from "../../src/capture/live/live-source.ts";
import { CaptureError, type EventSource } from "../../src/capture/source.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import { IMAGE, KIND } from "../../src/core/wire/layout.gen.ts";
import { type Engine, engine } from "./containers-engines.ts";
import { Seen } from "./procfs-rows.ts";

const started = await engine("docker");

describe("docker", { timeout: 30_000 }, () => {
  const docker = started as Engine;
  beforeEach((context) => {
    if (typeof started === "string") context.skip(started);
  });
  afterAll(async () => {
    if (typeof started !== "string") await started.stop();
  }, 60_000);

  test("a container that runs with a data root of its own: name and image, of every process in it", async () => {
    const command = ["sh", "-c", "sleep 61 & sleep 62; :"];
    const id = docker.run("run", "-d", "--name", "web-1", "--network", "none", "--", ...command).trim();
    const seen = new Seen({ intervalMs: 50 });
    const inside = (end: string) =>
      seen.rows.find((row) => String(row.cgroup).includes(id) && String(row.argv).endsWith(`\0${end}`));
    await seen.until(() => inside("61") && inside("62"));
    const names = new ContainerNames();
    const expected = { kind: "container", runtime: "docker", id, name: "web-1", image: "spydertop-test:1" };
    for (const end of ["61", "62", "sleep 61 & sleep 62; :"])
      expect(names.lookup(String(inside(end)?.cgroup))).toEqual(expected);
  });

  test("a container that lives 200 ms keeps its name", async (context) => {
    const source = await liveSource();
    if (source === undefined) return context.skip("kernel events cannot be had here");
    onTestFinished(() => source.close());
    const names = new ContainerNames();
    const reader = new BatchReader();
    const groups = new Set<string>();
    const look = () =>
      source.drain((batch) => {
        reader.open(batch);
        while (reader.next()) {
          if (reader.kind !== KIND.EXEC) continue;
          groups.add(reader.text(IMAGE.cgroupPath));
          names.lookup(reader.text(IMAGE.cgroupPath));
        }
      }, 1_000);
    const running = docker.start("run", "--rm", "--name", "quick", "--network", "none", "--", "sh", "-c", "sleep 0.2");
    // Returns once the container has ended and was removed.
    let ended = false;
    running.once("exit", () => (ended = true));
    while (!ended) {
      look();
      await sleep(10);
    }
    look();
    expect(docker.run("ps", "--all", "--format", "{{.Names}}")).not.toContain("quick");
    const infos = [...groups].map((group) => names.lookup(group));
    expect(infos).toContainEqual(
      expect.objectContaining({ runtime: "docker", name: "quick", image: "spydertop-test:1" }),
    );
  });

  test("the engine's own answer gives the same as its files", async () => {
    const id = docker.run("run", "-d", "--name", "asked", "--network", "none", "--", "sleep", "60").trim();
    const answer = fromDocker(await inspect(join(docker.folder, "d.sock"), id));
    expect(answer).toEqual({ kind: "container", runtime: "docker", name: "asked", image: "spydertop-test:1" });
    expect(await inspect(join(docker.folder, "d.sock"), "0".repeat(64))).toBeUndefined();
    expect(await inspect(join(docker.folder, "nothing.sock"), id)).toBeUndefined();
  });
});

async function liveSource(): Promise<EventSource | undefined> {
  try {
    return await openLive();
  } catch (error) {
    if (error instanceof CaptureError) return undefined;
    throw error;
  }
}
