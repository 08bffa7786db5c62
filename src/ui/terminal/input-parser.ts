import type { InputEvent } from "./input-event.ts";
import { csiKey, keyEvent, linuxConsoleKey, sgrMouse, ss3Key } from "./key-codes.ts";

/** A control sequence longer than this is noise: it is dropped and reading starts afresh. */
const MAX_SEQUENCE = 64;
/** A paste is cut here; nobody searches for more. */
const MAX_PASTE = 65_536;
/** An ESC with nothing behind it for this long is the key: sequences arrive in one write, ssh splits seldom. */
const ESCAPE_WAIT_MS = 30;
const PASTE_WAIT_MS = 1_000;
const PASTE_END = "\x1b[201~";

type State = "ground" | "escape" | "csi" | "linux" | "ss3" | "string" | "string-escape" | "paste";

/**
 * Turns the bytes of a terminal into events. A state machine over chunks: a sequence or a UTF-8 character may be
 * split anywhere. An ESC at the end of a chunk is ambiguous (the key, or the start of a sequence): while
 * `waiting` is true the caller calls `flush` after a short time without further bytes.
 */
export class InputParser {
  readonly #decoder = new TextDecoder("utf-8");
  #state: State = "ground";
  #sequence = "";
  #pasted: string[] = [];
  #alt = false;

  get waiting(): boolean {
    return this.#state !== "ground";
  }

  /** A paste may pause between its chunks; one that never ends must not swallow every later key. */
  get patienceMs(): number {
    return this.#state === "paste" ? PASTE_WAIT_MS : ESCAPE_WAIT_MS;
  }

  push(bytes: Uint8Array): InputEvent[] {
    const events: InputEvent[] = [];
    for (const char of this.#decoder.decode(bytes, { stream: true })) {
      const event = this.#step(char);
      if (event !== undefined) {
        events.push(event);
      }
    }
    return events;
  }

  /** No further bytes came: an ESC seen last was the key itself; a broken sequence is dropped. */
  flush(): InputEvent[] {
    const lone = this.#state === "escape";
    const alt = this.#alt;
    if (this.waiting) {
      this.#ground();
    }
    // Pressed twice before it was read.
    return lone ? Array.from({ length: alt ? 2 : 1 }, () => keyEvent("escape", 0)) : [];
  }

  #ground(): undefined {
    this.#state = "ground";
    this.#sequence = "";
    this.#pasted = [];
    this.#alt = false;
    return undefined;
  }

  #step(char: string): InputEvent | undefined {
    switch (this.#state) {
      case "ground":
        return this.#plain(char, 0);
      case "escape":
        return this.#afterEscape(char);
      case "csi":
        return this.#csi(char);
      case "linux":
        this.#ground();
        return linuxConsoleKey(char);
      case "ss3":
        return this.#ss3(char);
      case "string":
        return this.#string(char);
      case "string-escape":
        return this.#ground();
      case "paste":
        return this.#paste(char);
    }
  }

  #plain(char: string, modifiers: number): InputEvent | undefined {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0x1b) {
      this.#state = "escape";
      return undefined;
    }
    if (code === 0x0d || code === 0x0a) {
      return keyEvent("enter", modifiers);
    }
    if (code === 0x09) {
      return keyEvent("tab", modifiers);
    }
    if (code === 0x7f || code === 0x08) {
      return keyEvent("backspace", modifiers);
    }
    if (code === 0) {
      return keyEvent("space", modifiers | 4);
    }
    if (code < 0x20) {
      return keyEvent(String.fromCharCode(code < 0x1b ? code + 0x60 : code + 0x40), modifiers | 4);
    }
    if (code >= 0x80 && code < 0xa0) {
      return undefined;
    }
    return keyEvent(char === " " ? "space" : char, modifiers, char);
  }

  #afterEscape(char: string): InputEvent | undefined {
    switch (char) {
      case "[":
        this.#state = "csi";
        return undefined;
      case "O":
        this.#state = "ss3";
        return undefined;
      case "]":
      case "P":
      case "_":
      case "^":
        this.#state = "string";
        return undefined;
      case "\x1b":
        if (this.#alt) {
          return keyEvent("escape", 0);
        }
        this.#alt = true;
        return undefined;
      default: {
        this.#ground();
        // ^C quits, whatever was pressed just before.
        return this.#plain(char, char === "\x03" ? 0 : 2);
      }
    }
  }

  #csi(char: string): InputEvent | undefined {
    if (char === "[" && this.#sequence === "") {
      this.#state = "linux";
      return undefined;
    }
    const final = (char >= "@" && char <= "~") || (char === "$" && this.#sequence !== "");
    if (!final) {
      if (char === "\x1b") {
        this.#ground();
        this.#state = "escape";
        return undefined;
      }
      if (char < " " || this.#sequence.length >= MAX_SEQUENCE) {
        return this.#ground();
      }
      this.#sequence += char;
      return undefined;
    }
    const parameters = this.#sequence;
    const alt = this.#alt;
    this.#ground();
    if (parameters === "200" && char === "~") {
      this.#state = "paste";
      return undefined;
    }
    if (parameters.startsWith("<")) {
      return sgrMouse(parameters.slice(1), char);
    }
    const event = /^[\d;:]*$/.test(parameters) ? csiKey(parameters, char) : undefined;
    return alt && event?.kind === "key" ? { kind: "key", key: `alt-${event.key}` } : event;
  }

  #ss3(char: string): InputEvent | undefined {
    if (char >= "0" && char <= "9" && this.#sequence === "") {
      this.#sequence = char;
      return undefined;
    }
    const modifiers = this.#sequence === "" ? 0 : Number(this.#sequence) - 1;
    this.#ground();
    const event = ss3Key(char);
    return modifiers > 0 && event?.kind === "key" ? keyEvent(event.key, modifiers) : event;
  }

  /** OSC, DCS, APC and PM are answers to questions nobody asked: skipped to their end. */
  #string(char: string): InputEvent | undefined {
    if (char === "\x07" || char === "\x9c") {
      return this.#ground();
    }
    if (char === "\x1b") {
      this.#state = "string-escape";
    }
    return undefined;
  }

  #paste(char: string): InputEvent | undefined {
    const tail = (this.#sequence + char).slice(-PASTE_END.length);
    this.#sequence = tail;
    if (this.#pasted.length < MAX_PASTE) {
      this.#pasted.push(char);
    }
    if (tail !== PASTE_END) {
      return undefined;
    }
    const whole = this.#pasted.join("");
    const text = whole.endsWith(PASTE_END) ? whole.slice(0, -PASTE_END.length) : whole;
    this.#ground();
    return { kind: "paste", text };
  }
}
