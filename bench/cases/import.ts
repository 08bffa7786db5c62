import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { asProgram } from "../lib/child.ts";
import { progress, report, skip } from "../lib/result.ts";
import { spread } from "../lib/statistics.ts";
import { auditdLog, spyderbatCapture, tetragonExport } from "./import-files.ts";

const BYTES = 38_000_000;
const ROUNDS = 7;

interface Opened {
  readonly tookMs: number;
  readonly events: number;
  readonly problems: number;
}

/** Opening files of other tools: from the path to the whole graph, in a fresh process. */
export async function imports(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "spydertop-bench-"));
  try {
    const capture = spyderbatCapture(BYTES);
    if (capture === undefined)
      skip("import/spyderbat", "the example captures of Spyderbat are not beside the checkout");
    else open(folder, "spyderbat", "Spyderbat capture, gzip", gzipSync(capture), { under: 1_000 });
    open(folder, "auditd", "auditd log", auditdLog(BYTES));
    open(folder, "tetragon", "Tetragon export", tetragonExport(BYTES));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function open(folder: string, key: string, words: string, content: string | Uint8Array, aim?: { under: number }): void {
  const path = join(folder, key);
  writeFileSync(path, content);
  const samples: number[] = [];
  let events = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawnSync(asProgram, ["--of-file", join(import.meta.dirname, "import-open.ts"), path], {
      encoding: "utf8",
    });
    if (child.status !== 0) throw new Error(child.stderr);
    const opened = JSON.parse(child.stdout) as Opened;
    if (opened.problems > 0) throw new Error(`${opened.problems} lines were not read`);
    samples.push(opened.tookMs);
    events = opened.events;
    progress(`${key}: round ${round + 1} of ${ROUNDS}`);
  }
  report({
    key: `import/${key}`,
    subject: `${words}, 38 MB`,
    mode: "spydertop, to the graph",
    measure: "time",
    unit: "ms",
    value: spread(samples),
    note: `${events.toLocaleString("en")} events`,
    ...(aim === undefined ? {} : { aim }),
  });
}
