import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

const output = fileURLToPath(new URL("../build/test-counts.json", import.meta.url));

/**
 * Leaves the counts of a run for scripts/check.mjs, and prints each skipped test with its reason and each that needed
 * a second attempt with what failed at the first.
 * A file that could not be loaded and an error outside any test count as one failure each.
 */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, unsteady: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") {
          counts.passed += 1;
          if (test.diagnostic()?.flaky !== true) continue;
          counts.unsteady += 1;
          const why = result.errors?.[0]?.message ?? "no reason given";
          console.log(`unsteady: ${module.relativeModuleId} > ${test.fullName}: ${why}`);
        } else if (result.state === "failed") counts.failed += 1;
        else {
          counts.skipped += 1;
          console.log(`skipped: ${module.relativeModuleId} > ${test.fullName}: ${reason(result)}`);
        }
      }
    }
    mkdirSync(fileURLToPath(new URL("../build/", import.meta.url)), { recursive: true });
    writeFileSync(output, JSON.stringify(counts));
  }
}

function reason(result: { state: string; note?: string | undefined }): string {
  return result.note ?? "no reason given";
}
