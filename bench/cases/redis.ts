import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROUNDS } from "../lib/overhead.ts";
import { installed } from "../lib/path.ts";
import { cpuNsOf } from "../lib/proc.ts";
import { report, skip } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";
import { besides, none, pinned, Spydertop, type Tracer } from "../lib/tracers.ts";
import { workFolder } from "../lib/workload.ts";

/** Requests a burst, of which the fastest of a round counts: some 5 s together. */
const REQUESTS = 40_000;
const BURSTS = 6;

/** Requests a second and CPU of the server, in rounds in turn: nothing, spydertop and, where there is one, another tracer. */
export async function redis(peer?: Tracer): Promise<void> {
  for (const command of ["redis-server", "redis-benchmark"])
    if (!installed(command))
      return skip("redis-benchmark", `${command} is not installed (apt-get install redis-server)`);
  const socket = join(workFolder(), "redis.sock");
  const port = 20_000 + (process.pid % 20_000);
  const where = ["--port", String(port), "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", workFolder()];
  const server = spawn(...besides("redis-server", [...where, "--save", ""]), { stdio: "ignore" });
  const spydertop = new Spydertop("rows");
  const tracers = [none, spydertop, ...(peer ? [peer] : [])];
  const taken = new Map(tracers.map(({ name }) => [name, { rate: [] as number[], serverNs: [] as number[] }]));
  const of = ({ name }: Tracer) => taken.get(name) as { rate: number[]; serverNs: number[] };
  try {
    for (let tries = 0; !existsSync(socket); tries++) {
      if (tries > 100 || server.exitCode !== null) throw new Error("redis-server did not start");
      await sleep(50);
    }
    for (let round = -1; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? tracers : [...tracers].reverse();
      for (const tracer of order) {
        await tracer.start();
        const bursts = Array.from({ length: BURSTS }, () => {
          const cpu = cpuNsOf(server.pid as number);
          const rate = measured(port);
          return { rate, serverNs: (cpuNsOf(server.pid as number) - cpu) / REQUESTS };
        });
        await tracer.stop();
        if (round < 0) continue;
        of(tracer).rate.push(Math.max(...bursts.map(({ rate }) => rate)));
        of(tracer).serverNs.push(Math.min(...bursts.map(({ serverNs }) => serverNs)));
      }
    }
  } finally {
    server.kill("SIGTERM");
    await spydertop.close();
  }

  const untraced = of(none);
  for (const tracer of tracers) {
    const { rate, serverNs } = of(tracer);
    const line = { subject: "redis-benchmark, GET", mode: tracer.name };
    const key = `${peer ? `${peer.name}/` : ""}redis/${tracer.name}`;
    report({ ...line, key, measure: "requests a second", unit: "/s", value: spread(rate) });
    if (tracer === none) {
      report({
        ...line,
        key: `${key}/cpu`,
        measure: "CPU of the server a request",
        unit: "ns",
        value: spread(serverNs),
      });
      continue;
    }
    const fewer = spread(rate.map((one, round) => (1 - one / (untraced.rate[round] as number)) * 100));
    const added = spread(serverNs.map((ns, round) => ns - (untraced.serverNs[round] as number)));
    const aim = tracer === spydertop ? { aim: { under: 2 } } : {};
    report({ ...line, key: `${key}/fewer`, measure: "fewer requests", unit: "%", value: fewer, ...aim });
    report({ ...line, key: `${key}/added`, measure: "added a request, server", unit: "ns", value: added });
  }
}

function measured(port: number): number {
  const args = ["-h", "127.0.0.1", "-p", String(port), "-n", String(REQUESTS), "-c", "20", "-t", "get", "--csv"];
  const csv = execFileSync(...pinned("redis-benchmark", args), { stdio: ["ignore", "pipe", "ignore"] }).toString();
  return Number(/"GET","([\d.]+)"/.exec(csv)?.[1]);
}
