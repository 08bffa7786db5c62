import { freemem, totalmem } from "node:os";
import { expect, test } from "vitest";
import { HostMeters } from "../../src/cli/host-meters.ts";

/** Keeps a processor busy for so long in CPU time, whatever else runs. */
function work(us: number): void {
  const before = process.cpuUsage();
  for (let used = { user: 0, system: 0 }; used.user + used.system < us; ) used = process.cpuUsage(before);
}

test("each sample tells of the time since the one before", () => {
  const meters = new HostMeters();
  work(50_000);
  const busy = meters.sample();
  expect(busy.memoryTotalBytes).toBe(totalmem());
  expect(busy.memoryUsedBytes).toBeGreaterThan(0);
  expect(Math.abs(busy.memoryTotalBytes - busy.memoryUsedBytes - freemem())).toBeLessThan(0.1 * totalmem());
  expect(busy.selfCpuPercent).toBeGreaterThan(1);
  work(50_000);
  expect(meters.sample().cpuPercent).toBeGreaterThan(0);
});
