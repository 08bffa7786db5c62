import { Monitor } from "../../src/core/monitor.ts";
import { type History, histories, Teller } from "../lib/histories.ts";
import { report } from "../lib/result.ts";
import { median, spread } from "../lib/statistics.ts";

const PARTS = 12;
const PART_STEPS = 2_000;
const BATCH_STEPS = 50;
/** The engine has compiled by then. */
const WARM_PARTS = 2;

/** ns of CPU an event, for each part of a history in turn. */
function costs({ begin, step }: History): readonly number[] {
  const monitor = new Monitor({ memoryLimitBytes: 2 ** 30 });
  const teller = new Teller();
  begin(teller);
  monitor.ingest(teller.batch());
  return Array.from({ length: PARTS }, (_, part) => {
    const batches = Array.from({ length: PART_STEPS / BATCH_STEPS }, (_unused, batch) => {
      for (let i = 0; i < BATCH_STEPS; i++) step(teller, part * PART_STEPS + batch * BATCH_STEPS + i);
      return teller.batch();
    });
    const before = monitor.events;
    const began = process.cpuUsage();
    for (const batch of batches) monitor.ingest(batch);
    const { user, system } = process.cpuUsage(began);
    return ((user + system) * 1e3) / (monitor.events - before);
  });
}

/** Whether what happened before makes an event dearer: the same over and over, with detection, the end compared with the beginning. */
export function history(): Promise<void> {
  for (const one of histories) {
    const parts = costs(one);
    const third = (PARTS - WARM_PARTS) / 2;
    const early = median(parts.slice(WARM_PARTS, WARM_PARTS + third));
    const late = spread(parts.slice(-third));
    report({
      key: `history/${one.name}`,
      subject: one.name,
      mode: `after ${(PARTS - third) * PART_STEPS} times`,
      measure: "CPU of an event",
      unit: "ns",
      value: late,
      relative: late.median / early,
      ratio: `${(late.median / early).toFixed(2)}x earlier`,
    });
  }
  return Promise.resolve();
}
