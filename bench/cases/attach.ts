import { newNativeSession, objectPath } from "../../src/capture/live/native.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { ROUNDS } from "../lib/overhead.ts";
import { progress, report } from "../lib/result.ts";
import { attachedSession, cpuMs, drain, wallMs } from "../lib/session.ts";
import { spread } from "../lib/statistics.ts";
import { batchUser, type Use } from "../lib/use.ts";
import { Workload } from "../lib/workload.ts";

/** From nothing to attached, and back. */
export async function attach(): Promise<void> {
  const phases: Record<"start" | "snapshot" | "detach", number[]> = { start: [], snapshot: [], detach: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const session = newNativeSession();
    const began = performance.now();
    await session.start({ objectPath: objectPath() });
    phases.start.push(performance.now() - began);
    phases.snapshot.push(
      wallMs(() => {
        session.snapshot();
        session.refresh();
        drain(session);
      }),
    );
    phases.detach.push(wallMs(() => session.close()));
    progress(`attach: round ${round + 1} of ${ROUNDS}`);
  }
  const line = { subject: "start and stop", mode: "spydertop", unit: "ms" };
  report({ ...line, key: "attach/both", measure: "load + attach", value: spread(phases.start), aim: { under: 200 } });
  report({ ...line, key: "attach/snapshot", measure: "first snapshot", value: spread(phases.snapshot) });
  report({ ...line, key: "attach/detach", measure: "detach", value: spread(phases.detach), aim: { under: 500 } });
}

const EVENTS = 50_000;

/** What the consumer does with one event, from the ring on; the workload waits meanwhile. */
export async function consumer(uses: readonly Use[]): Promise<void> {
  const session = await attachedSession();
  const workload = await Workload.start();
  const users = uses.map((use) => ({ use, take: batchUser(use), ns: [] as number[] }));
  for (let round = -2; round < ROUNDS; round++) {
    for (const { take, ns } of users) {
      drain(session, take);
      const before = delivered();
      await workload.run("files", EVENTS);
      const ms = cpuMs(() => drain(session, take));
      if (round >= 0) ns.push((ms * 1e6) / (delivered() - before));
    }
  }
  const lost = session.stats().dropped[KIND.OPEN];
  await workload.close();
  session.close();
  for (const { use, ns } of users)
    report({
      key: `consumer/${use}`,
      subject: "an event from the ring",
      mode: `spydertop, ${use}`,
      measure: "consumer an event",
      unit: "ns",
      value: spread(ns),
      ...(use === "decode" ? { aim: { under: 200 } } : {}),
      note: `lost ${lost}`,
    });

  function delivered(): number {
    return session.stats().delivered.reduce((total, n) => total + n, 0);
  }
}
