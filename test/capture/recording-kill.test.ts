import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openReplay } from "../../src/capture/recording/replay.ts";
import { CaptureError } from "../../src/capture/source.ts";
import { activity, drained, rowsOf } from "./recording-batches.ts";
import { folder } from "./recording-folder.ts";

const child = join(import.meta.dirname, "recording-child.ts");
const ROUNDS = 8;
const ROWS_PER_BATCH = 40;

/** Starts a recording and kills it, as no program can refuse, once it has reported that many batches. */
function killedAfter(path: string, batches: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, "forever", path], { stdio: ["ignore", "pipe", "inherit"] });
    let seen = 0;
    process_.stdout.on("data", (dots: Buffer) => {
      seen += dots.length;
      if (seen >= batches) process_.kill("SIGKILL");
    });
    if (batches === 0) process_.on("spawn", () => setImmediate(() => process_.kill("SIGKILL")));
    process_.on("error", reject);
    process_.on("close", (_, signal) => (signal === "SIGKILL" ? resolve() : reject(new Error(`ended by ${signal}`))));
  });
}

test("a recorder killed at any moment leaves a recording of all but its last moments", {
  timeout: 60_000,
}, async () => {
  const base = folder();
  for (let round = 0; round < ROUNDS; round++) {
    const path = join(base, `x${round}`);
    const reported = Math.floor(Math.random() * 100);
    await killedAfter(path, reported);
    let rows: string[];
    try {
      const { source, recording } = openReplay(path);
      rows = drained(source).filter((row) => !row.startsWith("EQAw"));
      expect(recording.complete).toBe(false);
      expect(source.status().limited?.why).toMatch(
        /the file has no end, .* up to a second after 2\d{3}-.*Z may be missing/u,
      );
      for (const { what, offset, bytes } of recording.damage) {
        expect(what).toBe("the end is torn off");
        expect(offset + bytes).toBe(statSync(path).size);
      }
      source.close();
    } catch (error) {
      // Killed between the creation of the file and its first frame.
      expect(error).toBeInstanceOf(CaptureError);
      expect(reported).toBe(0);
      continue;
    }
    expect(rows.length).toBeGreaterThanOrEqual(reported * ROWS_PER_BATCH);
    const batches = activity({ batches: Math.ceil(rows.length / ROWS_PER_BATCH) + 1, rowsPerBatch: ROWS_PER_BATCH });
    expect(rows).toEqual(rowsOf(batches).slice(0, rows.length));
  }
});
