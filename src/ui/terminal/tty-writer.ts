import { closeSync, constants, openSync, writeSync } from "node:fs";

/** A terminal that takes nothing is asked again this often. */
const RETRY_MS = 20;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes to a terminal without ever waiting for it: a terminal may stop reading (flow control, a frozen ssh, a stopped
 * multiplexer), and a blocked write would stop everything else. What it does not take is kept and offered again.
 */
export class TtyWriter {
  readonly #fd: number;
  readonly #own: boolean;
  readonly #onDrain: () => void;
  #kept: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `fd` is an open terminal. `onDrain` is called when it has taken all that was kept. */
  constructor(fd: number, onDrain: () => void = () => {}) {
    this.#onDrain = onDrain;
    let own: number | undefined;
    try {
      // Opened anew, because not to block is a property that the shell and other writers would share.
      own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch {
      // Another user's terminal (after su), or no /proc: written to as it is.
    }
    this.#own = own !== undefined;
    this.#fd = own ?? fd;
  }

  /** The terminal has not taken all it was given. */
  get stuck(): boolean {
    return this.#kept !== undefined;
  }

  write(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    this.#kept = this.#kept === undefined ? bytes : Buffer.concat([this.#kept, bytes]);
    this.#offer();
    this.#retry();
  }

  /** Waits for the terminal to take what is kept, at most this long: the last thing before the end. */
  finish(patienceMs: number): void {
    clearTimeout(this.#timer);
    const deadline = performance.now() + patienceMs;
    while (this.#offer() && performance.now() < deadline) {
      Atomics.wait(pause, 0, 0, 5);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#kept = undefined;
    if (this.#own) {
      closeSync(this.#fd);
    }
  }

  #retry(): void {
    clearTimeout(this.#timer);
    if (this.#kept === undefined) {
      return;
    }
    this.#timer = setTimeout(() => {
      if (this.#offer()) {
        this.#retry();
      } else {
        this.#onDrain();
      }
    }, RETRY_MS);
  }

  /** Returns whether something is left. A terminal that is gone takes everything: a hang-up follows. */
  #offer(): boolean {
    while (this.#kept !== undefined) {
      try {
        const sent = writeSync(this.#fd, this.#kept);
        this.#kept = sent < this.#kept.length ? this.#kept.subarray(sent) : undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
          return true;
        }
        this.#kept = undefined;
      }
    }
    return false;
  }
}
