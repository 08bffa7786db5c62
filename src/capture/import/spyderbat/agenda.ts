import type { Output } from "../output.ts";

/** What comes first among rows of the same moment. */
export const RANK = {
  PROCESS: 0,
  SNAPSHOT_SOCKET: 1,
  SNAPSHOT_END: 2,
  FORK: 3,
  EXEC: 4,
  SOCKET: 5,
  SAMPLE: 6,
  CLOSE: 7,
  EXIT: 8,
} as const;

/** A row, or several, and their place: `timeNs` is the time of the row. */
export interface Entry {
  readonly timeNs: number;
  readonly rank: (typeof RANK)[keyof typeof RANK];
  write(timeNs: number): void;
}

/** Rows written between two looks at the clock. */
const STEP = 128;

/** Rows of a capture, written in the order of their time whatever the order they were entered in. */
export class Agenda {
  readonly #entries: Entry[] = [];
  readonly #startNs: number;

  /** @param startNs nothing is written with an earlier time */
  constructor(startNs: number) {
    this.#startNs = startNs;
  }

  add(timeNs: number, rank: Entry["rank"], write: (timeNs: number) => void): void {
    this.#entries.push({ timeNs: Math.max(timeNs, this.#startNs), rank, write });
  }

  *play(output: Output): Generator<void> {
    this.#entries.sort((a, b) => a.timeNs - b.timeNs || a.rank - b.rank);
    let rows = output.writer.rows;
    for (const { timeNs, write } of this.#entries) {
      output.at(timeNs);
      write(timeNs);
      if (output.full || output.writer.rows - rows >= STEP) {
        yield;
        rows = output.writer.rows;
      }
    }
  }
}
