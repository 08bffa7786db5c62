import { TCP } from "../graph/connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { ConnectionIndex, EdgeIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { writtenCode } from "../graph/provenance.ts";
import { serverTitle, socketName } from "./connections.ts";
import type { Activity } from "./model.ts";

/** A write stays in the activity column this long. */
const RECENT_NS = 60e9;
/** More chips than any screen shows; the rest is folded into the detail. */
const MAX_CHIPS = 12;

interface Chip {
  kind: Activity["kind"];
  text: string;
  count: number;
  subject: Activity["subject"];
}

/** Rates of a process, summed over its live connections while its sockets are walked for chips. */
export interface Rates {
  rx: number;
  tx: number;
}

/**
 * Chips of one process: what it executed that its own chain wrote, listening ports, live connections by remote, files written within
 * the last minute. Alike ones fold: connections by remote host and port (of the server's side), accepted ones by own port.
 */
export function activityOf(graph: Graph, process: ProcessIndex, nowNs: number, rates: Rates): readonly Activity[] {
  const chips: Chip[] = [];
  addExecution(graph, process, chips);
  addSockets(graph, process, chips, rates);
  addWrites(graph, process, nowNs, chips);
  return chips.length === 0 ? NO_CHIPS : chips;
}

const NO_CHIPS: readonly Activity[] = [];

function addExecution(graph: Graph, process: ProcessIndex, chips: Chip[]): void {
  const { images, files, processes } = graph;
  const image = processes.image.get(process);
  if (image === NONE || images.processId.get(image) !== processes.id(process) || !images.wroteByChain(image)) return;
  const [code] = writtenCode(graph, image);
  if (code === undefined) return;
  const subject = { kind: "file", id: files.id(code.file) } as const;
  chips.push({ kind: "execute-written", text: files.path.get(code.file), count: 1, subject });
}

function addSockets(graph: Graph, process: ProcessIndex, chips: Chip[], rates: Rates): void {
  const { edges, connections, processes } = graph;
  let edge = processes.edges[FAMILY.SOCKETS]?.get(process) ?? NONE;
  if (edge === NONE) return;
  const order: Chip[] = [];
  let folded: Map<string, Chip> | undefined;
  for (; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
    const connection = edges.object.get(edge);
    const side = edges.kind.get(edge) - EDGE.SIDE_0;
    const end = 2 * connection + side;
    const sample = connections.samples.current(end, graph.socketRefresh);
    if (sample !== NONE) {
      rates.rx += connections.samples.rxRate.get(sample);
      rates.tx += connections.samples.txRate.get(sample);
    }
    const kind = kindOf(graph, connection, side);
    // A local server's clients and a busy server's remotes would each be one chip: what they asked for is what they share.
    const text = connections.isUnix(connection)
      ? socketName(graph, connection)
      : kind === "connected" || kind === "datagram"
        ? serverTitle(graph, connection)
        : connections.endpoint(kind === "listen" ? end : end ^ 1);
    if (text === "") continue;
    // Most processes have few sockets: a list is searched faster than a table is made.
    const known =
      folded === undefined ? order.find((chip) => chip.kind === kind && chip.text === text) : folded.get(kind + text);
    if (known !== undefined) {
      known.count++;
      continue;
    }
    const chip: Chip = { kind, text, count: 1, subject: { kind: "connection", id: connections.id(connection) } };
    order.push(chip);
    if (order.length === FEW) folded = new Map(order.map((one) => [one.kind + one.text, one]));
    else folded?.set(kind + text, chip);
  }
  if (order.length > MANY_REMOTES) foldAccepted(graph, order);
  for (const kind of SOCKET_ORDER) {
    for (const chip of order) if (chip.kind === kind && chips.length < MAX_CHIPS) chips.push(chip);
  }
}

const FEW = 8;

function kindOf(graph: Graph, connection: ConnectionIndex, side: number): (typeof SOCKET_ORDER)[number] {
  const { connections } = graph;
  if (connections.isListening(connection)) return "listen";
  if (connections.clientSide.get(connection) !== side) return "accepted";
  return connections.proto.get(connection) === TCP || connections.isUnix(connection) ? "connected" : "datagram";
}

const SOCKET_ORDER = ["listen", "accepted", "connected", "datagram"] as const;

/** More than this many remotes of one listening port show as the port with their number. */
const MANY_REMOTES = 3;

function foldAccepted(graph: Graph, chips: Chip[]): void {
  const accepted = chips.filter((chip) => chip.kind === "accepted");
  if (accepted.length <= MANY_REMOTES) return;
  const { connections } = graph;
  const byPort = new Map<number, Chip>();
  for (const chip of accepted) {
    const connection = connections.row(chip.subject.id);
    const server = 2 * connection + 1 - connections.clientSide.get(connection);
    const port = connections.ownPort(server);
    const known = byPort.get(port);
    if (known !== undefined) known.count += chip.count;
    else byPort.set(port, { ...chip, text: `:${port}` });
  }
  const rest = chips.filter((chip) => chip.kind !== "accepted");
  chips.length = 0;
  chips.push(...rest, ...byPort.values());
}

function addWrites(graph: Graph, process: ProcessIndex, nowNs: number, chips: Chip[]): void {
  const { edges, files, processes } = graph;
  const head = processes.edges[FAMILY.WRITES];
  let edge: EdgeIndex = head?.get(process) ?? NONE;
  for (; edge !== NONE && chips.length < MAX_CHIPS; edge = edges.nextOfProcess.get(edge)) {
    if (edges.lastNs.get(edge) < nowNs - RECENT_NS) return;
    const how = edges.kind.get(edge);
    if (how === EDGE.CHMOD && !edges.has(edge, EDGE_FLAG.MADE_EXECUTABLE)) continue;
    const file = edges.object.get(edge);
    const path = files.path.get(file);
    chips.push({
      kind: how === EDGE.DELETED ? "delete" : "write",
      text: how === EDGE.CHMOD ? `${path} +x` : path,
      count: edges.times.get(edge),
      subject: { kind: "file", id: files.id(file) },
    });
  }
}
