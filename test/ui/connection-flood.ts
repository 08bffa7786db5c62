import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { monitorQueries } from "../../src/ui/monitor-queries.ts";
import { SearchIndex } from "../../src/ui/search/search-index.ts";
import { buildBody } from "../../src/ui/state/bodies.ts";
import { layoutOf } from "../../src/ui/state/layout.ts";
import { initialView } from "../../src/ui/state/view-state.ts";
import { BASE_NS, graphFromText, WALL_NS } from "../core/fixture.ts";

// Run by a test in an engine that has little memory: prints the connections screen after many have come and gone.
const COUNT = 100_000;
const BATCH = 10_000;

const { monitor, story } = graphFromText("bash > client");
const head = story.head("client");
for (let from = 0; from < COUNT; from += BATCH) {
  const writer = new BatchWriter();
  for (let i = from; i < from + BATCH; i++) {
    const socket = { ...head, sock: 1000 + i, local: "10.0.0.4", localPort: i % 60_000, remotePort: 80 };
    const remote = `198.51.100.${i % 5}`;
    writer.sock(KIND.CONNECT, { ...socket, remote });
    writer.sock(KIND.CLOSE, { ...socket, remote, rx: 1 });
  }
  const timeNs = story.nowNs + 1e9 + from;
  monitor.ingest(writer.finish(timeNs, WALL_NS + BigInt(timeNs - BASE_NS)));
}
const names = { user: String, container: () => "", cgroup: () => undefined };
const queries = monitorQueries(monitor, names);
const layout = layoutOf({ columns: 80, rows: 24 }, "connections", { kind: "live", events: 0, lost: 0 });
const view = { ...initialView({ columns: 80, rows: 24 }), screens: [{ name: "connections" as const }] };
const sources = { queries, names, search: new SearchIndex(queries, names) };
const body = buildBody({ ...view, closedConnections: true }, sources, monitor.nowNs, layout);
if (body.screen !== "connections") throw new Error(body.screen);
console.log(body.rows.map(({ row, count }) => `${count} ${row.remote} ${row.state} ${row.rxBytes}`).join("\n"));
