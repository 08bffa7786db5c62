import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type HostProbe, probeHost } from "../../src/capture/probe.ts";

const ROOT = "000001ffffffffff";
/** CAP_BPF and CAP_PERFMON. */
const TRACER = "000000c000000000";

/** A machine on which everything works. */
const GOOD: Readonly<Record<string, string>> = {
  "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
  "/proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
  "/proc/sys/kernel/perf_event_paranoid": "3\n",
  "/proc/self/status": `Uid:\t0\t0\t0\t0\nCapEff:\t${ROOT}\nSeccomp:\t0\n`,
  "/proc/self/mounts": "tracefs /sys/kernel/tracing tracefs rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
  "/proc/self/limits": "Max locked memory         65536                65536                bytes\n",
  "/sys/kernel/btf/vmlinux": "",
  "/sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
};

/** What the probe says of that machine with some files changed; undefined = not there. */
function probe(
  changes: Readonly<Record<string, string | undefined>> = {},
  namespaces: Readonly<Record<string, number>> = {},
): HostProbe {
  const root = mkdtempSync(join(tmpdir(), "probe-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries({ ...GOOD, ...changes })) {
    if (content === undefined) continue;
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, content);
  }
  mkdirSync(`${root}/proc/self/ns`);
  for (const [name, inode] of Object.entries({ user: 4026531837, pid: 4026531836, ...namespaces }))
    symlinkSync(`${name}:[${inode}]`, `${root}/proc/self/ns/${name}`);
  return probeHost(root);
}

const status = (capabilities: string, more = "Seccomp:\t0\n") =>
  `Uid:\t1000\t1000\t1000\t1000\nCapEff:\t${capabilities}\n${more}`;
const check = (probe: HostProbe, name: string) => probe.checks.find((each) => each.name === name);

test("nothing is in the way on a good machine", () => {
  const good = probe();
  expect(good.blocker).toBeUndefined();
  expect(good.checks.filter(({ state }) => state !== "ok")).toEqual([]);
});

test("the two capabilities are enough, one is not", () => {
  expect(probe({ "/proc/self/status": status(TRACER) }).blocker).toBeUndefined();
  expect(probe({ "/proc/self/status": status("0000008000000000") }).blocker?.detail).toContain("lacks CAP_PERFMON,");
  expect(probe({ "/proc/self/status": status("0000004000000000") }).blocker?.detail).toContain("lacks CAP_BPF,");
});

test.each([
  ["5.4.0-42-generic", "kernel", "older than 5.10"],
  ["4.19.0", "kernel", "older than 5.10"],
])("kernel %s is too old", (release, name, detail) => {
  expect(probe({ "/proc/sys/kernel/osrelease": release }).blocker).toMatchObject({
    name,
    detail: expect.stringContaining(detail),
  });
});

test("the most fundamental cause is named first, the others stay in the list", () => {
  const bad = probe({ "/sys/kernel/btf/vmlinux": undefined, "/proc/self/status": status("0") });
  expect(bad.blocker).toMatchObject({ name: "BTF", detail: "/sys/kernel/btf/vmlinux: ENOENT" });
  expect(check(bad, "bpf(2) permission")?.detail).toBe(
    "EPERM: uid 1000 lacks CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; kernel.unprivileged_bpf_disabled = 2",
  );
});

test("lockdown stands in the way in its strictest mode only", () => {
  expect(probe({ "/sys/kernel/security/lockdown": "none [integrity] confidentiality" }).blocker).toBeUndefined();
  expect(probe({ "/sys/kernel/security/lockdown": "none integrity [confidentiality]" }).blocker?.name).toBe("lockdown");
});

test("all capabilities of a nested user namespace are none", () => {
  expect(probe({}, { user: 4026532448 }).blocker?.name).toBe("user namespace");
});

test("what only degrades is said with its fix and blocks nothing", () => {
  const inside = probe(
    {
      "/proc/self/status": status(ROOT, "Seccomp:\t2\n"),
      "/.dockerenv": "",
      "/proc/self/mounts": "cgroup /sys/fs/cgroup/pids cgroup rw 0 0\n",
    },
    { pid: 4026532450 },
  );
  expect(inside.blocker).toBeUndefined();
  expect(check(inside, "seccomp")).toMatchObject({
    state: "degraded",
    fix: expect.stringContaining("seccomp=unconfined"),
  });
  expect(check(inside, "pid namespace")).toMatchObject({
    state: "degraded",
    detail: expect.stringContaining("inside docker"),
  });
  expect(check(inside, "cgroups")).toMatchObject({ state: "degraded", detail: expect.stringContaining("v1 only") });
  expect(check(inside, "tracefs")).toMatchObject({
    state: "degraded",
    fix: expect.stringContaining("mount -t tracefs"),
  });
});

test("locked memory counts before 5.11, for those who cannot raise it", () => {
  const old = { "/proc/sys/kernel/osrelease": "5.10.0-28-amd64" };
  expect(check(probe(old), "locked memory")?.state).toBe("ok");
  const limited = probe({ ...old, "/proc/self/status": status(TRACER) });
  expect(check(limited, "locked memory")).toMatchObject({ state: "degraded", fix: "ulimit -l unlimited" });
});

test("a /proc that hides others is said, to those it hides them from", () => {
  const mounts = `${GOOD["/proc/self/mounts"]}proc /proc proc rw,nosuid,hidepid=invisible 0 0\n`;
  const nobody = probe({ "/proc/self/mounts": mounts, "/proc/self/status": status(TRACER) });
  expect(check(nobody, "other processes")).toMatchObject({
    state: "degraded",
    detail: expect.stringContaining("hidepid=invisible"),
  });
  expect(check(probe({ "/proc/self/mounts": mounts }), "other processes")?.state).toBe("ok");
});

test("container engines that are here, and whether their names can be read", () => {
  const engines = probe({ "/run/docker.sock": "", "/run/containerd/io.containerd.runtime.v2.task/x": "" });
  expect(check(engines, "docker")).toMatchObject({ state: "ok", detail: "names from /run/docker.sock" });
  expect(check(engines, "containerd")).toMatchObject({
    state: "ok",
    detail: expect.stringContaining("runtime.v2.task"),
  });
  expect(check(engines, "podman")).toBeUndefined();
});
