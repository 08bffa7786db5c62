import { writeSync } from "node:fs";
import type { ReadStream, WriteStream } from "node:tty";
import type { InputEvent } from "./input-event.ts";
import { InputParser } from "./input-parser.ts";
import { ScreenStream } from "./screen-stream.ts";

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[H\x1b[2J";
const LEAVE = "\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";
const MOUSE_ON = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF = "\x1b[?1000l\x1b[?1006l";

export interface TerminalOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  /** Of stdout. */
  readonly fd: number;
  readonly mouse: boolean;
  readonly onInput: (event: InputEvent) => void;
}

/**
 * Owns the terminal: alternate screen, raw mode, cursor, input. `leave` may be called any number of times from
 * anywhere, also while crashing: it writes synchronously, and nothing is written to the screen after it.
 */
export class Terminal {
  /** What Ink draws to: the real terminal while it is ours, nothing before and after. */
  readonly output: ScreenStream;
  readonly #options: TerminalOptions;
  #parser = new InputParser();
  #entered = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.output = new ScreenStream(options.stdout);
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
    this.#write(mouse ? ENTER + MOUSE_ON : ENTER);
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
    this.#write(mouse ? MOUSE_OFF + LEAVE : LEAVE);
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
      this.#write(`\x1b]52;c;${Buffer.from(text, "utf8").toString("base64")}\x07`);
    }
  }

  #onData = (chunk: Buffer): void => {
    clearTimeout(this.#timer);
    for (const event of this.#parser.push(chunk)) {
      this.#options.onInput(event);
    }
    if (this.#parser.waiting) {
      this.#timer = setTimeout(() => {
        for (const event of this.#parser.flush()) {
          this.#options.onInput(event);
        }
      }, this.#parser.patienceMs);
    }
  };

  /** Synchronous, so that it also works on the way down. A terminal that is gone is not an error here. */
  #write(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    const deadline = Date.now() + 500;
    for (let sent = 0; sent < bytes.length; ) {
      try {
        sent += writeSync(this.#options.fd, bytes, sent);
      } catch (error) {
        const full = (error as NodeJS.ErrnoException).code === "EAGAIN";
        if (!full || Date.now() > deadline) {
          return;
        }
      }
    }
  }
}
