import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { BUNDLE } from "./program.ts";
import { Tui } from "./tui.ts";

const base = mkdtempSync(join(tmpdir(), "spydertop-targets-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Why no file system can be mounted for a test; undefined = it can. */
const { status, stderr, error } = spawnSync("unshare", ["--mount", "--map-root-user", "true"], { encoding: "utf8" });
const noMounts = status === 0 ? undefined : (error?.message ?? stderr).trim();

/** The program to its end. */
function run(...args: string[]): { code: number | null; said: string } {
  const done = spawnSync(process.execPath, [BUNDLE, ...args, "--no-bpf"], { encoding: "utf8", timeout: 30_000 });
  return { code: done.status, said: done.stderr };
}

/** A shell script in a mount namespace of its own, on a file system of two pages of which `filled` bytes are used. */
const onFullDisk = (filled: number, script: string): readonly string[] => {
  const disk = mkdtempSync(join(base, "disk-"));
  const mounted = `mount -t tmpfs -o size=8k none "$1" && cd "$1" && head -c ${filled} /dev/zero > used && ${script}`;
  return ["--mount", "--map-root-user", "sh", "-c", mounted, "sh", disk, process.execPath, BUNDLE];
};

describe("a disk that is full", () => {
  test.for([4096, 8192])("gets no half of a snapshot, and says so (%i bytes used)", (filled, { skip }) => {
    skip(noMounts !== undefined, noMounts);
    const script = '"$2" "$3" snapshot x.spyt --no-bpf; echo "ended with $?"; ls -A';
    const done = spawnSync("unshare", onFullDisk(filled, script), { encoding: "utf8" });
    expect(done.stderr).toMatch(/x\.spyt was not saved: no space is left \(ENOSPC\)\nfree some space/);
    expect(done.stdout).toBe("ended with 1\nused\n");
  });

  test("is told on the screen, which goes on", async ({ skip }) => {
    skip(noMounts !== undefined, noMounts);
    const tui = new Tui("unshare", onFullDisk(8192, 'exec "$2" "$3" --no-bpf'), { columns: 120, rows: 24 });
    onTestFinished(() => tui.kill("SIGKILL"));
    await tui.waitFor("COMMAND");
    tui.press("\x13");
    await tui.waitFor(".spyt was not saved: no space is left");
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
  });
});

describe.each(["record", "snapshot"])("%s", (command) => {
  test("neither waits for a named pipe nor writes to a device", () => {
    const pipe = join(base, `pipe-${command}`);
    spawnSync("mkfifo", [pipe]);
    for (const target of [pipe, "/dev/null", "/dev/full"]) {
      const { code, said } = run(command, target);
      expect([code, said]).toEqual([1, expect.stringContaining("it exists and is never overwritten (EEXIST)")]);
    }
  });

  test("does not take over what another user put into a sticky folder", ({ skip }) => {
    skip(process.getuid?.() !== 0, "giving files away needs root");
    const folder = join(base, `sticky-${command}`);
    mkdirSync(folder);
    const path = join(folder, "x.spyt");
    writeFileSync(path, "theirs");
    for (const one of [path, folder]) chownSync(one, 65534, 65534);
    chmodSync(folder, 0o1777);
    chmodSync(path, 0o666);
    expect(run(command, path)).toMatchObject({ code: 1, said: expect.stringContaining("never overwritten") });
    expect(readdirSync(folder)).toEqual(["x.spyt"]);
  });
});
