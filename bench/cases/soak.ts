import { Monitor } from "../../src/core/monitor.ts";
import { KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { Teller } from "../lib/histories.ts";
import { report } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";

const MIB = 2 ** 20;
const LIMIT_BYTES = 32 * MIB;
const PROCESSES = 2_000_000;
const PARTS = 10;
const BATCH_PROCESSES = 200;

/** Resident memory while millions of processes do little and are gone: what they leave behind must not add up. */
export function soak(): Promise<void> {
  const monitor = new Monitor({ memoryLimitBytes: LIMIT_BYTES });
  const teller = new Teller();
  const resident: number[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const child = teller.child(`/usr/bin/tool${i % 50}`);
    teller.opens(child, 100 + (i % 5000), OPEN_FLAG.READ);
    teller.writes(child, 1e6 + i);
    teller.tcp(KIND.CONNECT, child, i);
    teller.tcp(KIND.CLOSE, child, i);
    teller.exits(child);
    if (i % BATCH_PROCESSES === BATCH_PROCESSES - 1) monitor.ingest(teller.batch());
    if (i % (PROCESSES / PARTS) === PROCESSES / PARTS - 1) resident.push(process.memoryUsage.rss() / MIB);
  }
  const value = spread(resident.slice(1));
  report({
    key: "soak/resident",
    subject: `${PROCESSES / 1e6} million processes, a graph of ${LIMIT_BYTES / MIB} MiB`,
    mode: "with what makes the events",
    measure: "resident memory",
    unit: "MB",
    value,
    ratio: `${(Math.max(...resident) / (resident[1] as number)).toFixed(2)}x at most`,
    note: resident.map((mib) => mib.toFixed(0)).join(" "),
  });
  return Promise.resolve();
}
