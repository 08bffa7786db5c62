/** Field numbers of /proc/pid/stat as proc(5) counts them; comm (2) and state (3) are kept apart. */
export const STAT = {
  ppid: 4,
  session: 6,
  tty: 7,
  flags: 9,
  utime: 14,
  stime: 15,
  threads: 20,
  startTicks: 22,
  vsizeBytes: 23,
  rssPages: 24,
  /** A new address with every exec (the stack is randomised); 0 when we may not look. */
  startStack: 28,
  /** As wait(2) reports it; 0 when we may not look. */
  exitCode: 52,
} as const;

/** PF_KTHREAD, include/linux/sched.h. */
const PF_KTHREAD = 0x00200000;
const SPACE = 0x20;
const MINUS = 0x2d;
const CLOSE = 0x29;

/** One parsed line, reused for every process. */
export class Stat {
  readonly fields = new Float64Array(53);
  /** Byte of the state letter. */
  state = 0;
  /** Range of comm within the bytes parsed. */
  commStart = 0;
  commEnd = 0;

  /** False when the bytes are no stat line. comm may hold blanks and parentheses: the last ")" ends it. */
  parse(bytes: Buffer, length: number): boolean {
    const close = bytes.lastIndexOf(CLOSE, length - 1);
    if (close < 0) return false;
    this.commStart = bytes.indexOf("(", 0, "latin1") + 1;
    this.commEnd = close;
    this.state = bytes[close + 2] as number;
    let at = close + 4;
    for (let field = 4; field < 53 && at < length; field++) {
      const negative = bytes[at] === MINUS;
      if (negative) at++;
      let value = 0;
      for (let byte = bytes[at] as number; at < length && byte > SPACE; byte = bytes[++at] as number) {
        value = value * 10 + byte - 0x30;
      }
      at++;
      this.fields[field] = negative ? -value : value;
    }
    return true;
  }

  get(field: number): number {
    return this.fields[field] as number;
  }

  get kernelThread(): boolean {
    return (this.get(STAT.flags) & PF_KTHREAD) !== 0;
  }

  /** Every thread has ended; the process waits for its parent. A leader that ended before its threads is alive. */
  get dead(): boolean {
    const gone = this.state === 0x5a || this.state === 0x58;
    return gone && this.get(STAT.threads) <= 1;
  }
}
