import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ancestors } from "../../src/core/query/process-row.ts";
import { Imported } from "./import-run.ts";

/** Example captures beside the checkout; not part of it. */
const folder = join(import.meta.dirname, "../../../shared/data/spyderbat");
const captures = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json.gz")) : [];

if (captures.length === 0)
  test("example captures", (context) => context.skip("the example captures of Spyderbat are not beside the checkout"));

interface Raw {
  readonly schema: string;
  readonly id: string;
  readonly time: number;
  readonly pid: number;
  readonly type: string;
  readonly traces?: readonly string[];
  readonly peer_cuid?: string;
}

describe.each(captures)("%s", (name) => {
  const path = join(folder, name);
  let opened: Imported | undefined;
  const open = (): Imported => (opened ??= new Imported(path));

  function newest(prefix: string): Raw[] {
    const byId = new Map<string, Raw>();
    for (const line of gunzipSync(readFileSync(path)).toString().split("\n")) {
      if (line === "") continue;
      const record = JSON.parse(line) as Raw;
      if (!record.schema.startsWith(prefix)) continue;
      const known = byId.get(record.id);
      if (known === undefined || record.time >= known.time) byId.set(record.id, record);
    }
    return [...byId.values()];
  }

  test("every line is read and every reference to a parent, session, flag or trace resolves", () => {
    const { source } = open();
    expect(source.problems).toMatchObject({ total: 0, first: [] });
    expect(source.status().limited).toBeUndefined();
    const conclusions = newest("event_redflag").length + newest("model_spydertrace").length;
    expect(source.findings()).toHaveLength(conclusions);
  });

  test("all processes are in one tree below init and kthreadd, no thread among them", () => {
    const run = open();
    const records = newest("model_process");
    expect(run.rows.filter(({ depth }) => depth === 0).map(({ pid }) => pid)).toEqual([1, 2]);
    const executed = records.filter(({ type }) => type !== "thread").map(({ pid }) => pid);
    const shown = new Set(run.rows.map(({ pid }) => pid));
    expect(executed.filter((pid) => !shown.has(pid))).toEqual([]);
    expect(run.rows.length).toBeLessThan(records.length / 2);
  });

  test("peers are linked both ways, and a connection between two of them is one", () => {
    const run = open();
    const records = newest("model_connection");
    const paired = records.filter(({ peer_cuid }) => peer_cuid !== undefined).length;
    expect(paired).toBe(146);
    const shown = run.connections().filter(({ direction }) => direction !== "listen");
    expect(shown).toHaveLength(records.length - paired / 2);
    const local = shown.filter(({ peer }) => peer !== undefined);
    expect(local).toHaveLength(paired / 2);
    for (const { id, owners, peer } of local) {
      const pids = [owners[0], peer].map((one) => run.rows.find((row) => row.id === one)?.pid ?? 0);
      for (const pid of pids) expect(run.connections(pid).map((one) => one.id)).toContain(id);
    }
  });

  test("all members of a trace descend from its root", () => {
    const run = open();
    const byKey = new Map(run.rows.map((row) => [row.pid, row.id]));
    const traces = run.source.findings().filter(({ rule }) => rule === "spyderbat/trace");
    expect(traces.length).toBeGreaterThan(0);
    for (const { process, chain } of traces) {
      const root = byKey.get(process.pid);
      for (const { pid } of chain.slice(1)) {
        const member = byKey.get(pid);
        expect(member).toBeDefined();
        expect(ancestors(run.monitor, member ?? 0)).toContain(root);
      }
    }
  });

  test("rows come in the order of their time, and the wall clock is the capture's", () => {
    const run = open();
    expect(run.timesNs.filter((timeNs, i) => i > 0 && timeNs < (run.timesNs[i - 1] ?? 0))).toEqual([]);
    const times = newest("").map(({ time }) => time * 1000);
    expect(Math.abs(Date.parse(run.wall(0)) - Math.min(...times))).toBeLessThan(2);
    expect(Math.abs(Date.parse(run.wall(run.monitor.nowNs)) - Math.max(...times))).toBeLessThan(2);
  });

  test("usage is there for those that were sampled", () => {
    const run = open();
    expect(run.rows.filter(({ rssBytes }) => rssBytes > 0).length).toBeGreaterThan(20);
    expect(run.rows.filter(({ cpuPercent }) => cpuPercent !== undefined && cpuPercent > 0).length).toBeGreaterThan(3);
    for (const { cpuPercent } of run.rows) if (cpuPercent !== undefined) expect(cpuPercent).toBeLessThan(401);
  });
});
