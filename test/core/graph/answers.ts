import type { Monitor } from "../../../src/core/monitor.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import { connections } from "../../../src/core/query/connections.ts";
import { files } from "../../../src/core/query/files.ts";
import { findings } from "../../../src/core/query/findings.ts";
import type { Subject } from "../../../src/core/query/model.ts";
import { processDetail } from "../../../src/core/query/process-detail.ts";
import { tree } from "../../../src/core/query/tree.ts";

const NAMES = { user: String, container: () => "" };

/** Everything a monitor answers, with names in place of the ids that differ between two monitors, and in an order of its own. */
export function answers(monitor: Monitor): unknown {
  const { graph } = monitor;
  const { processes, connections: sockets, files: table, channels } = graph;
  const name = (subject: Subject): string => {
    switch (subject.kind) {
      case "process":
        return `process ${processes.keyOf(processes.row(subject.id))}`;
      case "connection": {
        const row = sockets.row(subject.id);
        const ends = [2 * row, 2 * row + 1].map((end) => `${sockets.inoLo.get(end)}/${sockets.port.get(end)}`);
        return `connection ${ends} ${sockets.path.get(row)} ${sockets.openedNs.get(row)}`;
      }
      case "file": {
        const row = table.row(subject.id);
        return `file ${table.identity(row)} ${table.path.get(row)}`;
      }
      case "channel":
        return `channel ${channels.inoLo.get(channels.row(subject.id))}`;
    }
  };
  /** Replaces ids by names, whatever holds them. */
  const told = (value: unknown, kind: Subject["kind"] = "process"): unknown => {
    if (Array.isArray(value)) return value.map((one) => told(one, kind));
    if (typeof value !== "object" || value === null) return value;
    const fields = value as Record<string, unknown>;
    if (typeof fields["kind"] === "string" && typeof fields["id"] === "number" && Object.keys(fields).length === 2)
      return name(fields as unknown as Subject);
    const here: Subject["kind"] = "protocol" in fields ? "connection" : "operation" in fields ? "file" : kind;
    return Object.fromEntries(
      Object.entries(fields).map(([key, inner]) => {
        if (key === "id" && "rule" in fields) return [key, 0];
        if (key === "id") return [key, name({ kind: here, id: inner as number })];
        if (["process", "peer", "from", "to", "by"].includes(key) && typeof inner === "number")
          return [key, name({ kind: "process", id: inner })];
        if (key === "owners" || key === "chain")
          return [key, (inner as number[]).map((id) => name({ kind: "process", id })).sort()];
        return [key, told(inner, kind)];
      }),
    );
  };
  const sorted = (values: readonly unknown[]): unknown[] =>
    values.map((value) => told(value)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const rows = tree(monitor, {
    layout: "tree",
    sort: "pid",
    descending: false,
    collapsed: new Set(),
    showKernelThreads: true,
    lingerNs: Number.POSITIVE_INFINITY,
    nowNs: monitor.nowNs,
  }).rows;
  const all = connections(monitor);
  const origins: Subject[] = [
    ...rows.map(({ id }) => ({ kind: "process", id }) as const),
    ...all.map(({ id }) => ({ kind: "connection", id }) as const),
    ...files(monitor, {}).rows.map(({ id }) => ({ kind: "file", id }) as const),
  ];
  return {
    nowNs: monitor.nowNs,
    wallMs: graph.clock.wallOf(monitor.nowNs),
    events: monitor.events,
    lost: [...monitor.lost],
    forgotten: graph.forgotten,
    tree: rows.map((row) => told(row)),
    details: rows.map(({ id }) => {
      const detail = processDetail(monitor, id);
      return (
        detail && { ...(told(detail) as object), connections: sorted(detail.connections), files: sorted(detail.files) }
      );
    }),
    connections: sorted(all),
    files: sorted(files(monitor, { path: "" }).rows),
    findings: sorted(findings(monitor)),
    origins: sorted(origins.map((subject) => originOf(monitor, subject, { names: NAMES }))),
  };
}
