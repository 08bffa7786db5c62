import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type LiveSource, openLive } from "../../src/capture/live/live-source.ts";
import { NONE } from "../../src/core/graph/indexes.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { originOf } from "../../src/core/origin/origin.ts";
import { connections } from "../../src/core/query/connections.ts";
import type { ConnectionRow } from "../../src/core/query/model.ts";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";

const DEADLINE_MS = 30_000;

/**
 * A router with two networks behind it, as container engines make them: port 8080 of its address 10.77.1.1 is published by the
 * first, and the second goes out under the router's addresses.
 */
const SET_UP = `
  set -e
  mount -t tmpfs none /run
  ip link set lo up
  echo 1 > /proc/sys/net/ipv4/ip_forward
  for i in 1 2; do
    ip netns add c$i
    ip link add h$i type veth peer name e0 netns c$i
    ip addr add 10.77.$i.1/24 dev h$i
    ip link set h$i up
    ip -n c$i addr add 10.77.$i.2/24 dev e0
    ip -n c$i link set e0 up
    ip -n c$i link set lo up
    ip -n c$i route add default via 10.77.$i.1
  done
  nft -f - <<END
    table ip nat {
      chain pre { type nat hook prerouting priority -100; ip daddr 10.77.1.1 tcp dport 8080 dnat to 10.77.1.2:80; }
      chain out { type nat hook output priority -100; ip daddr 10.77.1.1 tcp dport 8080 dnat to 10.77.1.2:80; }
      chain post { type nat hook postrouting priority 100; ip saddr 10.77.2.0/24 masquerade; }
    }
END
`;

let router: ReturnType<typeof spawn>;
let unfit = "";
let source: LiveSource;
let early: Child;
const monitor = new Monitor();

/** Starts a scenario in the router's namespaces, or in a network behind it. */
function at(place: "router" | "c1" | "c2", ...scenario: (string | number)[]): Child {
  const enter = [`--net=/proc/${router.pid}/ns/net`, `--mount=/proc/${router.pid}/ns/mnt`];
  const inside = place === "router" ? [] : ["ip", "netns", "exec", place];
  return bench.start("nsenter", [...enter, ...inside, bench.trigger, ...scenario.map(String)]);
}

beforeAll(async () => {
  const script = `if (${SET_UP}) 2>&1; then echo ready; fi; exec cat`;
  router = spawn("unshare", ["--net", "--mount", "--propagation", "private", "sh", "-c", script], { stdio: "pipe" });
  [unfit] = await once(createInterface({ input: router.stdout! }), "line");
  if (unfit !== "ready") return;
  unfit = "";
  const servers = [at("c1", "serve", 80), at("router", "serve", 81), at("router", "serve", 82, "v4")];
  await Promise.all(servers.map((server) => server.ready()));
  early = at("c2", "call", "10.77.1.1", 8080);
  await early.ready();
  source = await openLive({});
});

beforeEach(({ skip }) => {
  if (unfit !== "") skip(`no network with NAT can be made here: ${unfit}`);
});

afterAll(async () => {
  source?.close();
  router.stdin?.end();
  if (router.exitCode === null) await once(router, "exit");
});

/** The connections that a process of these tests has at one end and another at the other. */
async function local(run: Child): Promise<ConnectionRow> {
  await run.ready();
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    while (source.drain((batch) => monitor.ingest(batch), 50));
    const process = monitor.graph.processes.living(run.pid);
    const [row, ...more] = connections(monitor, { closedSinceNs: Number.POSITIVE_INFINITY }).filter(
      ({ protocol, owners }) =>
        protocol === "tcp" && process !== NONE && owners.includes(monitor.graph.processes.id(process)),
    );
    if (row?.peer !== undefined) {
      expect(more).toEqual([]);
      return row;
    }
    if (performance.now() > deadline) throw new Error(`no process at the other end: ${JSON.stringify(row)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test.each([
  ["a published port, from the host", "router", { client: "10.77.1.1", server: "10.77.1.2:80" }],
  ["a published port, from another container", "c2", { client: "10.77.1.1", server: "10.77.1.2:80" }],
] as const)("%s: both ends are one connection", async (_, place, translated) => {
  const run = at(place, "call", "10.77.1.1", 8080);
  const row = await local(run);
  const port = run.number("port");
  expect(row).toMatchObject({
    direction: "local",
    local: `${place === "c2" ? "10.77.2.2" : "10.77.1.1"}:${port}`,
    remote: "10.77.1.1:8080",
    translated: { client: expect.stringMatching(`^${translated.client}:`), server: translated.server },
    certainty: "observed",
  });
  const told = originOf(monitor, { kind: "connection", id: row.id }).steps.map(
    (step) => `${step.title}: ${step.explanation}`,
  );
  expect(told).toContainEqual(expect.stringContaining(`(NAT: ${row.translated?.client} -> 10.77.1.2:80)`));
  expect(told).toContainEqual(expect.stringContaining("accepted it on 10.77.1.2:80, through NAT"));
  await run.done();
});

test("a published port, connected to before the capture began", async () => {
  const row = await local(early);
  expect(row).toMatchObject({
    remote: "10.77.1.1:8080",
    translated: { server: "10.77.1.2:80" },
    certainty: "before start",
  });
});

test("a container that goes out under its host's address", async () => {
  const run = at("c2", "call", "10.77.1.2", 80);
  expect(await local(run)).toMatchObject({
    local: `10.77.2.2:${run.number("port")}`,
    remote: "10.77.1.2:80",
    translated: { client: expect.stringMatching(/^10\.77\.1\.1:/), server: "10.77.1.2:80" },
  });
  await run.done();
});

test.each([
  ["through a network namespace, without NAT", "c1", "10.77.1.1", 81],
  ["no address, which is loopback", "router", "0.0.0.0", 81],
  ["no address of IPv6", "router", "::", 81],
  ["loopback", "router", "127.8.9.1", 81],
  ["its own address", "router", "10.77.1.1", 81],
  ["IPv4 by an IPv6 socket", "router", "::ffff:127.0.0.1", 82],
  ["IPv4 by an IPv6 socket to an IPv6 listener", "router", "::ffff:10.77.1.1", 81],
] as const)("%s: both ends are one connection", async (_, place, address, port) => {
  const run = at(place, "call", address, port);
  const row = await local(run);
  expect(row).toMatchObject({ direction: "local", certainty: "observed" });
  expect(row.translated).toBeUndefined();
  await run.done();
});
