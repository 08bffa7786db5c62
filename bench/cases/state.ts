import { ROUNDS } from "../lib/overhead.ts";
import { progress, report } from "../lib/result.ts";
import { attachedSession, cpuMs, drain } from "../lib/session.ts";
import { spread } from "../lib/statistics.ts";
import { Workload } from "../lib/workload.ts";

const PROCESSES = 5000;

/** Snapshot and refresh with many processes, against a C program that reads the same fields from /proc. */
export async function state(): Promise<void> {
  const crowd = await Workload.start(-1);
  await crowd.run("sleepers", PROCESSES);
  const reader = await Workload.start();
  await reader.run("proc-usage", 1);

  const ours = { usage: [] as number[], snapshot: [] as number[] };
  const proc = { usage: [] as number[], snapshot: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    // Not attached while /proc is read: its opens would be events.
    proc.usage.push((await reader.run("proc-usage", 1)).cpuNs / 1e6);
    proc.snapshot.push((await reader.run("proc-snapshot", 1)).cpuNs / 1e6);
    const session = await attachedSession();
    ours.snapshot.push(
      cpuMs(() => {
        session.snapshot();
        drain(session);
      }),
    );
    session.refresh(); // everything is new to the first one
    drain(session);
    ours.usage.push(
      cpuMs(() => {
        session.refresh();
        drain(session);
      }),
    );
    session.close();
    progress(`state: round ${round + 1} of ${ROUNDS}`);
  }
  await reader.close();
  await crowd.close();

  const what = [
    { key: "refresh", words: "one refresh", mine: ours.usage, theirs: proc.usage, aim: 20 },
    { key: "snapshot", words: "one full snapshot", mine: ours.snapshot, theirs: proc.snapshot, aim: 5 },
  ];
  for (const { key, words, mine, theirs, aim } of what) {
    const subject = `${words}, ${PROCESSES} processes`;
    const line = { subject, measure: "CPU", unit: "ms" };
    report({ ...line, key: `${key}/proc`, mode: "reader of /proc in C", value: spread(theirs) });
    report({ ...line, key: `${key}/spydertop`, mode: "spydertop, to batches", value: spread(mine) });
    const times = spread(mine.map((ms, round) => (theirs[round] as number) / ms));
    report({
      ...line,
      key: `${key}/times`,
      mode: "spydertop",
      measure: "times less",
      unit: "x",
      value: times,
      relative: times.median,
      aim: { over: aim },
    });
  }
}
