import type { Finding } from "../query/model.ts";
import { LOSS, STATE_END, STATE_FINDING, STATE_LINK, STATE_NAME } from "../wire/layout.gen.ts";
import { StateRows } from "./checkpoint-rows.ts";
import { Selection, STRIDE } from "./checkpoint-select.ts";
import { TEXT_BYTES } from "./checkpoint-sizes.ts";
import { FILE_FLAG } from "./files.ts";
import type { Graph } from "./graph.ts";
import type { EdgeIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/** A finding, and what alike ones have in common. */
export interface KeptFinding {
  readonly finding: Finding;
  readonly key: string;
}

/** Batches, and undefined where the work may pause, as long as the graph does not change meanwhile. */
export type CheckpointSteps = Generator<Uint8Array | undefined, void, void>;

/**
 * The present state as batches that an empty graph takes in like any others, about limitBytes at most (checkpoint-select.ts says what
 * goes first). What did not fit is added to the counts of what was forgotten, and the processes it was taken from say so.
 */
export function* checkpoint(graph: Graph, findings: readonly KeptFinding[], limitBytes: number): CheckpointSteps {
  const baseNs = graph.reader.baseNs;
  if (baseNs === undefined) return;
  const { files, channels, connections, images, processes, marks, names } = graph;
  const selection = new Selection(graph);
  yield* selection.choose(limitBytes - bytesOf(graph, findings));
  const rows = new StateRows(graph, baseNs, selection.cut);
  let looked = 0;
  const pause = (): boolean => rows.full || ++looked % STRIDE === 0;
  const piece = (): Uint8Array | undefined => (rows.full ? rows.finish() : undefined);

  // Whoever is referred to comes first.
  for (let file = 0; file < files.limit; file++) {
    if (selection.file(file)) rows.file(file);
    if (pause()) yield piece();
  }
  for (let file = 0; file < files.limit; file++) {
    if (selection.file(file) && files.has(file, FILE_FLAG.FOUND)) rows.path(file);
    if (pause()) yield piece();
  }
  for (const [path, file] of files.otherNames()) {
    if (selection.file(file)) rows.path(file, path);
    if (pause()) yield piece();
  }
  for (let channel = 0; channel < channels.limit; channel++) {
    if (selection.channel(channel)) rows.channel(channel);
    if (pause()) yield piece();
  }
  for (let connection = 0; connection < connections.limit; connection++) {
    if (selection.connection(connection)) rows.connection(connection);
    if (pause()) yield piece();
  }
  const chain: number[] = [];
  for (let process = 0; process < processes.limit; process++) {
    if (pause()) yield piece();
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
  }
  for (let process = 0; process < processes.limit; process++) {
    if (pause()) yield piece();
    if (!selection.process(process)) continue;
    for (let at = process; at !== NONE && !rows.hasProcess(at); at = processes.parent.get(at)) chain.push(at);
    for (let at = chain.pop(); at !== undefined; at = chain.pop()) rows.process(at);
  }
  for (let process = 0; process < processes.limit; process++) {
    if (pause()) yield piece();
    if (!selection.process(process)) continue;
    for (const edge of edgesOf(graph, process, selection)) {
      rows.edge(edge);
      if (pause()) yield piece();
    }
  }
  for (let mark = 0; mark < marks.limit; mark++) {
    if (marks.isLive(mark) && selection.process(marks.process.get(mark))) rows.mark(mark);
    if (pause()) yield piece();
  }
  for (const { processId, words, name } of names.entries()) {
    const process = Number.isNaN(processId) ? NONE : processes.row(processId);
    if (Number.isNaN(processId) || (process !== NONE && selection.process(process))) rows.name(process, words, name);
    if (pause()) yield piece();
  }
  for (const { finding, key } of findings) {
    rows.finding(finding, key);
    if (pause()) yield piece();
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
function edgesOf({ processes, edges }: Graph, process: ProcessIndex, selection: Selection): readonly EdgeIndex[] {
  const found: EdgeIndex[] = [];
  const list: EdgeIndex[] = [];
  for (const head of processes.edges) {
    for (let edge = head.get(process); edge !== NONE; edge = edges.nextOfProcess.get(edge))
      if (selection.edge(edge)) list.push(edge);
    for (let edge = list.pop(); edge !== undefined; edge = list.pop()) found.push(edge);
  }
  return found;
}
