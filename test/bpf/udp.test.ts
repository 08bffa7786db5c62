import { expect, test } from "vitest";
import type { Child } from "./child.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

const UDP = 17;
const ICMP = 1;

async function datagramsOf(run: Child) {
  await capture.ended(run);
  return capture.of("DATAGRAM", run.pid);
}

test.each([
  ["v4", "127.0.0.1", 2],
  ["v6", "0:0:0:0:0:0:0:1", 10],
])(
  "%s: the first datagram of a socket to a destination is reported, repeats are not",
  async (family, remote, number) => {
    const run = bench.run("udp-forms", family);
    const rows = await datagramsOf(run);
    const portsOf = (form: number) => {
      const { ino } = run.lines.find((line) => line["form"] === form)!;
      const mine = rows.filter((row) => row.sock === ino);
      for (const row of mine) expect(row).toMatchObject({ remote, proto: UDP, err: 0, family: number });
      return mine.map((row) => row.remotePort);
    };
    const port = run.number("port");
    expect(portsOf(1), "sendto").toEqual([port]);
    expect(portsOf(2), "sendmsg").toEqual([port]);
    expect(portsOf(3)[0], "sendmmsg").toEqual(port);
    expect(new Set(portsOf(4)), "connected").toEqual(new Set([port]));
    expect(portsOf(5), "two destinations").toEqual([port, run.number("second")]);
  },
);

test("each socket of a row of them is reported, though all ask the same server", async () => {
  const run = bench.run("udp-sockets", 20);
  const rows = await datagramsOf(run);
  expect(rows.map((row) => row.sock)).toEqual(run.lines.map((line) => line["ino"]));
});

test("an IPv4 destination through an IPv6 socket", async () => {
  const run = bench.run("udp-mapped");
  expect(await datagramsOf(run)).toMatchObject([
    { remote: "127.0.0.1", remotePort: run.number("port"), sock: run.number("ino") },
  ]);
});

test("a ping has a destination without a port", async () => {
  const run = bench.run("ping");
  const rows = (await datagramsOf(run)).filter((row) => row.sock === run.number("ino"));
  expect(rows).toMatchObject([{ remote: "127.0.0.1", remotePort: 0, proto: ICMP }]);
});
