import { EventEmitter } from "node:events";
import type { WriteStream } from "node:tty";
import { Painter } from "../render/painter.ts";

/** How large the terminal is. */
export type Extent = Pick<WriteStream, "columns" | "rows" | "on">;

/** Where bytes for the terminal go. */
export interface Sink {
  /** It has not taken all it was given: nothing more is to be drawn. */
  readonly stuck: boolean;
  write(bytes: string): void;
}

/**
 * What Ink draws to, in its debug mode: each write is a whole frame, of which the changed rows go to the terminal. It has
 * a valve: nothing passes while the terminal is not ours. A terminal that is behind gets the newest frame once it caught
 * up, and none of those between.
 */
export class ScreenStream extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  readonly #extent: Extent;
  readonly #sink: Sink;
  readonly #painter = new Painter();
  #frame = "";
  #open = false;

  constructor(extent: Extent, sink: Sink) {
    super();
    this.#extent = extent;
    this.#sink = sink;
    extent.on("resize", () => this.emit("resize"));
  }

  get columns(): number {
    return this.#extent.columns || 80;
  }

  get rows(): number {
    return this.#extent.rows || 24;
  }

  /** The terminal is ours and blank: the last frame, if there is one, is drawn again. */
  open(): void {
    this.#open = true;
    this.repaint();
  }

  shut(): void {
    this.#open = false;
  }

  /** Draws everything, whatever the terminal shows now. */
  repaint(): void {
    this.#painter.forget();
    this.draw();
  }

  /** Draws what the newest frame changes. */
  draw(): void {
    if (!this.#open || this.#frame === "" || this.#sink.stuck) {
      return;
    }
    const bytes = this.#painter.paint(this.#frame, this.columns, this.rows);
    if (bytes !== "") {
      this.#sink.write(bytes);
    }
  }

  /** Called by Ink. */
  write(frame: string, encoding?: unknown, done?: () => void): boolean {
    if (frame !== "") {
      this.#frame = frame;
      this.draw();
    }
    (typeof encoding === "function" ? (encoding as () => void) : done)?.();
    return true;
  }
}
