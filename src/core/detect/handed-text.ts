import { EDGE } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { interprets, isInterpreter } from "../graph/interpreters.ts";
import { baseName } from "../graph/paths.ts";
import { imageAt, obeysStdin, stdinPipe } from "../graph/provenance.ts";
import { nameAt } from "../graph/roles.ts";
import { who } from "../origin/words.ts";
import { argvOf } from "../query/names.ts";
import { type Composed, composedArgument, feeders } from "./composed.ts";
import { type Deed, downloadInShell, GUESSED, type Severities, SHELL, TOLD } from "./deed.ts";
import { connectionBefore, type Download, fetchedBefore, pipedDownload, relayedDownload } from "./downloaded.ts";
import type { Signal } from "./signal.ts";

/** Appends what it reads to a command line, or puts it in place of a mark. */
const APPENDER = /^(xargs|parallel)$/;
const MARK = /^(?:-I|-i|--replace=)(.+)$/;
const COMMAND_FOLLOWS = /(^|[;&|({])\s*$/;
/** Program text is passed on so soon. */
const ARGUMENT_NS = 1e9;
/** What was taken in so long before text was fed to an interpreter may be that text. */
const FEED_WINDOW_NS = 10e9;

/** An interpreter was started with text as an argument that who put it together had just fetched. */
export function handedOver(graph: Graph, child: ProcessIndex, image: ImageIndex): Signal | undefined {
  const composed = composedArgument(graph, child, image);
  return composed === undefined ? undefined : handedBy(graph, child, image, composed);
}

function handedBy(graph: Graph, child: ProcessIndex, image: ImageIndex, composed: Composed): Signal | undefined {
  const { edges, images, processes } = graph;
  const { atNs } = composed;
  const owner = processes.row(images.processId.get(composed.image));
  const name = baseName(images.exe.get(composed.image));
  const deed = (shell: ProcessIndex): Deed => ({
    shell,
    atNs,
    child,
    words: () => `started ${who(graph, child, images.atNs.get(image))}`,
  });
  if (APPENDER.test(name)) {
    const download =
      owner === NONE || isFilledIn(argvOf(graph, composed.image)) ? undefined : pipedDownload(graph, owner, atNs);
    return download === undefined ? undefined : fromDownload(graph, deed(owner), download, TOLD);
  }
  // What was read goes into a pipe of its own: it is data.
  const pipe = stdinPipe(graph, child, images.atNs.get(image));
  const given = (one: ProcessIndex): boolean =>
    pipe !== NONE && edges.find(EDGE.PIPE_WRITE, one, edges.object.get(pipe)) !== NONE;
  if (!isInterpreter(name) || composed.by.some(given)) return undefined;
  for (const composer of composed.by) {
    const download = fetchedBefore(graph, composer, atNs, ARGUMENT_NS);
    if (download === undefined) continue;
    // Languages start shells with commands of their own; a shell would run a command of its own itself.
    if (SHELL.test(name)) return fromDownload(graph, deed(composer), download, TOLD);
    if (composed.text.includes("\n")) return fromDownload(graph, deed(composer), download, GUESSED);
  }
  return undefined;
}

/** Whether what is read goes into a text that is spelled out, and nowhere as a command: `xargs -I{} sh -c 'rm "{}"'`. */
function isFilledIn(words: readonly string[]): boolean {
  const named = words.flatMap((word, at) => (word === "-I" ? (words[at + 1] ?? []) : (MARK.exec(word)?.[1] ?? [])));
  const before = ["{}", ...named].flatMap((mark) =>
    words
      .filter((word, at) => !word.startsWith("-") && words[at - 1] !== "-I")
      .flatMap((word) => word.split(mark).slice(0, -1)),
  );
  return before.length > 0 && !before.some((text) => COMMAND_FOLLOWS.test(text));
}

/** An interpreter that obeys what its parent writes into its standard input did something, and the parent had fetched what it wrote. */
export function fedByParent(graph: Graph, deed: Deed): Signal | undefined {
  const { edges, images, processes } = graph;
  const { shell, atNs } = deed;
  const image = imageAt(graph, shell, atNs);
  if (image === NONE || !interprets(images.exe.get(image)) || !obeysStdin(graph, image)) return undefined;
  const reader = processes.row(images.processId.get(image));
  if (reader === NONE) return undefined;
  for (const feeder of feeders(graph, reader, image, atNs)) {
    const isShell = SHELL.test(nameAt(graph, feeder, atNs));
    const piped =
      fetchedBefore(graph, feeder, atNs, isShell ? ARGUMENT_NS : FEED_WINDOW_NS) ??
      (isShell ? undefined : (pipedDownload(graph, feeder, atNs) ?? relayedDownload(graph, feeder, atNs)));
    if (piped !== undefined) return fromDownload(graph, deed, piped, isShell ? GUESSED : TOLD, feeder);
    const edge = isShell ? NONE : connectionBefore(graph, feeder, atNs);
    if (edge !== NONE && atNs - edges.firstNs.get(edge) <= FEED_WINDOW_NS)
      return fromDownload(graph, deed, { by: feeder, edge, through: [] }, GUESSED, feeder);
  }
  return undefined;
}

function fromDownload(
  graph: Graph,
  deed: Deed,
  download: Download,
  severities: Severities,
  feeder: ProcessIndex = NONE,
): Signal | undefined {
  const { processes } = graph;
  const fetched = `what ${who(graph, download.by, deed.atNs)} fetched`;
  const how =
    feeder === NONE
      ? `read through a pipe ${fetched}`
      : feeder === download.by
        ? `obeys ${who(graph, feeder, deed.atNs)}, which had just connected`
        : `obeys ${who(graph, feeder, deed.atNs)}, which read ${fetched}`;
  return downloadInShell(graph, deed, download, how, { kind: "process", id: processes.id(download.by) }, severities);
}
