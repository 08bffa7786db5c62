import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { asProgram } from "../lib/child.ts";
import { progress, report } from "../lib/result.ts";
import { median, spread } from "../lib/statistics.ts";

/** Processes of each kind: in some every read of memory is dearer, from their begin to their end. */
const PROCESSES = 5;

/** What ingest-load.ts prints. Of CPU, ns an event. */
export interface Ingested {
  /** In the middle one of the batches, of all its batches together, and what of that the kernel took: memory that is touched for the first time. */
  readonly batchNs: number;
  readonly allNs: number;
  readonly kernelNs: number;
  /** ns of a read at random of the table of edges: a host that has no large pages for this guest's makes it dearer, and an event with it. */
  readonly readNs: number;
  readonly nodes: number;
  readonly edges: number;
}

/** The arguments of ingest-load.ts. */
const KINDS = { graph: ["graph", "given"], anew: ["graph", "any"], monitor: ["monitor", "given"] } as const;

/** What an event of a busy host costs when the graph holds a million nodes: to the graph, and with detection. */
export function ingest(): Promise<void> {
  const took: Record<keyof typeof KINDS, Ingested[]> = { graph: [], anew: [], monitor: [] };
  for (let process = 0; process < PROCESSES; process++) {
    for (const kind of ["graph", "anew", "monitor"] as const) {
      const child = spawnSync(asProgram, [join(import.meta.dirname, "ingest-load.ts"), ...KINDS[kind]], {
        encoding: "utf8",
      });
      if (child.status !== 0) throw new Error(child.stderr);
      took[kind].push(JSON.parse(child.stdout) as Ingested);
    }
    const { nodes, edges } = took.graph[process] as Ingested;
    progress(`process ${process + 1} of ${PROCESSES}: ${nodes} nodes, ${edges} edges`);
  }
  const line = (of: readonly Ingested[]) => {
    const batch = median(of.map(({ batchNs }) => batchNs)).toFixed(0);
    const kernel = median(of.map(({ kernelNs }) => kernelNs)).toFixed(0);
    const reads = of.map(({ readNs }) => readNs.toFixed(0)).join(", ");
    return {
      subject: "an event of a busy host",
      measure: "CPU",
      unit: "ns",
      value: spread(of.map(({ allNs }) => allNs)),
      note: `${kernel} of it in the kernel; in the middle batch ${batch}; a read at random ${reads}`,
    };
  };
  report({ ...line(took.graph), key: "ingest/graph", mode: "to a graph of a million nodes", aim: { under: 300 } });
  report({ ...line(took.anew), key: "ingest/graph-anew", mode: "the same, in memory the host may have to give" });
  report({ ...line(took.monitor), key: "ingest/monitor", mode: "the first with detection" });
  return Promise.resolve();
}
