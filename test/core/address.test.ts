import fc from "fast-check";
import { expect, test } from "vitest";
import { isLoopbackWords } from "../../src/core/graph/translations.ts";
import { formatAddress, formatEndpoint, parseAddress } from "../../src/core/text/address.ts";

const parsed = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0);

test.each([
  ["10.0.0.4", "10.0.0.4"],
  ["::ffff:10.0.0.4", "10.0.0.4"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["::1", "::1"],
  ["::", "::"],
  ["fe80::1", "fe80::1"],
  ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
])("%s is shown as %s", (text, shown) => {
  expect(formatAddress(parsed(text))).toBe(shown);
});

test("every address comes back as it was", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      expect(formatAddress(parsed(formatAddress(parsed(text))))).toBe(formatAddress(parsed(text)));
    }),
  );
});

test.each(["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1:2", ":::", "1::2::3", "g::1", "1:2:3:4:5:6:7:8:9"])(
  "%s is no address",
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

test("an endpoint shows what is specified", () => {
  expect(formatEndpoint(parsed("10.0.0.4"), 0, 22)).toBe("10.0.0.4:22");
  expect(formatEndpoint(parsed("::1"), 0, 80)).toBe("[::1]:80");
  expect(formatEndpoint(parsed("0.0.0.0"), 0, 80)).toBe(":80");
  expect(formatEndpoint(parsed("::"), 0, 0)).toBe(":*");
});

test("127.0.0.0/8 and ::1 are this host", () => {
  const isLoopback = (text: string): boolean => {
    const [a = 0, b = 0, c = 0, d = 0] = new Uint32Array(parsed(text).slice().buffer);
    return isLoopbackWords(a, b, c, d);
  };
  expect(["127.0.0.1", "127.9.9.9", "::1"].map(isLoopback)).toEqual([true, true, true]);
  expect(["128.0.0.1", "::2", "::", "::127.0.0.1"].map(isLoopback)).toEqual([false, false, false, false]);
});
