import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openImport } from "../../src/capture/import/open-import.ts";
import { createSession, follow, type Session } from "../../src/cli/session.ts";
import { fileOf, jsonLines } from "../capture/import-run.ts";

/** Example captures beside the checkout; not part of it. */
const folder = join(import.meta.dirname, "../../../shared/data/spyderbat");
const captures = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json.gz")) : [];

async function opened(path: string): Promise<Session> {
  const source = openImport(path);
  source.start();
  const session = createSession(source, follow({}));
  await session.settle();
  source.close();
  return session;
}

const START = 1_700_000_000;
const process = (pid: number, parent: number, createS: number) => ({
  schema: "model_process::1.2.0",
  id: `proc:${pid}`,
  time: createS + 1,
  create_time: createS,
  pid,
  ppid: parent,
  ppuid: parent === 0 ? null : `proc:${parent}`,
  type: "normal",
  name: `p${pid}`,
  exe: `/bin/p${pid}`,
  args: [`p${pid}`],
  status: "active",
});
const flag = (id: number, ref: string, time: number) => ({
  schema: "event_redflag:suspicious_command:1.1.0",
  id: `flag:${id}`,
  time,
  name: "chown",
  description: `ran chown ${id}`,
  severity: "high",
  ref,
  mitre_mapping: [{ technique: "T1222" }],
});

test("what the other tool concluded is found on the screens: list, detail, tree and search", async () => {
  const { queries } = await opened(
    fileOf(
      jsonLines([
        process(1, 0, START - 100),
        process(20, 1, START + 10),
        process(21, 20, START + 20),
        flag(1, "proc:21", START + 21),
        // Told before its process is.
        flag(2, "proc:20", START + 5),
      ]),
    ),
  );
  const findings = queries.findings();
  expect(findings.map(({ rule, reason, severity, techniques }) => [rule, reason, severity, techniques])).toEqual(
    expect.arrayContaining([
      ["spyderbat/suspicious_command", "ran chown 1", "high", ["T1222"]],
      ["spyderbat/suspicious_command", "ran chown 2", "high", ["T1222"]],
    ]),
  );
  const first = findings.find(({ reason }) => reason === "ran chown 1");
  expect(queries.process(first?.process ?? 0)).toMatchObject({ pid: 21, severity: "high" });
  expect(first?.chain.map((id) => queries.process(id)?.pid)).toEqual([20, 21]);
  expect(queries.detail(first?.process ?? 0)?.findings).toContainEqual(first);
  expect(queries.entries().entries.some(({ text }) => text.includes("ran chown 1"))).toBe(true);
});

test("a finding about a process that nothing else tells of is counted, not lost", async () => {
  const session = await opened(
    fileOf(jsonLines([process(1, 0, START - 100), process(20, 1, START + 10), flag(1, "proc:99", START + 21)])),
  );
  expect(session.queries.findings()).toEqual([]);
  expect(session.totals().limited?.why).toContain("proc:99");
});

if (captures.length === 0)
  test("example captures", (context) => context.skip("the example captures of Spyderbat are not beside the checkout"));

test.each(captures)("%s: every flag and trace is a finding whose chain can be walked to", async (name) => {
  const { queries, source, totals } = await opened(join(folder, name));
  const imported = (source as ReturnType<typeof openImport>).findings();
  const shown = queries.findings().filter(({ rule }) => rule.startsWith("spyderbat/"));
  expect(shown).toHaveLength(imported.length);
  expect(totals().limited).toBeUndefined();
  for (const { chain, process: id, rule } of shown) {
    for (const one of chain) expect(queries.process(one)?.severity).toBeDefined();
    expect(queries.origin({ kind: "process", id }).steps.length).toBeGreaterThan(0);
    if (rule === "spyderbat/trace") expect(chain.length).toBeGreaterThan(0);
  }
});
