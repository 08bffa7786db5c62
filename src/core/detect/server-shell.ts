import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { type Accepted, acceptedBefore, beginsLogin, facesNetwork, nameAt } from "../graph/roles.ts";
import { isContainerRuntime, isInstalled, isLoginServer, isScheduler, isTrusted } from "../graph/trust.ts";
import { who } from "../origin/words.ts";
import { imageCertainty } from "../query/certainty.ts";
import type { Severity, Subject } from "../query/model.ts";
import { commandOf } from "../query/names.ts";
import type { Signal } from "./signal.ts";

const SHELL = /^((ba|da|z|k|c|tc|a|fi)?sh|busybox)$/;
/**
 * Listen on a port and start shells because that is their use. Known false positives beside them: build servers, monitoring agents
 * with check scripts, databases with an archive command.
 */
const STARTS_SHELLS =
  /^(tmux.*|screen|emacs.*|code(-server)?|vscode.*|jupyter.*|gitlab-runner|buildkitd|make|ninja|systemd|Xorg|Xvnc|gnome-.*|zellij.*|ttyd|wetty)$/;
const EDITOR_SERVER = /\.(vscode|cursor|windsurf)-server\//;
const EDITOR_PROGRAM = /^(jupyter.*|code-server)$/;
const ANY = /./;

/** A shell below a process that serves the network, and no login in between. */
export function shellBelowServer(graph: Graph, process: ProcessIndex): Signal | undefined {
  const { images, processes } = graph;
  const image = processes.image.get(process);
  if (
    image === NONE ||
    images.processId.get(image) !== processes.id(process) ||
    (images.known.get(image) & IMAGE_KNOWN.BEFORE_START) !== 0
  )
    return undefined;
  if (!SHELL.test(nameAt(graph, process, Number.POSITIVE_INFINITY))) return undefined;
  const server = serverAbove(graph, process);
  if (server === NONE) return undefined;
  const atNs = images.atNs.get(image);
  const accepted = acceptedBefore(graph, server, atNs);
  const name = who(graph, server, Number.POSITIVE_INFINITY);
  const client = accepted === undefined ? undefined : clientOf(graph, accepted);
  const evidence: Subject[] = [{ kind: "process", id: processes.id(server) }];
  if (accepted !== undefined)
    evidence.push({ kind: "connection", id: graph.connections.id(graph.edges.object.get(accepted.edge)) });
  return {
    rule: "shell-below-server",
    title: "Shell below a network server",
    reason: `${who(graph, process, atNs)} was started below ${name}, which ${client === undefined ? "listens on the network" : `serves ${client.text}`}`,
    severity: severityOf(graph, process, server, client?.local),
    techniques: ["T1059.004", "T1505.003"],
    atNs,
    process,
    others: [],
    evidence,
    certainty: imageCertainty(graph, image),
    key: `${processes.keyOf(server)}|${commandOf(graph, process)}`,
  };
}

/** The nearest ancestor that serves the network; NONE when a login or a tool that starts shells comes first. */
function serverAbove(graph: Graph, process: ProcessIndex): ProcessIndex {
  const { processes } = graph;
  for (let at = process; at !== NONE; at = processes.parent.get(at)) {
    if (processes.tgid.get(at) === 1 || beginsLogin(graph, at)) return NONE;
    if (at === process) continue;
    const nowNs = Number.POSITIVE_INFINITY;
    if (isLoginServer(graph, at, nowNs) || isContainerRuntime(graph, at, nowNs) || isScheduler(graph, at, nowNs))
      return NONE;
    if (isTrusted(graph, at, nowNs, STARTS_SHELLS) || isEditorServer(graph, at)) return NONE;
    if (facesNetwork(graph, at)) return at;
    // What a shell starts is told with that shell.
    if (SHELL.test(nameAt(graph, at, nowNs))) return NONE;
  }
  return NONE;
}

/** Lives in its user's home directory, or in an environment of theirs: what it executes tells it, not what its arguments say. */
function isEditorServer(graph: Graph, process: ProcessIndex): boolean {
  const image = graph.processes.image.get(process);
  if (image === NONE) return false;
  const name = EDITOR_SERVER.test(graph.images.exe.get(image)) ? ANY : EDITOR_PROGRAM;
  return isInstalled(graph, image, name);
}

interface Client {
  readonly text: string;
  readonly local: boolean;
}

function clientOf(graph: Graph, accepted: Accepted): Client | undefined {
  const { edges, connections } = graph;
  const connection = edges.object.get(accepted.edge);
  if (connections.isUnix(connection)) return undefined;
  const client = 2 * connection + connections.clientSide.get(connection);
  const local = connections.endIsLoopback(client);
  return { text: `${connections.endpoint(client)}${local ? " (this host)" : ""}`, local };
}

/** A server somebody started in their own terminal is most likely theirs to play with. */
function severityOf(graph: Graph, process: ProcessIndex, server: ProcessIndex, local: boolean | undefined): Severity {
  const { processes } = graph;
  const tty = processes.tty.get(process);
  if (tty !== 0 && tty === processes.tty.get(server)) return "info";
  if (local === undefined) return "low";
  return local ? "medium" : "high";
}
