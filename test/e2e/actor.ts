import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";

/** A quiet machine has nothing to tell: makes and removes a file in a folder and starts a program, over and over, until the test is done. */
export function actAgainAndAgain(marker: string, folder: string): ChildProcess {
  const script = `: ${marker}; while :; do echo x >${folder}/made; rm ${folder}/made; sh -c ": ${marker}; exit 3"; sleep 0.05; done`;
  const child = spawn("sh", ["-c", script], { stdio: "ignore", detached: true });
  onTestFinished(() => {
    stop(child);
  });
  return child;
}

/** Ends a process and all it started. */
export function stop({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
}
