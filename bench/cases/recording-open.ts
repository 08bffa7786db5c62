// `recording-open.ts <recording> <seeks> <key>`: plays it as the screens do, in a process of its own: shows its end, then as many moments
// of it. The first key comes "at-once" or "rehearsed": after what is gone through while none comes.
// Prints how many ms each took, and of the CPU of its own thread: what it would take where nothing else runs.

import { setImmediate } from "node:timers/promises";
import { RecordingReader } from "../../src/capture/recording/reader.ts";
import { ReplaySource } from "../../src/capture/recording/replay-source.ts";
import { type OpenReplay, Past } from "../../src/cli/past.ts";
import { SeekRehearsal } from "../../src/cli/seek-rehearsal.ts";
import type { Played, Seek } from "./recording-seek.ts";

/** Of the screens. */
const SLICE_MS = 8;

const [path = "", seeks = "0", key = ""] = process.argv.slice(2);
const beganMs = performance.now();
const recording = RecordingReader.open(path);
const open: OpenReplay = (options) => new ReplaySource(recording, options);
const past = new Past(open, {});
const reach = (timeNs: number): number => {
  const seekMs = performance.now();
  past.seek(timeNs);
  while (past.pump(1_000));
  return performance.now() - seekMs;
};
const { startNs, endNs, durationNs } = past.source;
reach(endNs);
const openMs = performance.now() - beganMs;
if (key === "rehearsed") {
  const rehearsal = new SeekRehearsal(open, {});
  while (rehearsal.pump(SLICE_MS)) await setImmediate();
}
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
