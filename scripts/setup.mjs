// Brings whatever is missing between a fresh clone and a program that runs, with --tests also what only the tests need. See
// setup/steps.mjs for the steps.
//
// Each step proves by a few stat calls that it has nothing to do; a step that was interrupted is simply not done yet, so
// the next run continues there. Everything is said on stderr: stdout belongs to the program that starts afterwards.

import { withLock } from "./setup/lock.mjs";
import { StepError, say } from "./setup/run.mjs";
import { steps, testStep } from "./setup/steps.mjs";

/** What to do when this folder cannot be written to. */
const OWNER = "run it as the owner of this folder, or as root";
const UNWRITABLE = {
  EACCES: OWNER,
  EPERM: OWNER,
  EROFS: "the file system is read-only; copy this folder elsewhere",
  ENOSPC: "the disk is full; free some space and run the same command again",
  EDQUOT: "the disk quota is used up; free some space and run the same command again",
};

const wanted = process.argv.includes("--tests") ? [...steps, testStep] : steps;

async function setup() {
  for (const step of wanted) {
    if (step.done()) continue;
    say(`${step.name}: ${step.why()}`);
    try {
      await step.run();
    } catch (error) {
      if (step.without === undefined || error.interruption) throw new StepError(step, error);
      say(`${step.name}: ${error.message}; ${step.without}`);
    }
  }
}

try {
  if (wanted.some((step) => !step.done())) await withLock(setup);
} catch (error) {
  if (error instanceof StepError) process.stderr.write(error.report());
  else if (error.code in UNWRITABLE)
    say(`cannot write ${error.path ?? "here"} (${error.code}): ${UNWRITABLE[error.code]}`);
  else throw error;
  process.exitCode = 1;
}
