import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/core/text/address.ts";
import { parseDnsAnswer } from "../../src/core/text/dns.ts";
import { dnsMessage } from "./fixture-calls.ts";

function read(message: Uint8Array): string {
  const answer = parseDnsAnswer(message);
  return answer === undefined ? "" : `${answer.name} ${answer.addresses.map((one) => formatAddress(one, 0)).join(" ")}`;
}

/** A message of one question with the bytes of a name, and an A record that points at `pointer`. */
function raw(name: readonly number[], pointer = 12): Uint8Array {
  const head = [0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
  return Uint8Array.from([...head, ...name, 0, 1, 0, 1, 0xc0, pointer, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]);
}

describe("the answer of a name server", () => {
  test("gives the addresses of what was asked, through aliases, and of nothing else", () => {
    const message = dnsMessage({
      question: "WWW.Example.org",
      records: [
        ["www.example.org", "edge.cdn.net"],
        ["edge.cdn.net", "198.51.100.7"],
        ["edge.cdn.net", "2001:db8::7"],
        ["evil.x", "192.0.2.66"],
      ],
    });
    expect(read(message)).toBe("www.example.org 198.51.100.7 2001:db8::7");
  });

  test("may refer back to names it has told", () => {
    expect(read(raw([1, 97, 1, 120, 0]))).toBe("a.x 192.0.2.1");
  });

  test("whose names go round, forward or out of it is none", () => {
    expect(read(raw([0xc0, 12]))).toBe("");
    expect(read(raw([1, 97, 0xc0, 12]))).toBe("");
    expect(read(raw([1, 97, 1, 120, 0], 200))).toBe("");
    expect(read(raw([63, 97, 0]))).toBe("");
  });

  test("cannot fake a dot or a control character", () => {
    expect(read(raw([3, 97, 46, 98, 2, 27, 0xe9, 0]))).toBe("a\\.b.\\x1b\\xe9 192.0.2.1");
  });

  test("that was cut counts as far as it is whole", () => {
    const message = dnsMessage({
      question: "a.x",
      records: [
        ["a.x", "192.0.2.1"],
        ["a.x", "192.0.2.2"],
      ],
    });
    expect(read(message.subarray(0, message.length - 1))).toBe("a.x 192.0.2.1");
  });

  test("is no question, no error, and no noise", () => {
    const message = dnsMessage({ question: "a.x", records: [["a.x", "192.0.2.1"]] });
    for (const [at, value] of [
      [2, 0x01],
      [3, 0x83],
      [5, 2],
      [5, 0],
    ] as const) {
      const changed = Uint8Array.from(message);
      changed[at] = value;
      expect(read(changed)).toBe("");
    }
    expect(read(new TextEncoder().encode("answer from the name server"))).toBe("");
  });

  test("of pointers to pointers, as many as there can be, is read in bounded time", () => {
    const question = [1, 97, 0, 0, 1, 0, 1];
    const began = 12 + question.length;
    const length = 15_900;
    // One record that nobody asked for holds the chain; the owners of the others begin at its end.
    const out = [0, 0, 0x81, 0x80, 0, 1, 0, 64, 0, 0, 0, 0, ...question];
    out.push(0xc0, 12, 0, 99, 0, 1, 0, 0, 0, 0, length >> 8, length & 255);
    for (let at = out.length, to = 12; at < began + 12 + length; to = at, at += 2) out.push(0xc0 | (to >> 8), to & 255);
    const end = out.length - 2;
    for (let i = 0; i < 63; i++) out.push(0xc0 | (end >> 8), end & 255, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, i);
    const { user } = process.cpuUsage();
    const answers = Array.from({ length: 20 }, () => parseDnsAnswer(Uint8Array.from(out)));
    expect((process.cpuUsage().user - user) / 1000 / answers.length).toBeLessThan(200);
    expect(answers[0]?.name).toBe("a");
    expect(answers[0]?.addresses).toHaveLength(63);
  });

  test("of any bytes ends, within bounds", () => {
    const head = fc.constant([0, 0, 0x81, 0x80, 0, 1, 0, 200, 0, 0, 0, 0]);
    const body = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 12, 0xc0, 63)), { maxLength: 500 });
    fc.assert(
      fc.property(head, body, (start, rest) => {
        const answer = parseDnsAnswer(Uint8Array.from([...start, ...rest]));
        if (answer === undefined) return;
        expect(answer.name.length).toBeLessThanOrEqual(4 * 255);
        for (const address of answer.addresses) expect(address).toHaveLength(16);
      }),
      { numRuns: 2000 },
    );
  });
});
