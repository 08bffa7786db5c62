import type { BatchReader } from "../wire/decode.ts";
import { IMAGE } from "../wire/layout.gen.ts";
import { EDGE, stdioFlag } from "./edges.ts";
import type { Graph } from "./graph.ts";
import { STDIO } from "./images.ts";
import type { ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { addChannel } from "./ingest-pipe.ts";

/** Descriptors 0-2 at exec make the process a holder of the pipe or socket behind each. */
export function linkStdio(
  graph: Graph,
  reader: BatchReader,
  process: ProcessIndex,
  image: ImageIndex,
  timeNs: number,
): void {
  const { images, connections, channels, edges } = graph;
  const how = graph.rowEdgeFlags(reader);
  let kinds = 0;
  for (let fd = 0; fd < 3; fd++) {
    const lo = reader.lo(IMAGE.stdio + fd * 8);
    const word = reader.hi(IMAGE.stdio + fd * 8);
    const hi = word & 0xffff;
    const kind = word >>> 28;
    kinds |= kind << (fd * 4);
    const flags = how | stdioFlag(fd);
    if (kind === STDIO.SOCKET) {
      const end = connections.byInode(lo, hi);
      if (end === NONE) continue;
      edges.touch(EDGE.SIDE_0 + (end & 1), process, end >> 1, timeNs, flags);
      if (edges.added) graph.changes.sockets.push(edges.find(EDGE.SIDE_0 + (end & 1), process, end >> 1));
    } else if (kind === STDIO.PIPE) {
      const known = channels.find(lo, hi);
      const channel = known === NONE ? addChannel(graph, lo, hi, timeNs) : known;
      const edge = edges.touch(fd === 0 ? EDGE.PIPE_READ : EDGE.PIPE_WRITE, process, channel, timeNs, flags);
      if (edges.added) graph.changes.pipes.push(edge);
    }
  }
  images.stdio.set(image, kinds);
}
