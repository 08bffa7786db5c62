import { overhead, ROUNDS, type Subject } from "../lib/overhead.ts";
import { Auditd, Bpftrace } from "../lib/peers.ts";
import { once, report, skip } from "../lib/result.ts";
import { none, Spydertop, type Tracer } from "../lib/tracers.ts";
import { subjects } from "./events.ts";

/** The event costs next to another tracer; fewer bursts, for theirs are many times dearer. */
async function next(peer: Tracer, aim: number): Promise<void> {
  const tracers = [none, new Spydertop("rows"), peer] as const;
  try {
    for (const subject of [subjects.open, subjects.connect, subjects.exec, subjects.getppid]) {
      const fewer: Subject = { ...subject, bursts: 10, key: `${peer.name}/${subject.operation}` };
      const added = await overhead(fewer, tracers, Math.ceil(ROUNDS / 2));
      const times = (added.get(peer.name) as number) / (added.get("spydertop") as number);
      report({
        key: `${fewer.key}/times`,
        subject: subject.words,
        mode: peer.name,
        measure: "dearer than spydertop",
        unit: "x",
        value: once(times),
        relative: times,
        ...(subject === subjects.open ? { aim: { over: aim } } : {}),
      });
    }
  } finally {
    for (const tracer of tracers) await tracer.close();
  }
}

export async function bpftrace(): Promise<void> {
  const why = Bpftrace.missing();
  if (why === undefined) await next(new Bpftrace(), 15);
  else skip("bpftrace", why);
}

export async function auditd(): Promise<void> {
  const why = Auditd.missing();
  if (why === undefined) await next(new Auditd(), 10);
  else skip("auditd", why);
}
