import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/count-reporter.ts";

const system = ["test/bpf/**", "test/native/**", "test/e2e/**"];

export default defineConfig({
  test: {
    pool: "forks",
    allowOnly: false,
    passWithNoTests: false,
    reporters: ["default", new CountReporter()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: system,
          testTimeout: 30_000,
        },
      },
      {
        // Real system calls, one kernel, one terminal: one file after the other.
        test: {
          name: "system",
          include: system.map((folder) => `${folder}/*.test.{ts,tsx}`),
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          // What else the machine does decides some of these: a second attempt is counted and printed.
          retry: 1,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
