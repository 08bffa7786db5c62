import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Report, runDoctor } from "../../src/cli/doctor.ts";

const RUN = join(import.meta.dirname, "doctor-run.ts");
const NOBODY = ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath];
const isRoot = process.getuid?.() === 0;
const ESCAPE = "\x1b";

async function reported(json: boolean, isTTY = false): Promise<{ text: string; code: number }> {
  let text = "";
  const code = await runDoctor({ json }, { isTTY, write: (part: string) => (text += part) });
  return { text, code };
}

test("the exit code says whether kernel events can be had, the report names each hook", async () => {
  const { text, code } = await reported(true);
  const report = JSON.parse(text) as Report;
  expect(code).toBe(report.live ? 0 : 1);
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["kernel", "BTF", "lockdown", "bpf(2) permission", "perf_event_paranoid", "cgroups"]),
  );
  expect(report.features.length).toBeGreaterThan(3);
  for (const feature of report.features) expect(feature.hook).not.toBe("");
  for (const { state, fix } of report.checks) if (state === "missing") expect(fix).toBeTruthy();
});

test("the table is plain in a pipe and coloured on a terminal, with the same words", async () => {
  const plain = (await reported(false)).text;
  const coloured = (await reported(false, true)).text;
  expect(plain).not.toContain(ESCAPE);
  expect(coloured).toContain(ESCAPE);
  const names = (text: string) => text.replaceAll(/\x1b\[\d+m/g, "").match(/^ {2}\w+ +[^ ].*?(?= {2})/gm);
  expect(names(coloured)).toEqual(names(plain));
});

test("in a pipe no line is broken, and a reason that many share is told once, below them", async () => {
  const { text } = await reported(false);
  const report = JSON.parse((await reported(true)).text) as Report;
  for (const { detail } of report.checks) expect(text).toContain(detail);
  const reasons = report.features.flatMap(({ why }) => why ?? []);
  for (const why of reasons) expect(text.split(why)).toHaveLength(2);
  for (const line of (await reported(false, true)).text.split("\n")) {
    const shown = line.replaceAll(/\x1b\[\d+m/g, "");
    expect(shown.length, shown).toBeLessThanOrEqual(80);
  }
});

test("columns are aligned", async () => {
  const lines = (await reported(false)).text.split("\n");
  const rows = lines.slice(1, lines.indexOf("")).filter((line) => !line.includes("fix: "));
  const kernel = rows.find((line) => line.includes(" kernel ")) ?? "";
  const column = kernel.indexOf("(") - kernel.slice(0, kernel.indexOf("(")).trimEnd().split(" ").at(-1)!.length - 1;
  expect(column).toBeGreaterThan(20);
  for (const row of rows) expect(row.slice(column - 1, column + 1)).toMatch(/^ \S$/);
});

test("without privileges: the true errno and cause, what is missed, and one way out", (context) => {
  if (!isRoot) return context.skip("needs root to become another user");
  if (spawnSync("setpriv", [...NOBODY, "--version"]).status !== 0)
    return context.skip("another user cannot run this Node");
  const run = spawnSync("setpriv", [...NOBODY, RUN], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(
    /^ {2}missing +bpf\(2\) permission +EPERM: uid 65534 lacks CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN/m,
  );
  expect(run.stdout).toMatch(/fix: sudo \/\S+\/scripts\/launch\.sh/);
  expect(run.stdout).toMatch(/^limited: bpf\(2\) permission: EPERM/m);
  expect(run.stdout).toMatch(/^missed: +what is shorter than 1 s/m);
  const report = JSON.parse(spawnSync("setpriv", [...NOBODY, RUN, "--json"], { encoding: "utf8" }).stdout) as Report;
  expect(report).toMatchObject({
    live: false,
    source: "procfs",
    limited: { fix: expect.stringMatching(/^sudo \/.*\/scripts\/launch\.sh$/) },
  });
});
