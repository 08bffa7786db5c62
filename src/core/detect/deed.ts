import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { isPackageManager } from "../graph/trust.ts";
import { who } from "../origin/words.ts";
import type { Severity, Subject } from "../query/model.ts";
import { commandOf } from "../query/names.ts";
import { chainOf } from "./chain.ts";
import { isInstaller } from "./download-execute.ts";
import type { Download } from "./downloaded.ts";
import type { Signal } from "./signal.ts";

export const SHELL = /^(ba|da|z|k|a|mk)?sh$/;

/** Something a shell did: it started a program, or connected. */
export interface Deed {
  readonly shell: ProcessIndex;
  readonly atNs: number;
  /** What it started; NONE when it connected itself. */
  readonly child: ProcessIndex;
  readonly words: () => string;
}

/** Of a download from this host, and from elsewhere. */
export type Severities = readonly [local: Severity, remote: Severity];
export const TOLD: Severities = ["medium", "high"];
export const GUESSED: Severities = ["low", "medium"];

/** What it did is said, with what it may have run. */
export function downloadInShell(
  graph: Graph,
  { shell, atNs, words }: Deed,
  download: Download,
  how: string,
  source: Subject,
  [near, far]: Severities,
): Signal | undefined {
  const { edges, connections, processes } = graph;
  const chain = chainOf(graph, shell);
  if ([...chain, download.by].some((one) => isInstaller(graph, one) || isPackageManager(graph, one, atNs)))
    return undefined;
  const connection = edges.object.get(download.edge);
  const server = 2 * connection + 1 - connections.clientSide.get(connection);
  const local = connections.endIsLoopback(server);
  const from = `${connections.endpoint(server)}${local ? " (this host)" : ""}`;
  return {
    rule: "download-in-shell",
    title: "A shell may have run a download",
    reason: `${who(graph, shell, atNs)} ${how}, and then ${words()}: it may have run it; ${who(graph, download.by, atNs)} was connected to ${from}`,
    severity: local ? near : far,
    techniques: ["T1105", "T1059.004"],
    atNs,
    process: shell,
    others: [download.by, ...download.through],
    evidence: [source, { kind: "connection", id: connections.id(connection) }],
    certainty: "inferred",
    key: `${processes.keyOf(chain[0] ?? shell)}|${commandOf(graph, shell)}|${from}`,
  };
}
