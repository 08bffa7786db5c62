import { ROUNDS } from "../lib/overhead.ts";
import { progress, report } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";
import { Spydertop } from "../lib/tracers.ts";
import type { Use } from "../lib/use.ts";
import { Workload } from "../lib/workload.ts";

const FLOOD_MS = 1000;
const RATE = 50_000;

/** Opens on every core at once: how many a second arrive, and is one lost. */
export async function flood(use: Use): Promise<void> {
  const tracer = new Spydertop(use);
  await tracer.start();
  const workload = await Workload.start(-1);
  await workload.run("flood", FLOOD_MS / 4);
  const rates: number[] = [];
  const shares: number[] = [];
  const costs: number[] = [];
  let lost = 0;
  let missing = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await tracer.ask("count");
    const { operations } = await workload.run("flood", FLOOD_MS);
    const seen = await tracer.ask("report");
    rates.push((seen.delivered / seen.wallNs) * 1e9);
    shares.push((seen.cpuNs / seen.wallNs) * 100);
    costs.push(seen.cpuNs / seen.delivered);
    lost += seen.dropped;
    missing += Math.max(0, operations - seen.opens);
    progress(`flood, ${use}: round ${round + 1} of ${ROUNDS}`);
  }
  await workload.close();
  await tracer.stop();
  await tracer.close();
  const line = { subject: "opens on all cores", mode: tracer.name };
  const total = `lost ${lost}, never seen ${missing} in ${ROUNDS} rounds`;
  report({
    ...line,
    key: `flood/${use}/rate`,
    measure: "events a second",
    unit: "",
    value: spread(rates),
    aim: { over: 500_000 },
    note: total,
  });
  report({ ...line, key: `flood/${use}/share`, measure: "consumer, of a core", unit: "%", value: spread(shares) });
  report({
    ...line,
    key: `flood/${use}/cost`,
    measure: "consumer an event",
    unit: "ns",
    value: spread(costs),
    ...(use === "graph" ? {} : { aim: { under: 200 } }),
  });
}

/** So many opens a second, evenly: what the consumer needs for them. */
export async function paced(use: Use): Promise<void> {
  const tracer = new Spydertop(use);
  await tracer.start();
  const workload = await Workload.start();
  const shares: number[] = [];
  let lost = 0;
  const rounds = Math.ceil(ROUNDS / 3);
  for (let round = 0; round < rounds; round++) {
    await tracer.ask("count");
    await workload.run("paced", RATE);
    const seen = await tracer.ask("report");
    shares.push((seen.cpuNs / seen.wallNs) * 100);
    lost += seen.dropped;
    progress(`paced, ${use}: round ${round + 1} of ${rounds}`);
  }
  await workload.close();
  await tracer.stop();
  await tracer.close();
  report({
    key: `paced/${use}/share`,
    subject: "50,000 opens a second",
    mode: tracer.name,
    measure: "consumer, of a core",
    unit: "%",
    value: spread(shares),
    aim: { under: 5 },
    note: `lost ${lost}`,
  });
}
