import type { InputEvent, MouseEvent } from "./input-event.ts";

/** Final byte of CSI and SS3 sequences. */
const LETTERS: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "begin",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
};

/** CSI number ~ (xterm, VT220, Linux console, PuTTY, rxvt). */
const NUMBERS: Readonly<Record<number, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

/** The Linux console sends CSI [ A for F1. */
const LINUX_CONSOLE: Readonly<Record<string, string>> = { A: "f1", B: "f2", C: "f3", D: "f4", E: "f5" };

/** SS3 in application keypad mode. */
const KEYPAD: Readonly<Record<string, string>> = {
  M: "enter",
  j: "*",
  k: "+",
  l: ",",
  m: "-",
  n: ".",
  o: "/",
  p: "0",
  q: "1",
  r: "2",
  s: "3",
  t: "4",
  u: "5",
  v: "6",
  w: "7",
  x: "8",
  y: "9",
};

/** rxvt ends a modified key with another byte than ~. */
const RXVT_FINALS: Readonly<Record<string, number>> = { $: 1, "^": 4, "@": 5 };

/** Keys that CSI u and CSI 27 ; m ; code ~ report by code point. */
const CODE_POINTS: Readonly<Record<number, string>> = {
  8: "backspace",
  9: "tab",
  13: "enter",
  27: "escape",
  32: "space",
  127: "backspace",
};

/** Puts modifiers (bit 0 shift, 1 alt, 2 ctrl: xterm's parameter minus one) in front of a key name. */
export function keyEvent(name: string, modifiers: number, text?: string): InputEvent {
  const shift = modifiers & 1 && name.length > 1 ? "shift-" : "";
  const key = `${modifiers & 4 ? "ctrl-" : ""}${modifiers & 2 ? "alt-" : ""}${shift}${name}`;
  return text === undefined || modifiers & 6 ? { kind: "key", key } : { kind: "key", key, text };
}

/** A key known by its code point, as CSI u and modifyOtherKeys report it. */
function byCodePoint(code: number, modifiers: number): InputEvent | undefined {
  const name = CODE_POINTS[code];
  if (name !== undefined) {
    return keyEvent(name, modifiers, name === "space" ? " " : undefined);
  }
  if (code < 32 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return undefined;
  }
  const char = String.fromCodePoint(code);
  const shifted = modifiers & 1 ? char.toUpperCase() : char;
  return keyEvent(modifiers & 4 ? char : shifted, modifiers & ~1, shifted);
}

/** ESC O final. */
export function ss3Key(final: string): InputEvent | undefined {
  const name = LETTERS[final];
  if (name !== undefined) {
    return keyEvent(name, 0);
  }
  if (final >= "a" && final <= "d") {
    return keyEvent(LETTERS[final.toUpperCase()] ?? "", 4);
  }
  const pad = KEYPAD[final];
  return pad === undefined ? undefined : keyEvent(pad, 0, pad.length === 1 ? pad : undefined);
}

/** ESC [ [ final. */
export function linuxConsoleKey(final: string): InputEvent | undefined {
  const name = LINUX_CONSOLE[final];
  return name === undefined ? undefined : keyEvent(name, 0);
}

/** ESC [ parameters final, without mouse reports and paste brackets. */
export function csiKey(parameters: string, final: string): InputEvent | undefined {
  const numbers = parameters.split(";").map((part) => Number.parseInt(part, 10) || 0);
  const first = numbers[0] ?? 0;
  const modifiers = Math.max((numbers[1] ?? 1) - 1, 0);
  if (final === "~" && first === 27) {
    return byCodePoint(numbers[2] ?? 0, modifiers);
  }
  if (final === "u") {
    return byCodePoint(first, modifiers);
  }
  const rxvt = RXVT_FINALS[final];
  if (final === "~" || rxvt !== undefined) {
    const name = NUMBERS[first];
    return name === undefined ? undefined : keyEvent(name, rxvt ?? modifiers);
  }
  if (final === "Z") {
    return keyEvent("tab", 1);
  }
  if (final === "I" || final === "O") {
    return { kind: "focus", focused: final === "I" };
  }
  if (final >= "a" && final <= "d") {
    return keyEvent(LETTERS[final.toUpperCase()] ?? "", 1);
  }
  const name = LETTERS[final];
  return name === undefined ? undefined : keyEvent(name, modifiers);
}

/** ESC [ < button ; x ; y M or m. */
export function sgrMouse(parameters: string, final: string): MouseEvent | undefined {
  const [code, column, row] = parameters.split(";").map((part) => Number.parseInt(part, 10));
  if (code === undefined || !column || !row || Number.isNaN(code)) {
    return undefined;
  }
  const buttons = ["left", "middle", "right", "none"] as const;
  const wheel = (code & 64) !== 0;
  const action = wheel
    ? code & 1
      ? "wheel-down"
      : "wheel-up"
    : code & 32
      ? "move"
      : final === "m"
        ? "release"
        : "press";
  return { kind: "mouse", action, button: wheel ? "none" : (buttons[code & 3] ?? "none"), x: column - 1, y: row - 1 };
}
