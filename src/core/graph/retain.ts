import { CONNECTION_FLAG, UDP } from "./connections.ts";
import { FILE_FLAG } from "./files.ts";
import { forgetChannel, forgetConnection, forgetFile, forgetProcess } from "./forget.ts";
import type { Graph } from "./graph.ts";
import { NONE } from "./indexes.ts";
import type { Queue } from "./queue.ts";
import type { Table } from "./table.ts";

/** Index slots at half load and the row pointers of JavaScript strings. */
const INDEX_BYTES = 16;
/** Room that an overrun makes: little, so that forgetting is spread over the batches that cause it. */
const SLACK = 0.99;
/** How many rows are forgotten between two looks at the total. */
const STRIDE = 64;

/** Bytes the graph's rows and texts take. Capacity that waits for rows is not counted: it is bounded by the largest count. */
export function usedBytes(graph: Graph): number {
  const { processes, images, files, connections, channels, edges, marks } = graph;
  return (
    images.textLength +
    files.textLength +
    connections.textLength +
    marks.textLength +
    graph.names.bytes +
    graph.accepts.bytes +
    bytesOf(processes) +
    bytesOf(images) +
    bytesOf(files) +
    bytesOf(connections) +
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
 * 2. exited processes that nothing hangs from, oldest exit first
 * 3. ended connections, oldest end first
 * 4. pipes of processes that live, oldest first
 * 5. who wrote and read the other files, those not heard of for longest first
 *
 * Living processes and their ancestors stay, and so does what reached into them, what they run, what they hold open, and what a finding
 * rests on. A process whose history is no longer whole is marked HISTORY_FORGOTTEN, which its origin says.
 */
export function retain(graph: Graph, limitBytes: number): void {
  if (usedBytes(graph) <= limitBytes) return;
  const enough = (): boolean => usedBytes(graph) <= limitBytes * SLACK;
  const { readFiles, exited, closed, pipes, otherFiles } = graph;
  forgetFrom(readFiles, enough, (id) => takeFile(graph, readFiles, id, true));
  forgetFrom(exited, enough, (id) => takeProcess(graph, id));
  forgetFrom(closed, enough, (id) => takeConnection(graph, id));
  forgetFrom(pipes, enough, (id) => takePipe(graph, id));
  forgetFrom(otherFiles, enough, (id) => takeFile(graph, otherFiles, id, false));
  dropStale(exited, graph.processes);
  dropStale(closed, graph.connections);
  dropStale(pipes, graph.channels);
  dropStale(readFiles, graph.files);
  dropStale(otherFiles, graph.files);
}

function forgetFrom(queue: Queue, enough: () => boolean, take: (id: number) => void): void {
  // What comes back to the queue is not looked at again in this round.
  for (let i = 0, left = queue.length; i < left; i++) {
    if (i % STRIDE === 0 && enough()) return;
    take(queue.shift() as number);
  }
}

/** Objects that went with others leave their ids behind. */
function dropStale(queue: Queue, table: Table): void {
  if (queue.length > 2 * table.count + 1024) queue.keep((id) => table.row(id) !== NONE);
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
