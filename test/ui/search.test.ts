import { expect, test } from "vitest";
import { Monitor } from "../../src/core/monitor.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { monitorQueries } from "../../src/ui/monitor-queries.ts";
import type { Queries } from "../../src/ui/ports.ts";
import { SearchIndex } from "../../src/ui/search/search-index.ts";
import { BASE_NS, graphFromText, WALL_NS } from "../core/fixture.ts";
import type { Screen } from "./screen.tsx";
import { crowd, show, tell } from "./stories.ts";

const NAMES = { user: String, container: () => "", cgroup: () => undefined };

const hitsOf = async (screen: Screen): Promise<string[]> =>
  (await screen.lines()).filter((line) => /^ *.? *(?:proc|file|conn|alert) /u.test(line));

test.each(["sleep4242", "slep4242", "sleep 4242", "slep 4242"])(
  "a command is found as it is typed from memory: %s",
  async (typed) => {
    const screen = tell("bash > sleep(4242); bash > sleep#2(10); bash > sl(424)");
    screen.press("/", typed);
    expect((await hitsOf(screen))[0]).toMatch(/sleep 4242/u);
  },
);

test("living processes come before exited ones, names before arguments", async () => {
  const screen = tell(`
    bash > date; date exits 0
    bash > date#2; date#2 exits 0
    bash > watch(date)
    bash > dated
    bash > date#3
  `);
  screen.press("/", "date");
  const hits = (await hitsOf(screen)).map((line) => /proc +\d+ (.*)/u.exec(line)?.[1]?.replace(/[ │]+/gu, " ").trim());
  expect(hits.slice(0, 5)).toEqual(["date", "dated", "watch date", "date exited", "date exited"]);
});

test("part of a path is found in a living process before in an exited one that was given just that", async () => {
  const screen = tell("bash > curl; curl writes /tmp/in/k; bash > /tmp/in/k; bash > grep(/in/k); grep exits 0");
  screen.press("/", "/in/k");
  expect((await hitsOf(screen)).slice(0, 2)).toEqual([
    expect.stringMatching(/proc +\d+ \/tmp\/in\/k/u),
    expect.stringMatching(/grep .*exited/u),
  ]);
});

test("what begins while its name is typed is found the next moment, before what is similar is", async () => {
  const told = graphFromText("bash > vim");
  const screen = show(told.monitor);
  screen.press("/", "sleep 4711");
  await screen.drawn();
  told.go("bash > sleep(4711)");
  screen.tick();
  await screen.drawn();
  expect(screen.store.snapshot().frame.search).toMatchObject({ searching: true, total: 1 });
  expect(await hitsOf(screen)).toEqual([expect.stringMatching(/sleep 4711/u)]);
});

const PROCESSES = 5_000;
const FILES = 20_000;
/** Of CPU time between two looks at the keyboard, on a machine that others use; a key is answered in some 30 ms. */
const MOST_MS = 400;

function busy(): Monitor {
  const monitor = new Monitor();
  crowd(monitor, 1000, PROCESSES, (pid) => (pid === 5555 ? ["sleep", "4242"] : [`worker-${pid}`, `--id=${pid}`]));
  const writer = new BatchWriter();
  const timeNs = BASE_NS + 90e9;
  for (let ino = 1; ino <= FILES; ino++) {
    const pid = 1000 + (ino % PROCESSES);
    writer.open({ timeNs, pid, startNs: BASE_NS + pid * 1e6, path: `/srv/data/${ino}.db`, dev: 1, ino, open: 2 });
  }
  monitor.ingest(writer.finish(timeNs, WALL_NS + BigInt(timeNs - BASE_NS)));
  return monitor;
}

test("on a busy machine each key is answered at once, and what is similar follows in slices", async () => {
  const screen = show(busy(), { columns: 120, rows: 30 });
  await screen.lines();
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  let longestMs = 0;
  const step = async (run: () => unknown): Promise<void> => {
    const began = cpuMs();
    await run();
    longestMs = Math.max(longestMs, cpuMs() - began);
  };
  let slices = 0;
  for (const key of ["/", ..."slep4242"]) {
    await step(async () => {
      screen.press(key);
      await screen.drawn();
    });
    for (let more = true; more; slices++) {
      await step(() => {
        more = screen.store.follow(8);
      });
    }
  }
  expect(await screen.text()).toMatch(/proc +5555 sleep 4242/u);
  expect(await screen.text()).toMatch(/similar/u);
  expect(slices).toBeGreaterThan(20);
  expect(longestMs).toBeLessThan(MOST_MS);
});

test("of very many entries, which take long to collect, an open search collects those of some moments only", () => {
  const told = graphFromText("bash > vim");
  const queries = monitorQueries(told.monitor, NAMES);
  let collected = 0;
  const slow = Object.create(queries, {
    entries: {
      value: () => {
        collected++;
        for (const endMs = performance.now() + 60; performance.now() < endMs; );
        return queries.entries();
      },
    },
  }) as Queries;
  const index = new SearchIndex(slow, NAMES);
  for (let second = 0; second < 5; second++) {
    told.go(`bash > cat${second}`);
    expect(index.search("name:vim", 10, queries.nowNs).hits[0]?.text).toMatch(/vim$/u);
  }
  expect(collected).toBe(1);
  index.forget();
  expect(index.search("cat4", 10, queries.nowNs).hits[0]?.text).toMatch(/cat4$/u);
});
