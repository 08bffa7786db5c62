import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Subject } from "../../../src/core/query/model.ts";
import { cannotTrace } from "../program.ts";
import { distract } from "./distractors.ts";
import { judge, leadsThere, type Scenario, Stage } from "./scenario.ts";
import { building } from "./scenarios/building.ts";
import { daemons } from "./scenarios/daemons.ts";
import { downloads } from "./scenarios/downloads.ts";
import { files } from "./scenarios/files.ts";
import { processes } from "./scenarios/processes.ts";
import { servers } from "./scenarios/servers.ts";
import { installed, World } from "./world.ts";

/** All of them run at once, under one capture, beside others that have nothing to do with them. */
const scenarios: readonly Scenario[] = [...downloads, ...files, ...servers, ...processes, ...daemons, ...building];
/** Scenarios that begin while others run. */
const AT_ONCE = 6;

interface Played {
  readonly target?: Subject;
  readonly failed?: unknown;
}

const played = new Map<Scenario, Played>();
let world: World | undefined;

const missing = ({ needs = [] }: Scenario): string | undefined => cannotTrace ?? needs.find((one) => !installed(one));

async function play(scenario: Scenario, stage: Stage): Promise<Played> {
  try {
    await scenario.run(stage);
    return { target: await stage.target() };
  } catch (failed) {
    return { failed };
  } finally {
    stage.end();
  }
}

beforeAll(async () => {
  if (cannotTrace !== undefined) return;
  world = await World.open();
  const others = distract(world);
  const waiting = scenarios
    .map((scenario, index) => ({ scenario, index }))
    .filter(({ scenario }) => !missing(scenario));
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      played.set(one.scenario, await play(one.scenario, new Stage(world as World, one.scenario, one.index)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  others.end();
  world.drain();
}, 240_000);

afterAll(() => world?.close());

describe("the origin is found of", () => {
  for (const scenario of scenarios) {
    test(scenario.name, ({ skip }) => {
      const lacking = missing(scenario);
      if (lacking !== undefined) skip(cannotTrace ?? `${lacking} is not installed`);
      const { target, failed } = played.get(scenario) ?? {};
      if (failed !== undefined) throw failed;
      if (world === undefined || target === undefined) throw new Error("it was not played");
      expect(judge(world, scenario, target).join("\n")).toBe("");
      expect(leadsThere(world, scenario, target), "its impact leads to it").toBe(true);
    });
  }
});
