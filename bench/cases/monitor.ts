import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Tui } from "../../test/e2e/tui.ts";
import { ROUNDS } from "../lib/overhead.ts";
import { cpuNsOf, memoryMbOf } from "../lib/proc.ts";
import { once, progress, report } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";
import { Workload } from "../lib/workload.ts";

const top = join(import.meta.dirname, "..", "..");
const SIZE = { columns: 140, rows: 45 };

const start = () => new Tui(join(top, "scripts", "launch.sh"), ["top", "--delay", "1"], SIZE);

/** Every row of the screen is drawn: with this many processes none is left empty. */
const full = (screen: readonly string[]) => screen.filter((line) => line.trim() !== "").length >= SIZE.rows - 3;

/** The program as users run it: from start to first full screen, and what it takes while nothing happens. */
export async function monitor(): Promise<void> {
  const crowd = await Workload.start(-1);
  await crowd.run("sleepers", 500);
  const first: number[] = [];
  const rounds = Math.ceil(ROUNDS / 2);
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const tui = start();
    await tui.waitFor(full);
    first.push(performance.now() - began);
    tui.press("q");
    await tui.exited;
    progress(`first frame: round ${round + 1} of ${rounds}`);
  }

  const tui = start();
  await tui.waitFor(full);
  await sleep(3000); // compiled and settled
  const shares: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const cpu = cpuNsOf(tui.pid);
    const began = performance.now();
    await sleep(5000);
    shares.push((cpuNsOf(tui.pid) - cpu) / 1e4 / (performance.now() - began));
    progress(`own CPU: round ${round + 1} of ${rounds}`);
  }
  const rss = memoryMbOf(tui.pid, "VmRSS");
  tui.press("q");
  await tui.exited;
  await crowd.close();

  const line = { subject: "the monitor, 500 processes", mode: "140x45" };
  report({
    ...line,
    key: "monitor/first",
    measure: "start to full screen",
    unit: "ms",
    value: spread(first),
    aim: { under: 500 },
  });
  report({
    ...line,
    key: "monitor/cpu",
    measure: "of a core at 1 frame/s",
    unit: "%",
    value: spread(shares),
    aim: { under: 1.5 },
  });
  report({ ...line, key: "monitor/rss", measure: "RSS", unit: "MB", value: once(rss), aim: { under: 160 } });
}

const STORM_MS = 30_000;

/** Opens on all cores for half a minute: does the screen still answer, and does memory come back. */
export async function storm(): Promise<void> {
  const tui = start();
  await tui.waitFor("lost 0");
  const before = memoryMbOf(tui.pid, "VmRSS");
  const workload = await Workload.start(-1);
  const began = performance.now();
  const running = workload.run("flood", STORM_MS);
  const answers: number[] = [];
  while (performance.now() - began < STORM_MS - 1500) {
    await sleep(400);
    for (const [key, there] of [
      ["?", true],
      ["\x7f", false],
    ] as const) {
      const pressed = performance.now();
      tui.press(key);
      await tui.waitFor((screen) => screen.some((row) => row.includes("Esc goes back")) === there);
      answers.push(performance.now() - pressed);
      await sleep(200);
    }
  }
  const { operations, wallNs } = await running;
  const during = memoryMbOf(tui.pid, "VmHWM");
  await workload.close();
  await sleep(30_000);
  const after = memoryMbOf(tui.pid, "VmRSS");
  const lost = /lost ([\d.,kM]+)/.exec(tui.screen().join("\n"))?.[1] ?? "?";
  tui.press("q");
  await tui.exited;

  const line = { subject: "opens on all cores, 30 s", mode: "the monitor" };
  const worst = Math.max(...answers);
  report({
    ...line,
    key: "storm/rate",
    measure: "opens a second",
    unit: "",
    value: once((operations / wallNs) * 1e9),
    note: `lost ${lost}, said on screen`,
  });
  report({
    ...line,
    key: "storm/key",
    measure: "key to screen",
    unit: "ms",
    value: spread(answers),
    aim: { under: 100 },
    note: `worst ${worst.toFixed(0)} of ${answers.length}`,
  });
  report({
    ...line,
    key: "storm/rss",
    measure: "RSS 30 s later",
    unit: "MB",
    value: once(after),
    note: `${before.toFixed(0)} before, ${during.toFixed(0)} at most`,
  });
}
