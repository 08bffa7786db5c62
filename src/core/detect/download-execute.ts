import { EDGE_FLAG } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { resolvePath } from "../graph/paths.ts";
import { programPipe, writtenCode } from "../graph/provenance.ts";
import { isInstalled, isPackageManager } from "../graph/trust.ts";
import { contentWrites } from "../graph/writes.ts";
import { duration, who } from "../origin/words.ts";
import { edgeCertainty, imageCertainty, weakest } from "../query/certainty.ts";
import type { Severity } from "../query/model.ts";
import { argvOf } from "../query/names.ts";
import { chainOf, chainRoot } from "./chain.ts";
import { type Download, downloadedBy, pipedDownload } from "./downloaded.ts";
import { manyWriters } from "./many-writers.ts";
import type { Signal } from "./signal.ts";

/** Fetch and run for a living. Known false positives beside them: self-updating agents, `git pull && ./build`. */
const INSTALLER =
  /^(pip[\d.]*|pipx|npm|npx|yarn|pnpm|corepack|cargo|rustup(-init)?|gem|bundle|go|composer|conda|mamba|brew|poetry|uv|mvn|gradle|sbt|nix(-.*)?)(\.js|-cli\.js|\.cjs|\.py)?$/;
const PYTHON = /^python[\d.]*$/;

/** The executable or script was fetched from the network by the same chain that now runs it, or nobody can tell. */
export function downloadThenExecute(graph: Graph, process: ProcessIndex): Signal | undefined {
  const { images, files, processes } = graph;
  const image = processes.image.get(process);
  if (image === NONE) return undefined;
  const ranNs = images.atNs.get(image);
  const ran = writtenCode(graph, image);
  if (ran.length === 0) return undefined;
  const root = chainRoot(graph, process);
  for (const { file, script } of ran) {
    for (const write of contentWrites(graph, file, ranNs)) {
      const writer = graph.edges.process.get(write);
      const wroteNs = graph.edges.lastBefore(write, ranNs);
      const download = downloadedBy(graph, file, write, ranNs);
      // Of those that fetched nothing one of the chain is enough.
      if (download === undefined && images.wroteByChain(image)) continue;
      if (isPackageManager(graph, writer, wroteNs) || chainRoot(graph, writer) !== root) continue;
      images.known.set(image, images.known.get(image) | IMAGE_KNOWN.WRITTEN_BY_CHAIN);
      if (download === undefined) continue;
      const path = files.path.get(file);
      const how = `${who(graph, process, ranNs)} ${script ? "interpreted" : "executed"} ${path}, written ${duration(ranNs - wroteNs)} earlier by ${who(graph, writer, wroteNs)}`;
      return signalOf(graph, process, download, how, { kind: "file", id: files.id(file) }, path);
    }
  }
  return manyWriters(graph, process, ran);
}

/** A shell runs what a process up its pipeline is fetching: `curl ... | sh`. */
export function downloadPipedToShell(graph: Graph, process: ProcessIndex, nowNs: number): Signal | undefined {
  const { images, processes } = graph;
  const image = processes.image.get(process);
  if (image === NONE) return undefined;
  const pipe = programPipe(graph, process, image, nowNs);
  if (pipe === NONE) return undefined;
  const download = pipedDownload(graph, process, nowNs);
  if (download === undefined) return undefined;
  const how = `${who(graph, process, nowNs)} runs what ${who(graph, download.by, nowNs)} writes into ${graph.edges.has(pipe, EDGE_FLAG.STDIN) ? "its standard input" : "the pipe it was given as its script"}`;
  return signalOf(
    graph,
    process,
    download,
    how,
    { kind: "process", id: processes.id(download.by) },
    images.exe.get(image),
  );
}

function signalOf(
  graph: Graph,
  process: ProcessIndex,
  download: Download,
  how: string,
  source: Signal["evidence"][number],
  what: string,
): Signal | undefined {
  const { edges, connections, processes, images } = graph;
  const chain = chainOf(graph, process);
  // A maintainer's script runs what its package manager fetched.
  if (chain.some((one) => isPackageManager(graph, one, Number.POSITIVE_INFINITY))) return undefined;
  const connection = edges.object.get(download.edge);
  const server = 2 * connection + 1 - connections.clientSide.get(connection);
  const local = connections.endIsLoopback(server);
  const installs = [...chain, download.by].some((one) => isInstaller(graph, one));
  const severity: Severity = installs ? "low" : local ? "medium" : "high";
  const from = `${connections.endpoint(server)}${local ? " (this host)" : ""}`;
  return {
    rule: "download-then-execute",
    title: "Download then execute",
    reason: `${how}; ${who(graph, download.by, Number.POSITIVE_INFINITY)} was connected to ${from}`,
    severity,
    techniques: ["T1105", "T1059"],
    atNs: Math.max(images.atNs.get(processes.image.get(process)), edges.firstNs.get(download.edge)),
    process,
    others: [download.by, ...download.through],
    evidence: [source, { kind: "connection", id: connections.id(connection) }],
    certainty: weakest(edgeCertainty(graph, download.edge), imageCertainty(graph, processes.image.get(process))),
    key: `${processes.keyOf(chain[0] ?? process)}|${what}|${from}`,
  };
}

export function isInstaller(graph: Graph, process: ProcessIndex): boolean {
  const image = graph.processes.image.get(process);
  if (image === NONE) return false;
  return isInstalled(graph, image, INSTALLER) || (isInstalled(graph, image, PYTHON) && isModuleInstaller(graph, image));
}

/** `python3 -m pip`, unless somebody wrote a module of that name where Python looks first. */
function isModuleInstaller(graph: Graph, image: ImageIndex): boolean {
  const { files, images } = graph;
  const [, option, module = ""] = argvOf(graph, image);
  if (option !== "-m" || !INSTALLER.test(module)) return false;
  const cwd = images.cwd.get(image);
  return [`${module}.py`, `${module}/__main__.py`].every((path) => files.atPath(resolvePath(path, cwd)) === NONE);
}
