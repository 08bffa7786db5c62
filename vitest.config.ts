import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/count-reporter.ts";

const system = ["test/bpf/**", "test/native/**", "test/e2e/**"];

export default defineConfig({
  test: {
    pool: "forks",
    // What else the machine does decides some tests of the real /proc, kernel and terminals: a second attempt is counted and printed.
    // An example that breaks a property breaks it, whatever the machine does.
    retry: { count: 1, condition: /^(?!Property failed)/ },
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
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
