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
  const { bundles: folded } = bundles(eachConnection(monitor));
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
  expect(bundles(rows).bundles, "in whatever order they come").toEqual(folded);
  expect(bundles(rows.toReversed()).bundles).toEqual(folded);
});

test("of what is over only so many bundles are made, the newest; what they hold is counted, and so are the others", () => {
  const { monitor, writer } = emptyMonitor();
  feed(monitor, writer, 900 * MS, (w) => {
    for (let i = 0; i < 20; i++) {
      const end = {
        sock: 100 + i,
        local: "10.0.0.4",
        localPort: 40_000 + i,
        remote: `198.51.100.${i % 10}`,
        remotePort: 80,
      };
      w.sock(KIND.CONNECT, { ...by(2, (10 + i) * MS), ...end });
      if (i !== 0) w.sock(KIND.CLOSE, { ...by(2, 50 * MS), ...end });
    }
  });
  const folded = bundles(eachConnection(monitor), { mostOver: 3 });
  expect(folded.bundles.map(({ row, count }) => `${count} ${row.remote} ${row.state}`)).toEqual([
    "2 198.51.100.9:80 closed",
    "2 198.51.100.8:80 closed",
    "2 198.51.100.7:80 closed",
    "1 198.51.100.0:80 established",
  ]);
  expect(folded.left).toBe(13);
});
