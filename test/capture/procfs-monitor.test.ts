import { expect, test } from "vitest";
import { openProcfs } from "../../src/capture/procfs/procfs-source.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { connections } from "../../src/core/query/connections.ts";
import { tree } from "../../src/core/query/tree.ts";
import { child } from "./procfs-rows.ts";

test("the screen's queries work on /proc alone: a child in the tree, its connection with its owner", async () => {
  const server = await child(process.execPath, [
    "--eval",
    `require("net").createServer(() => console.log("ready")).listen(0, "127.0.0.1", function () { require("net").connect(this.address().port, "127.0.0.1") })`,
  ]);
  const monitor = new Monitor();
  const source = openProcfs();
  source.start();
  while (source.drain((batch) => monitor.ingest(batch), 1_000)) {}
  source.close();
  const { rows } = tree(monitor, {
    layout: "tree",
    sort: "pid",
    descending: false,
    collapsed: new Set(),
    showKernelThreads: false,
    lingerNs: 0,
    nowNs: monitor.nowNs,
  });
  const index = rows.findIndex((row) => row.pid === server.pid);
  const row = rows[index];
  expect(row).toMatchObject({ ppid: process.pid, uid: process.getuid?.() });
  expect(row?.command).toContain("--eval");
  const parent = rows.slice(0, index).findLast((above) => above.depth === (row?.depth ?? 0) - 1);
  expect(parent?.pid).toBe(process.pid);
  const tcp = connections(monitor, { process: row!.id, closedSinceNs: Number.POSITIVE_INFINITY }).filter(
    ({ protocol }) => protocol === "tcp",
  );
  const at = (direction: string) => tcp.find((one) => one.direction === direction);
  expect(at("listen")).toMatchObject({ owners: [row?.id] });
  // It talks to itself: one connection seen from both its ends.
  expect(at("out")).toMatchObject({ id: at("in")?.id, local: at("in")?.remote, certainty: "before start" });
  expect(at("out")).toMatchObject({ owners: [row?.id], peer: row?.id });
});
