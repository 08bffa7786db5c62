/** Turns the capture's seconds since 1970 into ns since boot. */
export class Timebase {
  readonly bootS: number;

  constructor(bootS: number) {
    this.bootS = bootS;
  }

  /** At least 1: a start of 0 means "unknown" on the wire. */
  ns(timeS: number): number {
    return Math.max(1, Math.round((timeS - this.bootS) * 1e9));
  }

  /** ns since 1970 at boot. */
  get bootWallNs(): bigint {
    return BigInt(Math.round(this.bootS * 1e6)) * 1000n;
  }
}
