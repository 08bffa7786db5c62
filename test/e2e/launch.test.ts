import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, onTestFinished, test } from "vitest";

const TOP = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LAUNCH = join(TOP, "scripts", "launch.sh");
const { version } = JSON.parse(readFileSync(join(TOP, "package.json"), "utf8")) as { version: string };
const SAYS = `spydertop ${version}`;

/** A folder somebody else filled: whatever is run from it leaves a trace. */
const hostile = mkdtempSync(join(tmpdir(), "spydertop-launch-"));
const trace = join(hostile, "was-run");
for (const name of ["dirname", "readlink", "node", "env", "id", "sudo", "uname"]) {
  writeFileSync(join(hostile, name), `#!/bin/sh\necho ${name} >> "${trace}"\n`);
  chmodSync(join(hostile, name), 0o755);
}
const trap = join(hostile, "trap.cjs");
writeFileSync(trap, `require("node:fs").appendFileSync(${JSON.stringify(trace)}, "trap\\n");`);
for (const name of ["ink", "react", "blessed", "fuse.js"]) {
  const folder = join(hostile, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "../../trap.cjs" }));
}
writeFileSync(join(hostile, ".npmrc"), `node-options=--require=${trap}\nscript-shell=${join(hostile, "node")}\n`);
afterAll(() => rmSync(hostile, { recursive: true, force: true }));

const path = process.env.PATH ?? "";

test.each([
  ["an empty and a relative PATH entry", { PATH: `:.:${path}` }],
  ["NODE_OPTIONS", { NODE_OPTIONS: `--require=${trap}` }],
  ["NODE_PATH", { NODE_PATH: join(hostile, "node_modules") }],
])("from a hostile folder nothing of it is run: %s", (_what, env) => {
  const { status, stdout, stderr } = spawnSync(LAUNCH, ["--version"], {
    cwd: hostile,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  expect({ status, stdout: stdout.trim(), stderr }).toEqual({ status: 0, stdout: SAYS, stderr: "" });
  expect(existsSync(trace) ? readFileSync(trace, "utf8") : "").toBe("");
});

test.each([
  ["prlimit --nofile=12 --", /^spydertop: this shell allows 12 open files, spydertop needs 256: .*ulimit -n 1024/u],
  ["ulimit -v 500000; exec", /^spydertop: this shell allows 500000 KiB of address space, .*ulimit -v unlimited/u],
])("a limit that is too low is named, with how to raise it: %s", (limit, said) => {
  const { status, stderr } = spawnSync("sh", ["-c", `${limit} "$1" doctor`, "sh", LAUNCH], { encoding: "utf8" });
  expect(stderr).toMatch(said);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(status).toBe(1);
});

test("through links to the program and to its folder", () => {
  const links = join(hostile, "links");
  mkdirSync(links);
  symlinkSync(TOP, join(links, "checkout"));
  symlinkSync("checkout/scripts/launch.sh", join(links, "spydertop"));
  for (const name of ["spydertop", "checkout/scripts/launch.sh"])
    expect(execFileSync(join(links, name), ["--version"], { cwd: hostile, encoding: "utf8" }).trim()).toBe(SAYS);
  const found = { ...process.env, PATH: `${links}:${path}` };
  expect(execFileSync("spydertop", ["--version"], { env: found, encoding: "utf8" }).trim()).toBe(SAYS);
});

test("what is told to load other code or to write elsewhere does not reach the program", async () => {
  const names = ["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "NODE_OPTIONS", "NODE_PATH", "NODE_V8_COVERAGE"];
  const given = Object.fromEntries(names.map((name) => [name, name.startsWith("LD_") ? "" : join(hostile, name)]));
  const child: ChildProcess = spawn(LAUNCH, ["events", "--no-bpf"], {
    cwd: hostile,
    env: { ...process.env, ...given, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  // It is the shell until it has become the program, which is told by the executable.
  await once(child.stderr as NodeJS.ReadableStream, "data");
  const environment = readFileSync(`/proc/${child.pid}/environ`, "utf8").split("\0");
  expect(environment.filter((one) => names.includes(one.split("=")[0] ?? ""))).toEqual([]);
  expect(environment.some((one) => one.startsWith("NODE_COMPILE_CACHE="))).toBe(true);
});
