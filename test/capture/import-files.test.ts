import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_LINE } from "../../src/capture/import/line-reader.ts";
import { openImport } from "../../src/capture/import/open-import.ts";
import { CaptureError } from "../../src/capture/source.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { fileOf, imported, jsonLines } from "./import-run.ts";

const START = 1_700_000_000;

const process = (pid: number) => ({
  schema: "model_process::1.2.0",
  id: `proc:${pid}`,
  time: START,
  create_time: START + pid,
  pid,
  ppid: pid === 1 ? 0 : 1,
  ppuid: pid === 1 ? null : "proc:1",
  type: "normal",
  name: `p${pid}`,
  exe: `/bin/p${pid}`,
  args: [`p${pid}`, `argument number ${pid * 7919}`],
  status: "active",
});
const many = jsonLines(Array.from({ length: 2_000 }, (_, i) => process(i + 1)));

function failure(path: string): CaptureError {
  try {
    openImport(path);
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  }
  throw new Error("it was opened");
}

describe("a file that cannot be imported says why", () => {
  test("not there, or a folder", () => {
    expect(failure("/nowhere/at/all")).toMatchObject({
      code: "ENOENT",
      message: expect.stringContaining("/nowhere/at/all"),
    });
    expect(failure("/")).toMatchObject({ code: "EISDIR" });
  });

  test.each([
    ["empty", ""],
    ["text", "hello\nworld\n"],
    ["other JSON", '{"a":1}\n'],
    ["bytes", new Uint8Array(5_000).fill(7)],
    ["gzip of text", gzipSync("hello\n")],
  ])("%s", (_, content) => {
    const { message, hint } = failure(fileOf(content));
    expect(message).toContain("no known format");
    expect(hint).toBe(
      "known formats: Spyderbat capture, Tetragon export, auditd log, plain or gzip; or a recording of spydertop, unpacked and no pipe",
    );
  });

  test("gzip that is cut before the first line", () => {
    expect(failure(fileOf(gzipSync(many).subarray(0, 12))).message).toContain("the gzip data end too early");
  });
});

describe("what is readable stays", () => {
  test("plain and gzip give the same", () => {
    const plain = imported(many);
    const compressed = imported(gzipSync(many));
    expect(compressed.tree).toBe(plain.tree);
    expect(plain.rows).toHaveLength(2_000);
  });

  test("a cut gzip file: everything before the cut", () => {
    const compressed = gzipSync(many);
    const run = imported(compressed.subarray(0, compressed.length / 2));
    expect(run.rows.length).toBeGreaterThan(500);
    expect(run.rows.length).toBeLessThan(2_000);
    const [first] = run.source.problems.first;
    expect(first?.why).toMatch(/^the gzip data end too early: \d+ bytes of text could be read$/);
    expect(run.source.status().limited?.why).toContain("end too early");
  });

  test("a damaged gzip file: everything before the damage", () => {
    const compressed = gzipSync(many, { level: 0 });
    // The header of the second stored block.
    compressed.fill(0xff, 66_000, 66_100);
    const run = imported(compressed);
    expect(run.rows.length).toBeGreaterThan(100);
    expect(run.source.problems.total).toBeGreaterThan(0);
  });

  test("a broken line in the middle has its number and offset, and so has the torn one at the end", () => {
    const before = jsonLines([process(1), process(2)]);
    const broken = '{"schema":"model_process::1.2.0",,}';
    const after = jsonLines([process(3)]);
    const torn = '{"schema":"model_proc';
    const run = imported(`${before}${broken}\r\n\n${after}${torn}`);
    expect(run.rows.map(({ pid }) => pid)).toEqual([1, 2, 3]);
    expect(run.source.problems).toMatchObject({
      total: 2,
      first: [
        { line: 3, byte: before.length, why: "not JSON at its character 33" },
        { line: 6, byte: before.length + broken.length + 3 + after.length },
      ],
    });
    expect(run.source.status().features[0]).toMatchObject({
      state: "degraded",
      why: expect.stringContaining("line 3, byte"),
    });
  });

  test("many broken lines are counted, the first few listed", () => {
    const run = imported(`${jsonLines([process(1)])}${"nothing\n".repeat(1_000)}`);
    expect(run.source.problems.total).toBe(1_000);
    expect(run.source.problems.first).toHaveLength(5);
    expect(run.source.status().limited?.why).toMatch(/^1000 problems: .*; and 995 more$/);
  });

  test("a line that is too long is skipped and told, in a plain file and in a gzip file", () => {
    const long = JSON.stringify({ ...process(2), title: "x".repeat(MAX_LINE) });
    const content = jsonLines([process(1), long, process(3)]);
    for (const run of [imported(content), imported(gzipSync(content))]) {
      expect(run.rows.map(({ pid }) => pid)).toEqual([1, 3]);
      expect(run.source.problems.first).toMatchObject([{ line: 2, why: "longer than 16 MiB, skipped" }]);
    }
  });

  test("lines may end as on Windows, the last one not at all, and the file may begin with a byte order mark", () => {
    const content = jsonLines([process(1), process(2)])
      .trimEnd()
      .replaceAll("\n", "\r\n");
    const run = imported(`\ufeff${content}`);
    expect(run.rows.map(({ pid }) => pid)).toEqual([1, 2]);
    expect(run.source.problems.total).toBe(0);
  });
});

