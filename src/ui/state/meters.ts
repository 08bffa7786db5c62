import type { CaptureTotals, HostSample } from "../ports.ts";

/** As long as a moment can be gone back to. */
const KEPT_NS = 600e9;
const MOST_KEPT = 6_000;

/** What the header shows: the newest sample and the history behind it. */
export interface Meters {
  /** Grows with every sample. */
  readonly version: number;
  readonly host: HostSample;
  readonly capture: CaptureTotals;
  readonly eventsPerSecond: number;
  /** Oldest first, the newest is what is told above. */
  readonly samples: readonly MeterSample[];
  readonly history: History;
}

interface MeterSample {
  /** ns since capture began. */
  readonly atNs: number;
  readonly host: HostSample;
  readonly lost: number;
  readonly eventsPerSecond: number;
}

/** Runs parallel to the samples. */
interface History {
  readonly cpu: readonly number[];
  readonly receive: readonly number[];
  readonly send: readonly number[];
  readonly events: readonly number[];
}

export const NO_HOST: HostSample = {
  cpuPercent: 0,
  memoryUsedBytes: 0,
  memoryTotalBytes: 0,
  rxBytesPerSecond: 0,
  txBytesPerSecond: 0,
  selfCpuPercent: 0,
  selfRssBytes: 0,
};

export function initialMeters(capture: CaptureTotals): Meters {
  return {
    version: 0,
    host: NO_HOST,
    capture,
    eventsPerSecond: 0,
    samples: [],
    history: { cpu: [], receive: [], send: [], events: [] },
  };
}

/** The next sample, of a moment `seconds` after the one before. */
export function addSample(
  meters: Meters,
  atNs: number,
  host: HostSample,
  capture: CaptureTotals,
  seconds: number,
): Meters {
  // The snapshot at the start is no rate.
  const first = meters.version === 0 || seconds <= 0;
  const eventsPerSecond = first ? 0 : Math.max(capture.events - meters.capture.events, 0) / seconds;
  const { history, samples } = meters;
  const current = samples.findIndex((sample) => sample.atNs >= atNs - KEPT_NS);
  const from = Math.max(current < 0 ? samples.length : current, samples.length + 1 - MOST_KEPT);
  const push = <T>(values: readonly T[], value: T): readonly T[] => [...values.slice(from), value];
  return {
    version: meters.version + 1,
    host,
    capture,
    eventsPerSecond,
    samples: push(samples, { atNs, host, lost: capture.lost, eventsPerSecond }),
    history: {
      cpu: push(history.cpu, host.cpuPercent),
      receive: push(history.receive, host.rxBytesPerSecond),
      send: push(history.send, host.txBytesPerSecond),
      events: push(history.events, eventsPerSecond),
    },
  };
}

/** The meters as they stood at a moment of the past; the oldest that are kept when it lies before them. */
export function metersAt(meters: Meters, atNs: number): Meters {
  const count = Math.max(meters.samples.findLastIndex((sample) => sample.atNs <= atNs) + 1, 1);
  const sample = meters.samples[count - 1];
  if (sample === undefined) {
    return meters;
  }
  const { host, lost, eventsPerSecond } = sample;
  const { cpu, receive, send, events } = meters.history;
  const until = (values: readonly number[]): readonly number[] => values.slice(0, count);
  const history = { cpu: until(cpu), receive: until(receive), send: until(send), events: until(events) };
  return { ...meters, host, eventsPerSecond, history, capture: { ...meters.capture, lost } };
}
