import { secondsOf } from "../json.ts";

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

/** Turns the export's times ("2024-05-06T07:08:09.123456789Z") into ns since boot. */
export class ExportClock {
  readonly #bootMs: number;

  /** @param bootMs ms since 1970, whole */
  constructor(bootMs: number) {
    this.#bootMs = bootMs;
  }

  get bootWallNs(): bigint {
    return BigInt(this.#bootMs) * 1_000_000n;
  }

  /** undefined when it is no time. At least 1: a start of 0 means "unknown" on the wire. */
  ns(text: string): number | undefined {
    const time = parse(text);
    return time && Math.max(1, (time.secondMs - this.#bootMs) * 1e6 + time.fractionNs);
  }
}

/**
 * Boot as ms since 1970, from the id of a process: it holds the ns since boot of its start, which is told as wall time beside it. Without
 * a usable id an hour before the time given: any moment that is earlier than every record does.
 */
export function bootMsOf(execId: string, startTime: string, anyTime: string): number | undefined {
  const start = parse(startTime);
  const ktime = /:(\d{1,18}):\d+$/.exec(Buffer.from(execId, "base64").toString("latin1"))?.[1];
  if (start !== undefined && ktime !== undefined)
    return Math.floor(start.secondMs + (start.fractionNs - Number(ktime)) / 1e6);
  const time = parse(anyTime);
  return time && time.secondMs - 3_600_000;
}

function parse(text: string): { secondMs: number; fractionNs: number } | undefined {
  const [, seconds, fraction] = TIME.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const second = secondsOf(Date.parse(`${seconds}Z`) / 1000);
  return second === undefined
    ? undefined
    : { secondMs: second * 1000, fractionNs: Number((fraction ?? "").padEnd(9, "0")) };
}
