import { describe, expect, test } from "vitest";
import type { InputEvent } from "../../src/ui/terminal/input-event.ts";
import { InputParser } from "../../src/ui/terminal/input-parser.ts";

function parse(...chunks: (string | Uint8Array)[]): InputEvent[] {
  const parser = new InputParser();
  const events = chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk));
  return [...events, ...parser.flush()];
}

const keys = (...chunks: (string | Uint8Array)[]): string[] =>
  parse(...chunks).map((event) => (event.kind === "key" ? event.key : event.kind));

describe("function keys", () => {
  const forms: Record<string, string[]> = {
    f1: ["\x1bOP", "\x1b[11~", "\x1b[[A", "\x1b[P"],
    f2: ["\x1bOQ", "\x1b[12~", "\x1b[[B"],
    f4: ["\x1bOS", "\x1b[14~", "\x1b[[D"],
    f5: ["\x1b[15~", "\x1b[[E"],
    f6: ["\x1b[17~"],
    f9: ["\x1b[20~"],
    f10: ["\x1b[21~"],
    f12: ["\x1b[24~"],
  };
  test.each(Object.entries(forms))("%s in every form terminals send", (key, sequences) => {
    for (const sequence of sequences) expect(keys(sequence), JSON.stringify(sequence)).toEqual([key]);
  });

  test.each([
    ["\x1b[1;2R", "shift-f3"],
    ["\x1b[20;5~", "ctrl-f9"],
    ["\x1bO5P", "ctrl-f1"],
    ["\x1b[1;5A", "ctrl-up"],
    ["\x1b[1;2D", "shift-left"],
    ["\x1b[1;3C", "alt-right"],
    ["\x1b[1;6H", "ctrl-shift-home"],
    ["\x1b[5;5~", "ctrl-pageup"],
    ["\x1b[Z", "shift-tab"],
    ["\x1b[7^", "ctrl-home"],
    ["\x1b[8$", "shift-end"],
    ["\x1bOa", "ctrl-up"],
  ])("modifiers: %j is %s", (sequence, key) => {
    expect(keys(sequence)).toEqual([key]);
  });
});

describe("plain keys", () => {
  test("a burst typed in one chunk is many keys", () => {
    expect(keys("jjk/")).toEqual(["j", "j", "k", "/"]);
  });

  test("control characters are named", () => {
    expect(keys("\x03\x04\x0b\x1a\r\t\x7f\x00\x1c")).toEqual([
      "ctrl-c",
      "ctrl-d",
      "ctrl-k",
      "ctrl-z",
      "enter",
      "tab",
      "backspace",
      "ctrl-space",
      "ctrl-\\",
    ]);
  });

  test("a character split between chunks arrives once and whole", () => {
    const bytes = Buffer.from("é日");
    expect(keys(bytes.subarray(0, 1), bytes.subarray(1, 4), bytes.subarray(4))).toEqual(["é", "日"]);
  });

  test("Esc pressed twice at once is twice, ^C right after it is ^C", () => {
    const parser = new InputParser();
    const events = [...parser.push(Buffer.from("\x1b\x1b")), ...parser.flush()];
    expect(events).toEqual([
      { kind: "key", key: "escape" },
      { kind: "key", key: "escape" },
    ]);
    expect(parser.push(Buffer.from("\x1b\x03"))).toEqual([{ kind: "key", key: "ctrl-c" }]);
    expect(parser.push(Buffer.from("\x1b\x1b[A"))).toEqual([{ kind: "key", key: "alt-up" }]);
  });

  test("text is what a field inserts; a key with ctrl or alt inserts nothing", () => {
    expect(parse("J ")).toEqual([
      { kind: "key", key: "J", text: "J" },
      { kind: "key", key: "space", text: " " },
    ]);
    expect(parse("\x1bx")).toEqual([{ kind: "key", key: "alt-x" }]);
  });
});

describe("sequences", () => {
  test("a sequence split anywhere is still one key", () => {
    for (const sequence of ["\x1b[15~", "\x1bOP", "\x1b[1;5A"]) {
      for (let at = 1; at < sequence.length; at++) {
        const parser = new InputParser();
        expect(parser.push(Buffer.from(sequence.slice(0, at)))).toEqual([]);
        expect(parser.waiting).toBe(true);
        expect(parser.push(Buffer.from(sequence.slice(at)))).toHaveLength(1);
        expect(parser.waiting).toBe(false);
      }
    }
  });

  test("an escape with nothing behind it is the key", () => {
    expect(keys("\x1b")).toEqual(["escape"]);
    expect(keys("j\x1b")).toEqual(["j", "escape"]);
  });

  test("what the terminal answers to nobody's question is skipped", () => {
    expect(keys("a\x1b]11;rgb:0000/0000/0000\x07b\x1bP>|xterm\x1b\\c")).toEqual(["a", "b", "c"]);
  });

  test("an endless sequence does not swallow the keyboard", () => {
    expect(keys(`\x1b[${"1;".repeat(100)}`, "~", "q")).toContain("q");
  });

  test("CSI u and modifyOtherKeys", () => {
    expect(keys("\x1b[107;5u\x1b[27;5;107~\x1b[13u\x1b[27u")).toEqual(["ctrl-k", "ctrl-k", "enter", "escape"]);
  });
});

test("a paste is one event, also when it holds escapes and is split", () => {
  expect(parse("\x1b[200~rm -rf\n\x1b[Aq", "uit\x1b[201~j")).toEqual([
    { kind: "paste", text: "rm -rf\n\x1b[Aquit" },
    { kind: "key", key: "j", text: "j" },
  ]);
});

test("the mouse reports cells from zero", () => {
  expect(parse("\x1b[<0;5;3M\x1b[<0;5;3m\x1b[<65;1;1M")).toEqual([
    { kind: "mouse", action: "press", button: "left", x: 4, y: 2 },
    { kind: "mouse", action: "release", button: "left", x: 4, y: 2 },
    { kind: "mouse", action: "wheel-down", button: "none", x: 0, y: 0 },
  ]);
});
