import { FRAME, FRAME_FLAG } from "./format.ts";
import { type Frame, Gap } from "./frame.ts";

/** Where finished frames go. A sink gets whole segments, or parts of them followed by a GAP frame that says what is missing. */
export interface FrameSink {
  /** Whether there is room for a frame; otherwise the rest of the segment is left out, counted and reported. */
  accepts(bytes: number): boolean;
  put(frame: Frame): void;
}

interface Target {
  readonly sink: FrameSink;
  readonly gap: Gap;
  /** Was added after the segment began. */
  waiting: boolean;
}

/** Hands frames to the sinks and keeps account of what each of them misses. */
export class Delivery {
  readonly #targets: Target[] = [];

  get empty(): boolean {
    return this.#targets.length === 0;
  }

  /** waiting: it gets nothing before the next segment; otherwise it has got the frames so far in another way. */
  add(sink: FrameSink, waiting: boolean): void {
    this.#targets.push({ sink, gap: new Gap(), waiting });
  }

  remove(sink: FrameSink): void {
    const at = this.#targets.findIndex((target) => target.sink === sink);
    if (at >= 0) this.#targets.splice(at, 1);
  }

  /** Whether a sink that misses something would take a frame of that size: a new segment ends its gap. */
  mayResume(bytes: number): boolean {
    return this.#targets.some(({ sink, gap }) => gap.open && sink.accepts(bytes));
  }

  /** counts: rows by kind, for the report when it is left out. */
  put(frame: Frame, counts: Float64Array): void {
    const start = (frame.head.flags & FRAME_FLAG.START) !== 0;
    for (const target of this.#targets) {
      const { sink, gap } = target;
      if (start) target.waiting = false;
      if (target.waiting) continue;
      // Notes stand for themselves: they need no segment.
      if (frame.head.kind === FRAME.NOTES) {
        sink.put(frame);
      } else if ((gap.open && !start) || !sink.accepts(frame.payload.length)) {
        gap.add(frame.head, counts);
      } else {
        if (gap.open) sink.put(gap.take());
        sink.put(frame);
      }
    }
  }

  /** A frame there was no memory for. */
  drop({ head }: Frame, counts: Float64Array): void {
    for (const target of this.#targets) {
      if ((head.flags & FRAME_FLAG.START) !== 0) target.waiting = false;
      if (!target.waiting) target.gap.add(head, counts);
    }
  }

  /** Reports the gaps that are still open. */
  end(): void {
    for (const { sink, gap } of this.#targets) if (gap.open) sink.put(gap.take());
  }
}
