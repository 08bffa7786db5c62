import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../../src/core/wire/utf8.ts";

const decode = (...bytes: number[]): string => decodeUtf8(Uint8Array.from(bytes), 0, bytes.length);

test("text comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      const bytes = encodeUtf8(text);
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text);
      expect(Buffer.from(bytes).toString("utf8")).toBe(text);
    }),
  );
});

test("bytes that are no UTF-8 are shown by their number", () => {
  expect(decode(0x61, 0xff, 0x62)).toBe("a\\xffb");
  expect(decode(0xc0, 0xaf)).toBe("\\xc0\\xaf");
  expect(decode(0xe2, 0x82)).toBe("\\xe2\\x82");
  expect(decode(0xed, 0xa0, 0x80)).toBe("\\xed\\xa0\\x80");
  expect(decode(0xf4, 0x90, 0x80, 0x80)).toBe("\\xf4\\x90\\x80\\x80");
});

test("NUL stays: arguments are separated by it", () => {
  expect(decode(0x61, 0, 0x62)).toBe("a\0b");
});

test("any bytes decode to something that holds no more than four characters a byte", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeUtf8(bytes, 0, bytes.length).length).toBeLessThanOrEqual(4 * bytes.length);
    }),
  );
});

test("long text is decoded whole", () => {
  const text = "x".repeat(100_000);
  expect(decodeUtf8(encodeUtf8(text), 0, 100_000)).toBe(text);
});
