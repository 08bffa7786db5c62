import type { ReadStream, WriteStream } from "node:tty";
import type { InputEvent } from "./input-event.ts";
import { InputParser } from "./input-parser.ts";
import { ScreenStream } from "./screen-stream.ts";
import { TtyWriter } from "./tty-writer.ts";

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[H\x1b[2J";
const LEAVE = "\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";
const MOUSE_ON = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF = "\x1b[?1000l\x1b[?1006l";
/** Longest stretch of handling keys between two looks at events and signals: a paste may hold a hundred thousand. */
const INPUT_SLICE_MS = 20;
/** A terminal that has stopped reading is not restored, but the program ends. */
const LEAVE_PATIENCE_MS = 300;

export interface TerminalOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  /** Of stdout. */
  readonly fd: number;
  readonly mouse: boolean;
  readonly onInput: (event: InputEvent) => void;
  /** There is no keyboard any more. */
  readonly onHangUp: () => void;
}

/**
 * Owns the terminal: alternate screen, raw mode, cursor, input. `leave` may be called any number of times from
 * anywhere, also while crashing: it writes synchronously, and nothing is written to the screen after it. Nothing here
 * waits for a terminal that does not read, but for a moment on the way out.
 */
export class Terminal {
  /** What Ink draws to: the real terminal while it is ours, nothing before and after. */
  readonly output: ScreenStream;
  readonly #options: TerminalOptions;
  readonly #writer: TtyWriter;
  #parser = new InputParser();
  #entered = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#writer = new TtyWriter(options.fd, () => this.output.draw());
    this.output = new ScreenStream(options.stdout, this.#writer);
    options.stdin.on("end", options.onHangUp);
    options.stdin.on("error", options.onHangUp);
  }

  get entered(): boolean {
    return this.#entered;
  }

  enter(): void {
    if (this.#entered) {
      return;
    }
    const { stdin, mouse } = this.#options;
    this.#entered = true;
    this.#parser = new InputParser();
    stdin.setRawMode(true);
    stdin.on("data", this.#onData);
    stdin.resume();
    this.#writer.write(mouse ? ENTER + MOUSE_ON : ENTER);
    this.output.open();
  }

  leave(): void {
    if (!this.#entered) {
      return;
    }
    const { stdin, mouse } = this.#options;
    this.#entered = false;
    this.output.shut();
    clearTimeout(this.#timer);
    stdin.off("data", this.#onData);
    this.#writer.write(mouse ? MOUSE_OFF + LEAVE : LEAVE);
    this.#writer.finish(LEAVE_PATIENCE_MS);
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal is gone (EIO after a hang-up): there is nothing left to restore.
    }
    stdin.pause();
  }

  /** Hands text to the terminal's clipboard (OSC 52). The text is base64 inside, so nothing of it is interpreted. */
  copy(text: string): void {
    if (this.#entered) {
      this.#writer.write(`\x1b]52;c;${Buffer.from(text, "utf8").toString("base64")}\x07`);
    }
  }

  #onData = (chunk: Buffer): void => {
    clearTimeout(this.#timer);
    this.#take(this.#parser.push(chunk));
  };

  /** Hands events on in slices; nothing is read meanwhile, so that what is waiting has a bound. */
  #take(events: readonly InputEvent[], from = 0): void {
    const until = performance.now() + INPUT_SLICE_MS;
    const { stdin, onInput } = this.#options;
    const parser = this.#parser;
    for (let at = from; at < events.length; ) {
      onInput(events[at++] as InputEvent);
      if (!this.#entered || parser !== this.#parser) {
        return;
      }
      if (at < events.length && performance.now() > until) {
        stdin.pause();
        setImmediate(() => {
          // Left, or left and entered again, meanwhile: what was typed before is not for now.
          if (this.#entered && parser === this.#parser) {
            this.#take(events, at);
          }
        });
        return;
      }
    }
    stdin.resume();
    if (parser.waiting) {
      this.#timer = setTimeout(() => this.#take(parser.flush()), parser.patienceMs);
    }
  }
}