test("it is handed over in pieces that keep to the budget", () => {
  const source = openImport(fileOf(many));
  source.start();
  let drains = 1;
  while (source.drain(() => undefined, 0.5)) drains++;
  expect(drains).toBeGreaterThan(5);
  expect(source.drain(() => expect.unreachable("it had said it was done"), 10)).toBe(false);
  source.close();
  source.close();
});

const audit = Array.from({ length: 20 }, (_, i) => [
  `type=SYSCALL msg=audit(${START}.${100 + i}:${i}): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1 ppid=${i + 1} pid=${i + 2} auid=0 uid=0 gid=0 euid=0 egid=0 tty=(none) ses=1 comm="a" exe="/bin/a" key=(null)`,
  `type=EXECVE msg=audit(${START}.${100 + i}:${i}): argc=1 a0="a"`,
  `type=PROCTITLE msg=audit(${START}.${100 + i}:${i}): proctitle="a"`,
]).flat();
const tetragon = Array.from({ length: 20 }, (_, i) => ({
  process_exec: {
    process: {
      exec_id: `e${i}`,
      pid: i + 2,
      binary: "/bin/a",
      flags: "execve clone",
      start_time: "2024-05-06T07:08:09.5Z",
    },
  },
  time: "2024-05-06T07:08:09.5Z",
}));
const corpora: Record<string, string> = {
  Spyderbat: jsonLines(Array.from({ length: 20 }, (_, i) => process(i + 1))),
  auditd: `${audit.join("\n")}\n`,
  Tetragon: jsonLines(tetragon),
};

describe.each(Object.keys(corpora))("whatever happens to a file: %s", (name) => {
  const good = Buffer.from(corpora[name] ?? "");
  const change = fc.record({
    at: fc.nat(good.length - 1),
    byte: fc.nat(255),
    remove: fc.nat(200),
    compress: fc.boolean(),
  });

  test("it is imported as far as it goes or refused in words, and its batches are well-formed", () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        fc.nat(99),
        (changes, damageGzip, cut) => {
          let bytes = Buffer.from(good);
          for (const { at, byte, remove } of changes) {
            const place = at % bytes.length;
            bytes[place] = byte;
            bytes = Buffer.concat([
              bytes.subarray(0, place + 1),
              bytes.subarray(Math.min(bytes.length, place + 1 + remove)),
            ]);
          }
          if (changes[0]?.compress) {
            bytes = gzipSync(bytes);
            if (damageGzip) bytes[changes[0].at % bytes.length] = changes[0].byte;
            else bytes = bytes.subarray(0, bytes.length - (cut % 20));
          }
          survives(bytes);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a field of another type than it should have is no trouble", () => {
    const values = fc.constantFrom(
      "null",
      "-1",
      "1e400",
      '"x"',
      "[]",
      "{}",
      '[null,{"a":1}]',
      "true",
      '""',
      "18446744073709551615",
    );
    fc.assert(
      fc.property(fc.nat(1_000), values, (nth, value) => {
        const fields = [...good.toString().matchAll(/(?<=["\w]+[:=])(?:"[^"]*"|-?\d[\d.]*|null)/g)];
        const field = fields[nth % fields.length];
        const from = field?.index ?? 0;
        const text = good.toString();
        survives(Buffer.from(text.slice(0, from) + value + text.slice(from + (field?.[0].length ?? 0))));
      }),
      { numRuns: 150 },
    );
  });
});

function survives(bytes: Uint8Array): void {
  const monitor = new Monitor();
  let source: ReturnType<typeof openImport>;
  try {
    source = openImport(fileOf(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(CaptureError);
    return;
  }
  source.start();
  while (source.drain((batch) => monitor.ingest(batch), 50)) {}
  source.close();
  expect(monitor.graph.reader.malformed).toBe(0);
}
