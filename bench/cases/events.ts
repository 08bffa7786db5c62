import { overhead, programsOf, type Subject } from "../lib/overhead.ts";
import { none, Spydertop } from "../lib/tracers.ts";

/** What each event costs whoever causes it. */
export const subjects = {
  getppid: { operation: "getppid", words: "getppid", count: 100_000, bursts: 30, unit: "ns", aim: 25 },
  read: { operation: "read", words: "pread, one byte", count: 50_000, bursts: 30, unit: "ns", aim: 60 },
  open: { operation: "open", words: "open + close", count: 10_000, bursts: 30, unit: "ns", aim: 400 },
  files: { operation: "files", words: "open + close, 2,000 files", count: 10_000, bursts: 30, unit: "ns", aim: 450 },
  connect: { operation: "connect", words: "connect + accept + close", count: 1000, bursts: 30, unit: "ns", aim: 2500 },
  exchange: { operation: "exchange", words: "write + read of a connection", count: 10_000, bursts: 30, unit: "ns" },
  exec: { operation: "exec", words: "fork + exec + exit", count: 20, bursts: 30, unit: "ns", aimPart: 0.05 },
} as const satisfies Record<string, Subject>;

export async function event(subject: Subject): Promise<void> {
  const spydertop = new Spydertop("rows");
  const other = process.env["SPYDERTOP_BENCH_AGAINST"];
  const ours = other ? [spydertop, new Spydertop("rows", other)] : [spydertop];
  const tracers = [none, ...ours];
  await overhead(subject, tracers);
  for (const tracer of ours) await programsOf(subject, tracer);
  for (const tracer of tracers) await tracer.close();
}
