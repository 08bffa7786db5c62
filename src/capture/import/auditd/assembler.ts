import { AuditEvent } from "./event.ts";
import type { AuditRecord } from "./record.ts";

/** Records that are part of an event of several. */
const PARTS: ReadonlySet<string> = new Set(
  "SYSCALL PATH CWD EXECVE SOCKADDR PROCTITLE EOE FD_PAIR MMAP OBJ_PID IPC IPC_SET_PERM MQ_OPEN BPRM_FCAPS CAPSET".split(
    " ",
  ),
);
/** The last record the kernel writes of an event; EOE is not always logged. */
const LAST: ReadonlySet<string> = new Set(["PROCTITLE", "EOE"]);
/** An event without a last record is complete when one this much later begins, or so many others did. */
const WAIT_MS = 2_000;
const WAITING = 512;

/** Puts the records of each event together; those of different events may be mixed. */
export class Assembler {
  readonly #open = new Map<number, AuditEvent>();
  readonly #done: (event: AuditEvent) => void;

  constructor(done: (event: AuditEvent) => void) {
    this.#done = done;
  }

  add(record: AuditRecord): void {
    const { serial, timeMs, type } = record;
    let event = this.#open.get(serial);
    if (event !== undefined && event.timeMs !== timeMs) {
      this.#finish(event);
      event = undefined;
    }
    if (event === undefined) {
      if (type === "EOE") return;
      this.#finishOld(timeMs);
      event = new AuditEvent(timeMs, serial);
      this.#open.set(serial, event);
    }
    event.add(record);
    if (LAST.has(type) || !PARTS.has(type)) this.#finish(event);
  }

  finishAll(): void {
    for (const event of this.#open.values()) this.#finish(event);
  }

  #finishOld(nowMs: number): void {
    for (const event of this.#open.values()) {
      if (event.timeMs > nowMs - WAIT_MS && this.#open.size < WAITING) return;
      this.#finish(event);
    }
  }

  #finish(event: AuditEvent): void {
    this.#open.delete(event.serial);
    this.#done(event);
  }
}
