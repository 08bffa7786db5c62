import { expect, test } from "vitest";
import { HashIndex } from "../../../src/core/graph/hash-index.ts";
import { connections } from "../../../src/core/query/connections.ts";
import { KIND } from "../../../src/core/wire/layout.gen.ts";
import { by, emptyMonitor, feed } from "../fixture.ts";

const MS = 1e6;
const TIMES = 1000;

test("of rows with the same key an index keeps the latest, and others as they are", () => {
  const index = new HashIndex();
  const rowsOf = (hash: number) => {
    const rows: number[] = [];
    for (let row = index.first(hash); row >= 0; row = index.next()) rows.push(row);
    return rows.sort((a, b) => a - b);
  };
  for (let row = 0; row < TIMES; row++) {
    index.add(row * 64 + 1, row);
    index.addLatest(0, row, 32, (one, other) => one < other);
  }
  expect(rowsOf(0)).toEqual(Array.from({ length: 32 }, (_, i) => TIMES - 32 + i));
  expect(index.size).toBe(TIMES + 32);
  for (let row = 0; row < TIMES; row++) expect(rowsOf(row * 64 + 1)).toEqual([row]);
});

test("both ends of a connection are one, however often its ports were used, here and in other network namespaces", () => {
  const { monitor, writer } = emptyMonitor();
  const client = { local: "127.0.0.1", localPort: 40_000, remote: "127.0.0.1", remotePort: 80 };
  const server = { local: "127.0.0.1", localPort: 80, remote: "127.0.0.1", remotePort: 40_000 };
  feed(monitor, writer, 1, (w) => w.sock(KIND.CONNECT, { ...by(10, 1), ...client, sock: 1, netns: 5 }));
  for (let i = 1; i < TIMES; i++) {
    const atNs = i * MS;
    feed(monitor, writer, atNs + MS, (w) => {
      w.sock(KIND.CONNECT, { ...by(10, atNs + 1), ...client, sock: 2 * i, netns: 4 });
      w.sock(KIND.ACCEPT, { ...by(20, atNs + 2), ...server, sock: 2 * i + 1, netns: 4 });
      w.sock(KIND.CLOSE, { ...by(10, atNs + 3), ...client, sock: 2 * i, netns: 4 });
      w.sock(KIND.CLOSE, { ...by(20, atNs + 4), ...server, sock: 2 * i + 1, netns: 4 });
    });
  }
  feed(monitor, writer, TIMES * MS + 1, (w) =>
    w.sock(KIND.ACCEPT, { ...by(20, TIMES * MS), ...server, sock: 2 * TIMES, netns: 5 }),
  );
  expect(monitor.graph.connections.count).toBe(TIMES);
  const rows = connections(monitor, { closedSinceNs: Number.NEGATIVE_INFINITY });
  expect(rows.filter(({ closedNs }) => closedNs === undefined)).toMatchObject([{ direction: "local" }]);
});

test("of a pid that was used a thousand times the last one lives, and all are there", () => {
  const { monitor, writer } = emptyMonitor();
  const starts = Array.from({ length: TIMES }, (_, i) => i * MS);
  for (const startNs of starts) {
    feed(monitor, writer, startNs + MS, (w) => {
      w.fork({ ...by(10, startNs + 1, -9e9), childPid: 20, childStartNs: by(20, 0, startNs + 2).startNs });
      if (startNs !== starts.at(-1)) w.exit(by(20, startNs + 3, startNs + 2));
    });
  }
  const { processes } = monitor.graph;
  const living = processes.living(20);
  expect(processes.startNs.get(living)).toBe(
    Math.max(...Array.from({ length: processes.limit }, (_, row) => processes.startNs.get(row))),
  );
  expect(processes.children.get(processes.living(10))).toBe(TIMES);
  expect(processes.withTgid(20)).toContain(living);
});
