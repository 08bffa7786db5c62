import { expect, test } from "vitest";
import { bundleKey, bundles } from "../../../src/core/query/bundles.ts";
import { connections, eachConnection } from "../../../src/core/query/connections.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed } from "../fixture.ts";

const MS = 1e6;

function load() {
  const { monitor, writer } = emptyMonitor();
  let ino = 100;
  const out = { local: "10.0.0.4", remote: "198.51.100.7", remotePort: 443 };
  feed(monitor, writer, 900 * MS, (w) => {
    w.sock(KIND.LISTEN, { ...by(3, 4 * MS), sock: 50, local: "0.0.0.0", localPort: 80 });
    for (let i = 0; i < 30; i++)
      w.sock(KIND.CONNECT, { ...by(2, (10 + i) * MS), ...out, sock: ino++, localPort: 40_000 + i, tx: 10, rx: 100 });
    w.sock(KIND.CONNECT, { ...by(3, 50 * MS), ...out, sock: ino++, localPort: 41_000 });
    w.sock(KIND.CONNECT, { ...by(2, 51 * MS), ...out, sock: ino++, localPort: 41_001, err: 111 });
    w.sock(KIND.CONNECT, { ...by(2, 52 * MS), ...out, sock: ino++, localPort: 41_002, remotePort: 80 });
    for (let i = 0; i < 5; i++) {
      const remote = i < 4 ? "203.0.113.9" : "203.0.113.10";
      w.sock(KIND.ACCEPT, {
        ...by(3, (60 + i) * MS),
        sock: ino++,
        local: "10.0.0.4",
        localPort: 80,
        remote,
        remotePort: 5000 + i,
      });
    }
    w.sock(KIND.CLOSE, { ...by(2, 70 * MS), ...out, sock: 100, localPort: 40_000, tx: 10, rx: 100 });
  });
  return monitor;
}

test("alike connections are one row with their number and the sum of their bytes", () => {
  const monitor = load();
  const rows = connections(monitor);
  const folded = bundles(eachConnection(monitor));
  const shown = folded.map(
    ({ row, count }) => `${count} ${row.direction} ${row.remote} ${row.state} ${row.error ?? ""}`,
  );
  expect(shown.map((line) => line.trim())).toEqual([
    "1 in 203.0.113.10:5004 established",
    "4 in 203.0.113.9:5003 established",
    "1 out 198.51.100.7:80 established",
    "1 out 198.51.100.7:443 failed ECONNREFUSED",
    "1 out 198.51.100.7:443 established",
    "29 out 198.51.100.7:443 established",
    "1 out 198.51.100.7:443 closed",
    "1 listen  listening",
  ]);
  const many = folded.find(({ count }) => count === 29);
  const members = rows.filter((row) => bundleKey(row) === many?.key);
  expect(many?.row).toMatchObject({ id: members[0]?.id, txBytes: 290, rxBytes: 2900 });
  expect(many?.oldest).toBe(members.at(-1)?.id);
  expect(folded.reduce((sum, { count }) => sum + count, 0)).toBe(rows.length);
  expect(bundles(rows), "in whatever order they come").toEqual(folded);
  expect(bundles(rows.toReversed())).toEqual(folded);
});
