import { CONNECTION_FLAG, UDP } from "./connections.ts";
import { FILE_FLAG } from "./files.ts";
import { forgetChannel, forgetConnection, forgetFile, forgetProcess } from "./forget.ts";
import { ForgetAhead } from "./forget-ahead.ts";
import type { Graph } from "./graph.ts";
import { NONE } from "./indexes.ts";
import { shortenLines } from "./lines.ts";
import type { Queue } from "./queue.ts";
import type { Table } from "./table.ts";

/** Of a row beside its columns: slots of an index, which is a third full on average. */
const INDEX_BYTES = 24;
/** An id that waits in a queue. */
const QUEUED_BYTES = 12;
/** Room that an overrun makes: little, so that forgetting is spread over the batches that cause it. */
const SLACK = 0.99;
/** How many rows are forgotten between two looks at the total. */
const STRIDE = 64;
const ahead = new ForgetAhead(STRIDE);

/** Bytes the graph takes, about. What a table once needed and needs no more stays with it and is not counted. */
export function usedBytes(graph: Graph): number {
  const { processes, images, files, connections, channels, edges, marks } = graph;
  const { exited, closed, pipes, readFiles, otherFiles } = graph;
  const queued = exited.length + closed.length + pipes.length + readFiles.length + otherFiles.length;
  return (
    queued * QUEUED_BYTES +
    files.nameBytes +
    graph.texts.bytes +
    graph.sharedTexts.bytes +
    connections.textLength +
    marks.textLength +
    graph.names.bytes +
    graph.accepts.bytes +
    bytesOf(processes) +
    bytesOf(images) +
    bytesOf(files) +
    bytesOf(connections) +
    bytesOf(connections.samples) +
    bytesOf(connections.unixEnds) +
    bytesOf(channels) +
    bytesOf(edges) +
    bytesOf(marks)
  );
}

function bytesOf(table: Table): number {
  return table.count * (table.rowBytes + INDEX_BYTES);
}

/**
 * Keeps the graph below a limit. Forgotten in this order, and counted:
 *
 * 1. who read the files nobody wrote, those not heard of for longest first
 * 2. exited processes that nothing hangs from and ended connections, whichever ended first
 * 3. pipes of processes that live, oldest first
 * 4. who wrote and read the other files, those not heard of for longest first
 *
 * Living processes and their ancestors stay (of a long line of them both ends: lines.ts), and so does what reached into them, what they run, what they hold open, and what a finding
 * rests on. A process whose history is no longer whole is marked HISTORY_FORGOTTEN, which its origin says.
 */
export function retain(graph: Graph, limitBytes: number): void {
  shortenLines(graph);
  if (usedBytes(graph) <= limitBytes) return;
  const enough = (): boolean => usedBytes(graph) <= limitBytes * SLACK;
  const { readFiles, exited, closed, pipes, otherFiles } = graph;
  const forgetFiles = (queue: Queue, readsOnly: boolean): void =>
    forgetFrom(
      queue,
      enough,
      (id) => takeFile(graph, queue, id, readsOnly),
      () => ahead.lookAtFiles(graph, queue),
    );
  forgetFiles(readFiles, true);
  forgetEnded(graph, enough);
  forgetFrom(pipes, enough, (id) => takePipe(graph, id));
  forgetFiles(otherFiles, false);
  dropStale(exited, graph.processes);
  dropStale(closed, graph.connections);
  dropStale(pipes, graph.channels);
  dropStale(readFiles, graph.files);
  dropStale(otherFiles, graph.files);
  const { accepts, connections } = graph;
  if (accepts.count > stale(connections)) accepts.keep((id) => connections.row(id) !== NONE);
}

function forgetFrom(queue: Queue, enough: () => boolean, take: (id: number) => void, lookAhead?: () => void): void {
  // What comes back to the queue is not looked at again in this round.
  for (let i = 0, left = queue.length; i < left; i++) {
    if (i % STRIDE === 0) {
      if (enough()) return;
      lookAhead?.();
    }
    take(queue.shift() as number);
  }
}

function forgetEnded(graph: Graph, enough: () => boolean): void {
  const { exited, closed } = graph;
  for (let i = 0, processes = 0, left = exited.length + closed.length; i < left; i++) {
    if (i % STRIDE === 0 && enough()) return;
    if (firstExitNs(graph) <= firstCloseNs(graph)) {
      if (processes++ % STRIDE === 0) ahead.lookAtProcesses(graph, exited);
      takeProcess(graph, exited.shift() as number);
    } else {
      if ((i - processes) % STRIDE === 0) ahead.lookAtConnections(graph, closed);
      takeConnection(graph, closed.shift() as number);
    }
  }
}

/** When the first in the queue ended; one that is gone already is taken at once. */
function firstExitNs({ exited, processes }: Graph): number {
  if (exited.first === undefined) return Number.POSITIVE_INFINITY;
  const row = processes.row(exited.first);
  return row === NONE ? Number.NEGATIVE_INFINITY : processes.exitNs.get(row);
}

function firstCloseNs({ closed, connections }: Graph): number {
  if (closed.first === undefined) return Number.MAX_VALUE;
  const row = connections.row(closed.first);
  if (row === NONE) return Number.NEGATIVE_INFINITY;
  return connections.has(row, CONNECTION_FLAG.CLOSED) ? connections.closedNs.get(row) : connections.openedNs.get(row);
}

/** Objects that went with others leave their ids behind. */
function dropStale(queue: Queue, table: Table): void {
  if (queue.length > stale(table)) queue.keep((id) => table.row(id) !== NONE);
}

/** With more ids than that most are of objects that are gone. */
function stale(table: Table): number {
  return 2 * table.count + 1024;
}

/** A file that was heard of since it was queued has a second turn: the order is that of a clock, not of every single use. */
function takeFile(graph: Graph, queue: Queue, id: number, readsOnly: boolean): void {
  const { files } = graph;
  const file = files.row(id);
  if (file === NONE) return;
  const written = readsOnly && files.writers.get(file) !== NONE;
  if (written) graph.otherFiles.push(id);
  else if (files.has(file, FILE_FLAG.RECENT)) {
    files.clearFlag(file, FILE_FLAG.RECENT);
    queue.push(id);
  } else if (!forgetFile(graph, file, readsOnly)) {
    if (readsOnly) graph.otherFiles.push(id);
    else files.clearFlag(file, FILE_FLAG.QUEUED);
  }
}

function takeProcess(graph: Graph, id: number): void {
  const process = graph.processes.row(id);
  if (process !== NONE) forgetProcess(graph, process);
}

function takeConnection(graph: Graph, id: number): void {
  const { connections } = graph;
  const connection = connections.row(id);
  if (connection === NONE || connections.has(connection, CONNECTION_FLAG.EVIDENCE)) return;
  // Datagram flows have no end of their own: they are here from their first datagram on.
  if (connections.has(connection, CONNECTION_FLAG.CLOSED) || connections.proto.get(connection) === UDP)
    forgetConnection(graph, connection);
}

function takePipe(graph: Graph, id: number): void {
  const channel = graph.channels.row(id);
  if (channel !== NONE) forgetChannel(graph, channel);
}
