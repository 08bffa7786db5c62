import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAge, formatBytes, formatCount } from "../../src/ui/text/format.ts";
import { LineBuilder } from "../../src/ui/text/line-builder.ts";
import { sanitise } from "../../src/ui/text/sanitise.ts";
import {
  fitWidth,
  takeWidth,
  textWidth,
  truncate,
  truncateMiddle,
  truncateStart,
  wrapWords,
} from "../../src/ui/text/width.ts";
import { createTheme } from "../../src/ui/theme/theme.ts";

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

describe("sanitise", () => {
  test.each([
    ["evil\x1b]0;owned\x07", "evil␛]0;owned␇"],
    ["two\nlines\tand tab", "two␊lines␉and tab"],
    ["right\u202eto left", "right�to left"],
    ["zero\u200bwidth", "zero�width"],
    ["c1\u009b31m", "c1�31m"],
    ["del\x7f", "del␡"],
    ["face 🙂", "face �"],
    ["日本 é ñ", "日本 é ñ"],
  ])("%j becomes %j", (raw, shown) => {
    expect(sanitise(raw)).toBe(shown);
  });

  test("whatever comes, nothing that moves, hides or reorders text passes, and twice is once", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (raw) => {
        const shown = sanitise(raw);
        expect(shown).not.toMatch(CONTROL);
        expect(sanitise(shown)).toBe(shown);
      }),
    );
    // Making the generator's table of characters takes seconds of a busy machine.
  }, 60_000);

  test("marks do not pile up over other lines", () => {
    expect(sanitise(`a${"\u0301".repeat(50)}b`).length).toBeLessThan(6);
  });
});

describe("width", () => {
  test.each([
    ["plain", 5],
    ["日本語", 6],
    ["e\u0301te\u0301", 3],
    ["├─ ▲⇒✎", 6],
    ["한글", 4],
  ])("%s takes %i cells", (text, cells) => {
    expect(textWidth(text)).toBe(cells);
  });

  test("cut text never exceeds its width and never splits a character", () => {
    expect(takeWidth("日本語", 5)).toBe("日本");
    expect(truncate("日本語", 5)).toBe("日本…");
    expect(fitWidth("日本語", 6)).toBe("日本語");
    expect(fitWidth("ab", 5, "right")).toBe("   ab");
  });

  test("fitWidth is exact for any sanitised text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 30 }), (raw, width) => {
        expect(textWidth(fitWidth(sanitise(raw), width))).toBe(width);
      }),
    );
  });
});

describe("a composed line", () => {
  const theme = createTheme({ name: "dark", depth: "truecolor", ascii: false });
  const plain = (line: string): string => line.replace(/\x1b\[[\d;]*m/gu, "");

  test("is cut at its width and carries no escape but colours", () => {
    const line = new LineBuilder(theme, 20, "selected")
      .add("strong", "name\x1b[2J")
      .cell("dim", "日本語日本語日本語", 30)
      .build();
    expect(textWidth(plain(line))).toBe(20);
    expect(plain(line)).not.toContain("\x1b");
  });

  test("without colours it still shows bars and the selection", () => {
    const mono = createTheme({ name: "dark", depth: "none", ascii: false });
    expect(new LineBuilder(mono, 10, "selected").add("text", "row").build()).toContain("\x1b[0;7m");
    expect(new LineBuilder(mono, 10).add("outward", "x").build()).not.toMatch(/[34]8;/u);
  });

  test("in ASCII mode nothing else is drawn", () => {
    const ascii = createTheme({ name: "dark", depth: "16", ascii: true });
    const line = plain(new LineBuilder(ascii, 30).add("text", "日本 ├─ ▲").build());
    expect(line).toMatch(/^[ -~]*$/u);
  });
});

describe("numbers", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1024, "1.0K"],
    [84_000, "82K"],
    [1_048_576 * 640, "640M"],
    [9.1 * 1024 ** 3, "9.1G"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test("no number outgrows its column", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e14, noNaN: true }), (value) => {
        expect(formatBytes(value).length).toBeLessThanOrEqual(5);
        expect(formatCount(value).length).toBeLessThanOrEqual(4);
        expect(formatAge(value * 1000).length).toBeLessThanOrEqual(4);
      }),
    );
  });

  test.each([
    [200_000_000, "0.2s"],
    [38e9, "38s"],
    [240e9, "4m"],
    [12 * 86_400e9, "12d"],
    [-5, "0.0s"],
  ])("%i ns are %s", (ns, text) => {
    expect(formatAge(ns)).toBe(text);
  });
});

describe("cutting and wrapping", () => {
  test("keeps what says most: the ends of a command, the port of an address", () => {
    expect(truncateMiddle("curl -s http://cdn.x/installer.sh -o /tmp/.x", 24)).toBe("curl -s http://c…/tmp/.x");
    expect(truncateStart("[2001:db8::1234:5678]:443", 12)).toBe("…4:5678]:443");
  });

  test("never takes more cells than there are, and wrapping loses nothing", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "-", "語", "é", "e\u0301", "한"), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (raw, width) => {
        const clean = sanitise(raw);
        expect(textWidth(truncateMiddle(clean, width))).toBeLessThanOrEqual(width);
        expect(textWidth(truncateStart(clean, width))).toBeLessThanOrEqual(width);
        const lines = wrapWords(clean, width);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(clean.replaceAll(" ", ""));
      }),
    );
  });
});
