import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { BASE_NS, graphFromText, WALL_NS } from "../core/fixture.ts";
import { show } from "./stories.ts";

const CONNECTIONS = 5_000;
const LISTENERS = 10_000;
/** Of CPU time, for all of it: far more than it takes, far less than a row of the process for each of its connections took. */
const MOST_MS = 10_000;

test("one process with thousands of connections and listeners is shown, found and explained in time", async () => {
  const told = graphFromText("bash > srv; srv listens :80");
  const writer = new BatchWriter();
  const { story, monitor } = told;
  const head = story.head("srv");
  for (let i = 0; i < CONNECTIONS; i++) {
    const remote = `203.0.${i >> 8}.${i & 255}`;
    writer.sock(KIND.ACCEPT, {
      ...head,
      sock: 100_000 + i,
      local: "10.0.0.4",
      localPort: 80,
      remote,
      remotePort: 2000,
    });
  }
  for (let i = 0; i < LISTENERS; i++)
    writer.sock(KIND.LISTEN, { ...head, sock: 200_000 + i, local: "0.0.0.0", localPort: 10_000 + i });
  const timeNs = story.nowNs + 1e9;
  monitor.ingest(writer.finish(timeNs, WALL_NS + BigInt(timeNs - BASE_NS)));
  const screen = show(monitor, { columns: 120, rows: 40 });
  const before = process.cpuUsage();
  const sees = async (what: RegExp, ...keys: string[]): Promise<void> => {
    screen.press(...keys);
    expect(await screen.text()).toMatch(what);
  };

  await sees(/1\/15001/u, "2");
  await sees(/0\.0\.0\.0:80 [\s\S]*0\.0\.0\.0:10000 [\s\S]*1\/10001/u, "6");
  await sees(/srv/u, "1", "G");
  await sees(/0\.0\.0\.0:\d+ [\s\S]*1\/15001/u, "C");
  await sees(/connections 15001/u, "\x1b", "\r");
  await sees(/Origin of 101 srv/u, "\x1b", "o");
  await sees(/Impact of 101 srv/u, "\x1b", "O");
  await sees(/conn +tcp 203\.0\.19\.7:2000/u, "\x1b", "/", "203.0.19.7:2000");
  await sees(/Origin of .*203\.0\.19\.7:2000/u, "\x0f");
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(MOST_MS);
});

test("a hundred thousand connections that came and went are five rows, and the engine needs no room for more", async () => {
  const flood = fileURLToPath(new URL("connection-flood.ts", import.meta.url));
  // A row of each at once does not fit.
  const { stdout } = await promisify(execFile)(process.execPath, ["--max-old-space-size=40", flood]);
  const lines = stdout.trim().split("\n");
  expect(lines.sort()).toEqual([0, 1, 2, 3, 4].map((i) => `20000 198.51.100.${i}:80 closed 20000`));
});
