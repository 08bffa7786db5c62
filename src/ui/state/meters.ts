import type { CaptureTotals, HostSample } from "../ports.ts";

/** Samples kept for the charts: ten minutes at one a second. */
const KEPT = 600;

/** What the header shows: the newest sample and the history behind it. */
export interface Meters {
  /** Grows with every sample. */
  readonly version: number;
  readonly host: HostSample;
  readonly capture: CaptureTotals;
  readonly eventsPerSecond: number;
  readonly history: {
    readonly cpu: readonly number[];
    readonly receive: readonly number[];
    readonly send: readonly number[];
    readonly events: readonly number[];
  };
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
    history: { cpu: [], receive: [], send: [], events: [] },
  };
}

const push = (values: readonly number[], value: number): readonly number[] => [...values.slice(1 - KEPT), value];

/** The next sample, `seconds` after the one before. */
export function addSample(meters: Meters, host: HostSample, capture: CaptureTotals, seconds: number): Meters {
  // The snapshot at the start is no rate.
  const first = meters.version === 0 || seconds <= 0;
  const eventsPerSecond = first ? 0 : Math.max(capture.events - meters.capture.events, 0) / seconds;
  const { history } = meters;
  return {
    version: meters.version + 1,
    host,
    capture,
    eventsPerSecond,
    history: {
      cpu: push(history.cpu, host.cpuPercent),
      receive: push(history.receive, host.rxBytesPerSecond),
      send: push(history.send, host.txBytesPerSecond),
      events: push(history.events, eventsPerSecond),
    },
  };
}
