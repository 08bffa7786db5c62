import type { Finding } from "../query/model.ts";
import { LOSS, STATE_END, STATE_FINDING, STATE_LINK, STATE_NAME } from "../wire/layout.gen.ts";
import { StateRows } from "./checkpoint-rows.ts";
import { Selection, TEXT_BYTES } from "./checkpoint-select.ts";
import type { Graph } from "./graph.ts";
import { NONE } from "./indexes.ts";

/** A finding, and what alike ones have in common. */
export interface KeptFinding {
  readonly finding: Finding;
  readonly key: string;
}

/**
 * The present state as batches that an empty graph takes in like any others, about limitBytes at most (checkpoint-select.ts says what
 * goes first). What did not fit is added to the counts of what was forgotten, and the processes it was taken from say so.
 */
export function* checkpoint(
  graph: Graph,
  findings: readonly KeptFinding[],
  limitBytes: number,
): Generator<Uint8Array, void, void> {
  const baseNs = graph.reader.baseNs;
  if (baseNs === undefined) return;
  const { files, channels, connections, images, processes, marks, names } = graph;
  const selection = new Selection(graph, limitBytes - bytesOf(graph, findings));
  const rows = new StateRows(graph, baseNs, selection.cut);

  // Whoever is referred to comes first.
  for (let file = 0; file < files.limit; file++) {
    if (selection.file(file)) rows.file(file);
    if (rows.full) yield rows.finish();
  }
  for (const [path, file] of files.names()) {
    if (selection.file(file)) rows.path(file, path);
    if (rows.full) yield rows.finish();
  }
  for (let channel = 0; channel < channels.limit; channel++) {
    if (selection.channel(channel)) rows.channel(channel);
    if (rows.full) yield rows.finish();
  }
  for (let connection = 0; connection < connections.limit; connection++) {
    if (selection.connection(connection)) rows.connection(connection);
    if (rows.full) yield rows.finish();
  }
  const chain: number[] = [];
  for (let process = 0; process < processes.limit; process++) {
    if (!selection.process(process)) continue;
    for (
      let image = processes.image.get(process);
      image !== NONE && !rows.hasImage(image);
      image = images.previous.get(image)
    )
      chain.push(image);
    for (let image = chain.pop(); image !== undefined; image = chain.pop()) {
      const executor = processes.row(images.processId.get(image));
      rows.image(image, executor !== NONE && selection.process(executor) ? executor : NONE);
    }
    if (rows.full) yield rows.finish();
  }
  for (let process = 0; process < processes.limit; process++) {
    if (!selection.process(process)) continue;
    for (let at = process; at !== NONE && !rows.hasProcess(at); at = processes.parent.get(at)) chain.push(at);
    for (let at = chain.pop(); at !== undefined; at = chain.pop()) rows.process(at);
    if (rows.full) yield rows.finish();
  }
  for (let process = 0; process < processes.limit; process++) {
    if (selection.process(process)) yield* edgesOf(graph, process, rows, selection);
  }
  for (let mark = 0; mark < marks.limit; mark++) {
    if (marks.isLive(mark) && selection.process(marks.process.get(mark))) rows.mark(mark);
    if (rows.full) yield rows.finish();
  }
  for (const { processId, words, name } of names.entries()) {
    const process = Number.isNaN(processId) ? NONE : processes.row(processId);
    if (Number.isNaN(processId) || (process !== NONE && selection.process(process))) rows.name(process, words, name);
    if (rows.full) yield rows.finish();
  }
  for (const { finding, key } of findings) {
    rows.finding(finding, key);
    if (rows.full) yield rows.finish();
  }
  rows.end(selection.left);
  yield rows.finish();
}

/** What is written whatever it takes. */
function bytesOf(graph: Graph, findings: readonly KeptFinding[]): number {
  let bytes = STATE_END.SIZE + graph.lost.size * LOSS.SIZE;
  for (const { name } of graph.names.entries()) bytes += STATE_NAME.SIZE + TEXT_BYTES + name.length;
  for (const { finding, key } of findings) {
    const { rule, title, reason, techniques, chain, evidence } = finding;
    const text = rule.length + title.length + reason.length + techniques.join("\0").length + key.length;
    bytes += STATE_FINDING.SIZE + text + (chain.length + evidence.length) * STATE_LINK.SIZE;
  }
  return bytes;
}

/** From the last of each list to its first: what is put in front of a list stands where it stood. */
function* edgesOf(graph: Graph, process: number, rows: StateRows, selection: Selection): Generator<Uint8Array> {
  const { processes, edges } = graph;
  const list: number[] = [];
  for (const head of processes.edges) {
    for (let edge = head.get(process); edge !== NONE; edge = edges.nextOfProcess.get(edge))
      if (selection.edge(edge)) list.push(edge);
    for (let edge = list.pop(); edge !== undefined; edge = list.pop()) {
      rows.edge(edge);
      if (rows.full) yield rows.finish();
    }
  }
}
