import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { objectPath } from "../../src/capture/live/native.ts";

const build = join(objectPath(), "..");
const runtime = ["libasan.so", "libubsan.so"].map((name) =>
  execFileSync("c++", [`-print-file-name=${name}`], { encoding: "utf8" }).trim(),
);
const without = runtime.filter((path) => !path.includes("/"));

/** Runs a capture in the sanitized addon, inside a Node that has the sanitizers' runtime loaded first. */
function sanitized(script: string) {
  return spawnSync(
    process.execPath,
    [
      "-e",
      `const { Session } = require(process.argv[1]); ${script}`,
      join(build, "asan", "spydertop.node"),
      objectPath(),
    ],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        LD_PRELOAD: runtime.join(" "),
        // Node itself does not free at its end.
        ASAN_OPTIONS: "detect_leaks=0:halt_on_error=1",
        UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
      },
    },
  );
}

beforeAll(() => {
  if (without.length === 0) execFileSync("make", ["-C", join(build, "..", "native"), "asan"], { stdio: "inherit" });
}, 600_000);

test("a whole capture is clean under the address and undefined-behaviour sanitizers", ({ skip }) => {
  if (without.length > 0) skip(`the compiler has no ${without.join(", ")}`);
  const { stdout, stderr, status } = sanitized(`
    (async () => {
      const { spawnSync } = require("node:child_process");
      const start = async (options) => {
        const session = new Session();
        await session.start({ objectPath: process.argv[2], ...options });
        session.snapshot();
        session.refresh();
        return session;
      };
      const session = await start({});
      for (let i = 0; i < 30; i++) spawnSync("/bin/sh", ["-c", "echo x | cat; exit 3"]);
      const into = new Uint8Array(65536);
      let bytes = 0;
      for (let round = 0; round < 3; round++) {
        for (let n; (n = session.read(into)) > 0; ) bytes += n;
        session.refresh();
      }
      const small = await start({ activityBytes: 4096 });
      spawnSync("/bin/ls", ["-R", "/usr/lib"]);
      while (small.read(into) > 0);
      small.features();
      const { malformed } = session.stats();
      session.close();
      session.close();
      session.read(into);
      for (const options of [undefined, {}, { objectPath: "/etc/passwd" }, { objectPath: "/" }]) {
        try {
          await session.start(options);
          process.exit(3);
        } catch {}
      }
      const abandoned = new Session();
      const starting = abandoned.start({ objectPath: process.argv[2] });
      abandoned.close();
      await starting.catch(() => {});
      await start({}); // left open: the end of the environment releases it
      console.log(JSON.stringify({ enough: bytes > 100_000, malformed }));
    })();
  `);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ enough: true, malformed: 0 });
});
