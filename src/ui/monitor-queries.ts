import { NONE } from "../core/graph/indexes.ts";
import type { Monitor } from "../core/monitor.ts";
import { impactOf } from "../core/origin/impact.ts";
import { originOf } from "../core/origin/origin.ts";
import { cgroups } from "../core/query/cgroups.ts";
import { eachConnection } from "../core/query/connections.ts";
import { files } from "../core/query/files.ts";
import { findings } from "../core/query/findings.ts";
import { findKey, keyOf } from "../core/query/keys.ts";
import type { ProcessId, ProcessRow } from "../core/query/model.ts";
import { processDetail } from "../core/query/process-detail.ts";
import { ancestors, processRow } from "../core/query/process-row.ts";
import { searchEntries } from "../core/query/search.ts";
import { tree } from "../core/query/tree.ts";
import type { Names, Queries } from "./ports.ts";

/**
 * Rows of processes, made once for each state of the monitor: a list of the connections of one process asks for its row with each of
 * them, and the row tells them all.
 */
function rowsOf(monitor: Monitor): Queries["process"] {
  const rows = new Map<ProcessId, ProcessRow | undefined>();
  let version = monitor.version;
  return (id) => {
    if (version !== monitor.version) {
      version = monitor.version;
      rows.clear();
    }
    if (!rows.has(id)) rows.set(id, processRow(monitor, id));
    return rows.get(id);
  };
}

/** The screens' questions, answered by a monitor. */
export function monitorQueries(monitor: Monitor, names: Names): Queries {
  return {
    get version() {
      return monitor.version;
    },
    get nowNs() {
      return monitor.nowNs;
    },
    wallMs: (ns) => monitor.graph.clock.wallOf(ns),
    tree: (options) => tree(monitor, options),
    process: rowsOf(monitor),
    startSinceBootNs: (id) => {
      const { processes } = monitor.graph;
      const row = processes.row(id);
      return row === NONE ? undefined : processes.startHi.get(row) * 0x1_0000_0000 + processes.startLo.get(row);
    },
    ancestors: (id) => ancestors(monitor, id),
    detail: (id) => processDetail(monitor, id),
    eachConnection: (process, closedSinceNs) =>
      eachConnection(monitor, process === undefined ? { closedSinceNs } : { process, closedSinceNs }),
    files: (process, holds) =>
      files(monitor, { ...(process === undefined ? {} : { process }), ...(holds === undefined ? {} : { holds }) }),
    origin: (target, whole = false) => originOf(monitor, target, { names, whole }),
    impact: (target, whole = false) => impactOf(monitor, target, { names, whole }),
    findings: () => findings(monitor),
    untold: () => monitor.detector.untold,
    cgroups: () => cgroups(monitor),
    entries: () => searchEntries(monitor),
    keyOf: (subject) => keyOf(monitor, subject),
    findKey: (key) => findKey(monitor, key),
  };
}
