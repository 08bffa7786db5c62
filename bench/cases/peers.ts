import { overhead, ROUNDS, type Subject } from "../lib/overhead.ts";
import { Auditd, Bpftrace } from "../lib/peers.ts";
import { skip } from "../lib/result.ts";
import { none, Spydertop, type Tracer } from "../lib/tracers.ts";
import { subjects } from "./events.ts";

/** The event costs next to another tracer; fewer bursts, for theirs are many times dearer. */
async function next(peer: Tracer): Promise<void> {
  const tracers = [none, new Spydertop("rows"), peer] as const;
  try {
    for (const subject of [subjects.open, subjects.connect, subjects.exec]) {
      const fewer: Subject = { ...subject, bursts: 10, key: `${peer.name}/${subject.operation}` };
      await overhead(fewer, tracers, Math.ceil(ROUNDS / 2));
    }
  } finally {
    for (const tracer of tracers) await tracer.close();
  }
}

export async function bpftrace(): Promise<void> {
  const why = Bpftrace.missing();
  if (why === undefined) await next(new Bpftrace());
  else skip("bpftrace", why);
}

export async function auditd(): Promise<void> {
  const why = Auditd.missing();
  if (why === undefined) await next(new Auditd());
  else skip("auditd", why);
}
