import { majorOf } from "../wire/inode.ts";
import { EDGE, FAMILY } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { FileIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { contentWrites } from "./writes.ts";

/** A process that could change a file without opening it. */
export interface BelowWriter {
  readonly process: ProcessIndex;
  /** When it last opened, or wrote, what holds the file. */
  readonly atNs: number;
  /** The device, or the image file that a loop device shows. */
  readonly through: string;
}

/** Of the files that a process wrote so many are looked at. */
const MAX_WRITES = 64;
const LOOP_MAJOR = 7;

/**
 * Who wrote below a file system that holds a file, after one moment and before another: to its block device, or to a file that whoever
 * set up that loop device had open. Known gaps: loop devices from before the start; a partition by its disk, volumes by their disks.
 */
export function belowWriters(graph: Graph, file: FileIndex, sinceNs: number, untilNs: number): readonly BelowWriter[] {
  const { files, marks } = graph;
  const device = files.identity(file)[0];
  const found: BelowWriter[] = [];
  for (const mark of marks.devices) {
    if (marks.bitsLo.get(mark) !== device && marks.bitsHi.get(mark) === 0) continue;
    const process = marks.process.get(mark);
    const atNs = Math.min(marks.lastNs.get(mark), untilNs);
    if (marks.firstNs.get(mark) > untilNs) continue;
    if (atNs > sinceNs) found.push({ process, atNs, through: marks.text.get(mark) });
    if (majorOf(device) === LOOP_MAJOR) found.push(...imageWriters(graph, process, sinceNs, untilNs));
  }
  return found;
}

/** Others that wrote the files which the process that set up a loop device had opened for writing. */
function imageWriters(graph: Graph, setter: ProcessIndex, sinceNs: number, untilNs: number): readonly BelowWriter[] {
  const { edges, files, processes } = graph;
  const found: BelowWriter[] = [];
  let left = MAX_WRITES;
  let edge = processes.edges[FAMILY.WRITES]?.get(setter) ?? NONE;
  for (; edge !== NONE && left > 0; edge = edges.nextOfProcess.get(edge), left--) {
    if (edges.kind.get(edge) !== EDGE.WROTE) continue;
    const image = edges.object.get(edge);
    for (const write of contentWrites(graph, image, untilNs, setter)) {
      const atNs = edges.lastBefore(write, untilNs);
      if (atNs > sinceNs) found.push({ process: edges.process.get(write), atNs, through: files.path.get(image) });
    }
  }
  return found;
}
