import { countProgramTime, othersTrace, type ProgramTime, programTimes, since } from "./programs.ts";
import { progress, report, skip } from "./result.ts";
import { spread } from "./statistics.ts";
import { none, type Spydertop, type Tracer } from "./tracers.ts";
import { Workload } from "./workload.ts";

/** One operation of workload.c. */
export interface Subject {
  readonly operation: string;
  readonly words: string;
  /** Operations a burst, and bursts a round: some 0.3 s together. */
  readonly count: number;
  readonly bursts: number;
  readonly unit: "ns" | "µs" | "ms";
  /** What the monitor may add at most, in the unit. */
  readonly aim?: number;
  /** What the monitor may add at most, as a part of the untraced CPU time. */
  readonly aimPart?: number;
  /** Key in baseline.json; the operation when absent. */
  readonly key?: string;
}

interface Sample {
  readonly cpu: number;
  readonly wall: number;
  readonly consumerNs: number;
  readonly lost: number | undefined;
}

const NS = { ns: 1, µs: 1e3, ms: 1e6 } as const;

export const ROUNDS = Number(process.env["SPYDERTOP_BENCH_ROUNDS"] ?? 15);

/**
 * One round of one tracer: bursts, of which the fastest tenth counts. Whatever else runs on the machine or its host can only
 * slow a burst down, by as much as twice here; what the tracer costs is in every burst.
 */
async function sample(tracer: Tracer, { operation, count, unit, bursts }: Subject): Promise<Sample> {
  await tracer.start();
  // A process of its own each time: some tracers mark tasks when they are forked.
  const workload = await Workload.start();
  const warmUp = Math.floor(bursts / 10);
  const cpu: number[] = [];
  const wall: number[] = [];
  for (let burst = -warmUp; burst < bursts; burst++) {
    const run = await workload.run(operation, count);
    if (burst < 0) continue;
    cpu.push(run.cpuNs / count / NS[unit]);
    wall.push(run.wallNs / count);
  }
  await workload.close();
  const stopped = await tracer.stop();
  return {
    cpu: fastest(cpu),
    wall: fastest(wall),
    consumerNs: stopped.cpuNs / (count * (bursts + warmUp)),
    lost: stopped.lost,
  };
}

function fastest(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] as number;
}

/** Medians an operation, ns in subjects of ns: what a tracer adds to who does it, and the CPU of its consumer besides. */
export interface Added {
  readonly added: number;
  readonly consumerNs: number;
}

/**
 * Rounds in turn over all tracers, of which the first is nothing: what each adds to the CPU time of the operation, compared
 * with the untraced run of the same round. By the tracers' names.
 */
export async function overhead(
  subject: Subject,
  tracers: readonly Tracer[],
  rounds = ROUNDS,
): Promise<ReadonlyMap<string, Added>> {
  const taken = new Map<string, Sample[]>(tracers.map(({ name }) => [name, []]));
  const samples = (tracer: Tracer) => taken.get(tracer.name) as Sample[];
  let repeated = 0;
  let disturbed = 0;
  for (let round = 0; round < rounds; ) {
    const before = othersTrace();
    const now = new Map<string, Sample>();
    // Alternating order: what drifts during a round is no one's advantage.
    const order = round % 2 === 0 ? tracers : [...tracers].reverse();
    for (const tracer of order) now.set(tracer.name, await sample(tracer, subject));
    const alone = !before && !othersTrace();
    if (!alone && repeated < rounds) {
      repeated++;
      continue;
    }
    if (!alone) disturbed++;
    for (const tracer of tracers) samples(tracer).push(now.get(tracer.name) as Sample);
    round++;
    progress(`${subject.words}: round ${round} of ${rounds}`);
  }

  const untraced = samples(none);
  const medians = new Map<string, Added>();
  const base = spread(untraced.map(({ cpu }) => cpu)).median;
  for (const tracer of tracers) {
    const own = samples(tracer);
    const line = { subject: subject.words, mode: tracer.name, unit: subject.unit };
    const key = `${subject.key ?? subject.operation}/${tracer.name}`;
    const cpu = spread(own.map((one) => one.cpu));
    if (tracer === none) {
      report({ ...line, key: `${key}/cpu`, measure: "CPU an operation", value: cpu });
      continue;
    }
    const added = spread(own.map((one, round) => one.cpu - (untraced[round] as Sample).cpu));
    const part = added.median / base;
    const wall = spread(own.map((one, round) => one.wall / (untraced[round] as Sample).wall)).median;
    const lost = own.reduce((total, one) => total + (one.lost ?? 0), 0);
    const operations = own.length * subject.count * (subject.bursts + Math.floor(subject.bursts / 10));
    const lostPart = `${(lost / operations).toFixed(2)} an operation`;
    const counted = own.some((one) => one.lost !== undefined);
    const consumerNs = spread(own.map((one) => one.consumerNs)).median;
    medians.set(tracer.name, { added: added.median, consumerNs });
    const under = subject.aim ?? (subject.aimPart === undefined ? undefined : subject.aimPart * base);
    report({
      ...line,
      key: `${key}/added`,
      measure: "added an operation",
      value: added,
      ...(tracer.name === "spydertop" ? { relative: part } : {}),
      ratio: `${(1 + part).toFixed(3)}x none, wall ${wall.toFixed(2)}x`,
      ...(under === undefined || tracer.name !== "spydertop" ? {} : { aim: { under } }),
      note: [
        subject.unit === "ms"
          ? `consumer ${(consumerNs / 1e6).toFixed(1)} ms`
          : `consumer ${(consumerNs / 1e3).toFixed(2)} µs`,
        ...(disturbed > 0 ? [`${disturbed} rounds next to another spydertop`] : []),
        ...(counted ? [lost === 0 ? "lost 0" : `lost ${lost}: ${lostPart}`] : []),
      ].join(", "),
    });
  }
  return medians;
}

const WINDOW = 10;

/** Where the time goes inside: ns of each kernel program an operation, by the kernel's own count; the fastest burst of each ten. */
export async function programsOf(subject: Subject, tracer: Spydertop): Promise<void> {
  await tracer.start();
  const workload = await Workload.start();
  await workload.run(subject.operation, subject.count);
  const windows: ProgramTime[][] = [];
  try {
    const restore = countProgramTime();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const bursts: ProgramTime[][] = [];
        for (let burst = 0; burst < WINDOW; burst++) {
          const before = programTimes(tracer.pid);
          await workload.run(subject.operation, subject.count);
          bursts.push(since(before, programTimes(tracer.pid)));
        }
        const total = (burst: readonly ProgramTime[]) => burst.reduce((sum, { ns }) => sum + ns, 0);
        windows.push(bursts.reduce((best, burst) => (total(burst) < total(best) ? burst : best)));
      }
    } finally {
      restore();
    }
  } catch (error) {
    skip(`${subject.words}: time in kernel programs`, (error as Error).message);
  }
  await workload.close();
  await tracer.stop();
  for (const name of new Set(windows.flat().map((program) => program.name))) {
    const of = (field: "ns" | "runs") =>
      spread(windows.map((all) => (all.find((program) => program.name === name)?.[field] ?? 0) / subject.count));
    const runs = of("runs").median;
    if (runs < 0.2) continue; // someone else's
    report({
      key: `${subject.key ?? subject.operation}/program/${tracer.name}/${name}`,
      subject: subject.words,
      mode: tracer.name,
      measure: `in ${name}`,
      unit: "ns",
      value: of("ns"),
      note: `${runs.toFixed(2)} runs an operation, ${(of("ns").median / runs).toFixed(0)} ns each, the kernel's clock included`,
    });
  }
}
