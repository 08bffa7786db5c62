import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Feature } from "../../src/capture/source.ts";
import { child, isRoot } from "./procfs-rows.ts";

/** A user with no other process: nobody has those of services. */
const STRANGER = "64321";

test("another user is told that /proc hides the processes of others", (context) => {
  if (!isRoot) return context.skip("needs root to become another user");
  const script =
    'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid "$1" --regid "$1" --clear-groups "$2" "$3"';
  const args = ["--mount", "sh", "-c", script, "sh", STRANGER, process.execPath];
  const run = spawnSync("unshare", [...args, join(import.meta.dirname, "procfs-unprivileged.ts")], {
    encoding: "utf8",
  });
  if (/mount|unshare/.test(run.stderr)) return context.skip(run.stderr.trim());
  expect(run.stderr).toBe("");
  const { pid, executables, limited } = JSON.parse(run.stdout) as {
    pid: number;
    executables: Record<number, string>;
    limited: { missed: string };
  };
  expect(Object.keys(executables)).toEqual([String(pid)]);
  expect(limited.missed).toMatch(/^other users' processes \(\/proc: hidepid=(2|invisible): /);
});

test("another user sees every process, looks into none, and is told why and what to do", async (context) => {
  if (!isRoot) return context.skip("needs root to become another user");
  const as = ["--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", process.execPath];
  if (spawnSync("setpriv", [...as, "--version"]).status !== 0) return context.skip("another user cannot run this Node");
  const mine = await child("sh", ["-c", "echo ready; read line"]);
  const run = spawnSync("setpriv", [...as, join(import.meta.dirname, "procfs-unprivileged.ts")], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  const { pid, executables, limited, features } = JSON.parse(run.stdout) as {
    pid: number;
    executables: Record<number, string>;
    limited: { why: string; missed: string; fix: string };
    features: Feature[];
  };
  expect(executables[pid]).toBe(process.execPath);
  expect(executables[mine.pid]).toBe("");
  expect(limited.why).toMatch(/^bpf\(2\) permission: EPERM: uid 64321 lacks CAP_BPF and CAP_PERFMON/);
  expect(limited.missed).toContain("other users' files and sockets");
  expect(limited.fix).toMatch(/^sudo \/.*\/scripts\/launch\.sh$/);
  const executable = features.find((feature) => feature.name === "executables");
  expect(executable).toMatchObject({ state: "degraded", why: expect.stringMatching(/\d+ of \d+ processes .*EACCES/) });
});
