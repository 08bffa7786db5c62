import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ContainerNames } from "../../src/capture/containers/container-names.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { type Engine, engine } from "./containers-engines.ts";
import { Seen } from "./procfs-rows.ts";

const started = await engine("podman");

describe("podman", { timeout: 30_000 }, () => {
  const podman = started as Engine;
  beforeEach((context) => {
    if (typeof started === "string") context.skip(started);
  });
  afterAll(async () => {
    if (typeof started !== "string") await started.stop();
  }, 60_000);

  test.each(["--init=false", "--rm"])("a container with a storage of its own (%s): name and image", (option) => {
    const name = `pg-main${option}`.replace("=", "-");
    const id = podman.run("run", "-d", option, "--name", name, "--network", "none", "--", "sleep", "60").trim();
    const row = new Seen().rows.find(({ kind, cgroup }) => kind === KIND.PROCESS && String(cgroup).includes(id));
    expect(new ContainerNames().lookup(String(row?.cgroup))).toEqual({
      kind: "container",
      runtime: "podman",
      id,
      name,
      image: "localhost/spydertop-test:1",
    });
  });
});
