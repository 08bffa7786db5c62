import { type Added, overhead, ROUNDS, type Subject } from "../lib/overhead.ts";
import { Auditd, Bpftrace } from "../lib/peers.ts";
import { once, report, skip } from "../lib/result.ts";
import { none, Spydertop, type Tracer } from "../lib/tracers.ts";
import { subjects } from "./events.ts";
import { cat, compile } from "./jobs.ts";
import { redis } from "./redis.ts";

const SINGLE = [subjects.open, subjects.files, subjects.connect, subjects.exec, subjects.getppid];

/** All workloads next to another tracer; fewer bursts, for theirs are many times dearer. */
async function next(peer: Tracer, aim: number): Promise<void> {
  const tracers = [none, new Spydertop("rows"), peer] as const;
  const rounds = Math.ceil(ROUNDS / 2);
  const named = (subject: Subject): Subject => ({
    ...subject,
    bursts: Math.min(subject.bursts, 10),
    key: `${peer.name}/${subject.key ?? subject.operation}`,
  });
  try {
    for (const subject of SINGLE) {
      const fewer = named(subject);
      const added = await overhead(fewer, tracers, rounds);
      const ours = added.get("spydertop") as Added;
      const theirs = added.get(peer.name) as Added;
      if (ours.added <= 0 || theirs.added <= 0) continue; // lost in the noise
      const line = { subject: subject.words, mode: peer.name, unit: "x" };
      const times = theirs.added / ours.added;
      report({
        ...line,
        key: `${fewer.key}/times`,
        measure: "dearer than spydertop",
        value: once(times),
        relative: times,
        ...(subject === subjects.open ? { aim: { over: aim } } : {}),
      });
      const all = (theirs.added + theirs.consumerNs) / (ours.added + ours.consumerNs);
      report({
        ...line,
        key: `${fewer.key}/times-all`,
        measure: "dearer with the consumer",
        value: once(all),
        relative: all,
      });
    }
    for (const prepare of [cat, compile]) await overhead(named(prepare()), tracers, rounds);
    await redis(peer);
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
