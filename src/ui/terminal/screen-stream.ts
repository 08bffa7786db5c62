import { EventEmitter } from "node:events";
import type { WriteStream } from "node:tty";
import { Painter } from "../render/painter.ts";

/** The part of a terminal that frames need. */
export type Sink = Pick<WriteStream, "columns" | "rows" | "write" | "on">;

/**
 * What Ink draws to, in its debug mode: each write is a whole frame, of which the changed rows go to the terminal. It has
 * a valve: nothing passes while the terminal is not ours.
 */
export class ScreenStream extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  readonly #sink: Sink;
  readonly #painter = new Painter();
  #frame = "";
  #open = false;

  constructor(sink: Sink) {
    super();
    this.#sink = sink;
    sink.on("resize", () => this.emit("resize"));
    // The terminal is gone: a hang-up follows.
    sink.on("error", () => this.shut());
  }

  get columns(): number {
    return this.#sink.columns || 80;
  }

  get rows(): number {
    return this.#sink.rows || 24;
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
    if (this.#frame !== "") {
      this.write(this.#frame);
    }
  }

  /** Called by Ink. */
  write(frame: string, encoding?: unknown, done?: () => void): boolean {
    const callback = typeof encoding === "function" ? (encoding as () => void) : done;
    if (frame !== "") {
      this.#frame = frame;
    }
    const bytes = this.#open && frame !== "" ? this.#painter.paint(frame, this.columns, this.rows) : "";
    if (bytes === "") {
      callback?.();
      return true;
    }
    return this.#sink.write(bytes, () => callback?.());
  }
}
