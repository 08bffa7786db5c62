import { runDoctor } from "../../src/cli/doctor.ts";

/** The doctor as a command of its own, for the tests that run it as another user. */
process.exitCode = await runDoctor({ json: process.argv.includes("--json") });
