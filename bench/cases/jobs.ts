import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { overhead, ROUNDS, type Subject } from "../lib/overhead.ts";
import { installed } from "../lib/path.ts";
import { cpuNsOf } from "../lib/proc.ts";
import { report, skip } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";
import { besides, none, pinned, Spydertop, type Tracer } from "../lib/tracers.ts";
import { workFolder } from "../lib/workload.ts";

/** Real programs, started by workload.c as ./job: CPU time of all their processes. */
async function job(script: string, subject: Omit<Subject, "operation" | "count" | "bursts" | "unit">): Promise<void> {
  const path = join(workFolder(), "job");
  writeFileSync(path, `#!/bin/sh\nexec >/dev/null 2>&1\n${script}\n`);
  chmodSync(path, 0o755);
  const tracers: Tracer[] = [none, new Spydertop("rows")];
  await overhead({ ...subject, operation: "job", count: 1, bursts: 1, unit: "ms" }, tracers, Math.ceil(ROUNDS / 2));
  for (const tracer of tracers) await tracer.close();
}

const libbpf = join(import.meta.dirname, "..", "..", "native", "vendor");

export async function compile(): Promise<void> {
  const version = readdirSync(libbpf).find((name) => existsSync(join(libbpf, name, "src", "libbpf.c")));
  if (version === undefined) return skip("make -j2", "libbpf's source is not there: run npm run setup");
  const source = join(libbpf, version);
  const folder = join(workFolder(), "make");
  mkdirSync(folder);
  const objects = readdirSync(join(source, "src"))
    .filter((name) => name.endsWith(".c") && name !== "libbpf.c" && name !== "btf.c")
    .map((name) => name.replace(/c$/, "o"));
  writeFileSync(
    join(folder, "Makefile"),
    `VPATH = ${source}/src\nCFLAGS = -O1 -I${source}/include -I${source}/include/uapi\nall: ${objects.join(" ")}\n`,
  );
  await job(`make -B -C ${folder} -j2`, { words: "make -j2, 20 C files", aimPart: 0.01, key: "compile" });
}

export async function cat(): Promise<void> {
  await job("find /usr/include -type f -print0 | xargs -0 -n 200 cat", {
    words: "find | xargs cat, /usr/include",
    aimPart: 0.05,
    key: "cat",
  });
}

const REQUESTS = 200_000;

/** Requests a second, without and with. */
export async function redis(): Promise<void> {
  for (const command of ["redis-server", "redis-benchmark"])
    if (!installed(command))
      return skip("redis-benchmark", `${command} is not installed (apt-get install redis-server)`);
  const socket = join(workFolder(), "redis.sock");
  const port = 20_000 + (process.pid % 20_000);
  const options = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--unixsocket",
    socket,
    "--dir",
    workFolder(),
  ];
  const server: ChildProcess = spawn(...besides("redis-server", options), { stdio: "ignore" });
  const spydertop = new Spydertop("rows");
  const rates = { without: [] as number[], with: [] as number[] };
  const served = { without: [] as number[], with: [] as number[] };
  try {
    for (let tries = 0; !existsSync(socket); tries++) {
      if (tries > 100 || server.exitCode !== null) throw new Error("redis-server did not start");
      await sleep(50);
    }
    for (let round = -1; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? (["without", "with"] as const) : (["with", "without"] as const);
      for (const mode of order) {
        if (mode === "with") await spydertop.start();
        const cpu = cpuNsOf(server.pid as number);
        const rate = measured(port);
        const serverNs = (cpuNsOf(server.pid as number) - cpu) / REQUESTS;
        if (mode === "with") await spydertop.stop();
        if (round < 0) continue;
        rates[mode].push(rate);
        served[mode].push(serverNs);
      }
    }
  } finally {
    server.kill("SIGTERM");
    await spydertop.close();
  }
  const line = { subject: "redis-benchmark, GET", unit: "/s", measure: "requests a second" };
  report({ ...line, key: "redis/none", mode: "none", value: spread(rates.without) });
  report({ ...line, key: "redis/spydertop", mode: "spydertop", value: spread(rates.with) });
  const added = spread(served.with.map((ns, round) => ns - (served.without[round] as number)));
  const ofServer = { ...line, measure: "CPU of the server a request", unit: "ns" };
  report({ ...ofServer, key: "redis/none/cpu", mode: "none", value: spread(served.without) });
  report({
    ...ofServer,
    key: "redis/spydertop/added",
    mode: "spydertop",
    measure: "added a request, server",
    value: added,
  });
  const fewer = spread(rates.with.map((rate, round) => (1 - rate / (rates.without[round] as number)) * 100));
  report({
    ...line,
    key: "redis/fewer",
    mode: "spydertop",
    measure: "fewer requests",
    unit: "%",
    value: fewer,
    aim: { under: 2 },
  });

  function measured(onPort: number): number {
    const args = ["-h", "127.0.0.1", "-p", String(onPort), "-n", String(REQUESTS), "-c", "20", "-t", "get", "--csv"];
    const [command, all] = pinned("redis-benchmark", args);
    const csv = execFileSync(command, all, { stdio: ["ignore", "pipe", "ignore"] }).toString();
    return Number(/"GET","([\d.]+)"/.exec(csv)?.[1]);
  }
}
