// `recording-open.ts <recording> <seeks>`: plays it as the screens do, in a process of its own: shows its end, then as many moments of it.
// Prints how many ms each took, and of the CPU of its own thread: what it would take where nothing else runs.

import { RecordingReader } from "../../src/capture/recording/reader.ts";
import { ReplaySource } from "../../src/capture/recording/replay-source.ts";
import { Past } from "../../src/cli/past.ts";
import type { Played, Seek } from "./recording-seek.ts";

const [path = "", seeks = "0"] = process.argv.slice(2);
const beganMs = performance.now();
const recording = RecordingReader.open(path);
const past = new Past((options) => new ReplaySource(recording, options), {});
const reach = (timeNs: number): number => {
  const seekMs = performance.now();
  past.seek(timeNs);
  while (past.pump(1_000));
  return performance.now() - seekMs;
};
const { startNs, endNs, durationNs } = past.source;
reach(endNs);
const openMs = performance.now() - beganMs;
const reached: Seek[] = [];
while (reached.length < Number(seeks)) {
  const before = process.threadCpuUsage();
  const ms = reach(startNs + Math.random() * durationNs);
  const { user, system } = process.threadCpuUsage(before);
  reached.push({ ms, cpuMs: (user + system) / 1e3, kernelMs: system / 1e3 });
}
past.close();
recording.close();
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ openMs, seeks: reached, peakMb } satisfies Played));
