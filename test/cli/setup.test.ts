import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const checkout = mkdtempSync(join(tmpdir(), "spydertop-setup-"));
const tools = join(checkout, "tools");
const log = join(checkout, "log");
const runtime = join(checkout, "node_modules", `node-linux-${process.arch}`, "bin");

/** A tool that does in place of the real one what a test is about. */
function tool(name: string, script: string): void {
  writeFileSync(join(tools, name), script);
  chmodSync(join(tools, name), 0o755);
}

const npmThat = (work: string): void =>
  tool("npm.cjs", `require("node:fs").appendFileSync(${JSON.stringify(log)}, "npm\\n"); ${work}`);
const npmInstalls = `
const { mkdirSync, writeFileSync } = require("node:fs");
mkdirSync(${JSON.stringify(runtime)}, { recursive: true });
writeFileSync(${JSON.stringify(join(runtime, "node"))}, "#!/bin/sh\\necho 24.0.0\\n", { mode: 0o755 });
`;

const options: SpawnOptions & { encoding: "utf8" } = {
  encoding: "utf8",
  env: { PATH: `${tools}:${process.env["PATH"]}`, npm_execpath: join(tools, "npm.cjs") },
};
const setup = [join(checkout, "scripts", "setup.mjs")];
const run = () => spawnSync(process.execPath, setup, options);
const steps = (): string => (existsSync(log) ? readFileSync(log, "utf8") : "");

/** Starts set-up and waits until npm is at work, which then never ends. */
async function startHanging() {
  npmThat("setInterval(() => {}, 1e9);");
  rmSync(log, { force: true });
  const child = spawn(process.execPath, setup, { ...options, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  child.stderr?.on("data", (text) => {
    said += text;
  });
  while (steps() === "") await new Promise((resolve) => setTimeout(resolve, 20));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, said })),
  );
  return { pid: child.pid as number, ended };
}

beforeAll(() => {
  for (const name of ["scripts", "package.json", "package-lock.json", ".npmrc", "native/vendor"])
    cpSync(join(top, name), join(checkout, name), { recursive: true });
  mkdirSync(tools);
});
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

test("a step that fails says which, why and what to do", () => {
  npmThat(`console.error("npm error network request failed, reason: getaddrinfo EAI_AGAIN"); process.exit(1);`);
  const { status, stdout, stderr } = run();
  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("setup: npm packages: installing what package-lock.json pins");
  expect(stderr).toContain("| npm error network request failed");
  expect(stderr).toMatch(/setup: npm packages failed: .* ended with code 1/);
  expect(stderr).toMatch(/setup: what to do: check the network/);
  expect(stderr).toContain("run the same command again; it continues here");
});

test("interrupted, it ends its command and says how to go on", async () => {
  const { pid, ended } = await startHanging();
  process.kill(pid, "SIGTERM");
  const { code, said } = await ended;
  expect(code).toBe(1);
  expect(said).toContain("npm packages interrupted (SIGTERM); run the same command again");
  expect(existsSync(join(checkout, "build", "setup.lock"))).toBe(false);
});

test("killed, the next run takes over its lock and goes on; what is done is not done again", async () => {
  const { pid, ended } = await startHanging();
  process.kill(-pid, "SIGKILL");
  await ended;
  expect(existsSync(join(checkout, "build", "setup.lock"))).toBe(true);

  npmThat(npmInstalls);
  tool("make", `#!/bin/sh\necho make >> "${log}"\necho "cc: fatal error: No space left on device" >&2\nexit 2\n`);
  const full = run();
  expect(full.status).toBe(1);
  expect(full.stderr).toContain("| cc: fatal error: No space left on device");
  expect(full.stderr).toMatch(/setup: native build failed: .*make/);

  rmSync(log);
  tool(
    "make",
    `#!/bin/sh\necho make >> "${log}"\nmkdir -p build; : > build/spydertop.bpf.o; : > build/spydertop.node\n`,
  );
  const rest = run();
  expect(rest.stderr).not.toContain("failed");
  expect(rest.status).toBe(0);
  expect(steps()).toBe("make\n");
  expect(rest.stderr).not.toContain("npm packages");
});

test("the lock of a process whose number is another's by now is taken over", () => {
  npmThat(npmInstalls);
  writeFileSync(join(checkout, "build", "setup.lock"), `${process.pid} 1`);
  const { status, stderr } = run();
  expect(stderr).not.toContain("waiting");
  expect(status).toBe(0);
});

test("a kernel program whose source is changed while it is compiled is compiled again", () => {
  const place = join(checkout, "make");
  for (const name of ["bpf", "native/vendor/libbpf-1/src"]) mkdirSync(join(place, name), { recursive: true });
  cpSync(join(top, "native/Makefile"), join(place, "native/Makefile"));
  writeFileSync(join(place, "native/vendor/libbpf.json"), '{ "version": "1" }\n');
  writeFileSync(join(place, "native/vendor/libbpf-1/src/x.c"), "");
  const source = join(place, "bpf/x.bpf.c");
  writeFileSync(source, "first\n");
  // Compiles by copying; whoever edits is quicker, once, by a tick of the file system's clock.
  tool(
    "editor-and-clang",
    `#!/bin/sh\nfor last; do :; done\nread -r text < "${source}"\n[ -e "${place}/edited" ] || { : > "${place}/edited"; until [ "$(/usr/bin/find "${source}" -newer "${place}/edited")" ]; do echo second > "${source}"; done; }\necho "$text" > "$last"\n`,
  );
  const object = "../build/bpf/x.bpf.o";
  const make = () =>
    spawnSync("/usr/bin/make", ["-C", "native", object, `CLANG=${join(tools, "editor-and-clang")}`], {
      ...options,
      cwd: place,
    });
  expect(make().stderr).toBe("");
  expect(readFileSync(join(place, "build/bpf/x.bpf.o"), "utf8")).toBe("first\n");
  make();
  expect(readFileSync(join(place, "build/bpf/x.bpf.o"), "utf8")).toBe("second\n");
  expect(make().stdout).toMatch(/up to date/u);
});

const notRoot = process.getuid?.() === 0 ? undefined : "only root can become another user";
if (notRoot !== undefined) console.log(`skipped: a folder of another user: ${notRoot}`);

test.skipIf(notRoot !== undefined)("a folder of another user is told in one line", () => {
  chmodSync(checkout, 0o755);
  const { status, stderr } = spawnSync(process.execPath, setup, { ...options, uid: 65534, gid: 65534 });
  expect(status).toBe(1);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(/^setup: cannot write .* \(EACCES\): run it as the owner of this folder, or as root/);
});
