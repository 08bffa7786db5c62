import type { BatchReader } from "../wire/decode.ts";
import { FLAG, HDR, OPEN_FLAG, PIPE } from "../wire/layout.gen.ts";
import { EDGE, EDGE_FLAG } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { ChannelIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";

/** PIPE: made by a process (both ends), or held at a snapshot. */
export function ingestPipe(graph: Graph, reader: BatchReader): void {
  const { channels, edges } = graph;
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const timeNs = reader.timeNs(HDR.time);
  const lo = reader.lo(PIPE.ino);
  const hi = reader.hi(PIPE.ino);
  const open = reader.u32(PIPE.open);
  const both = OPEN_FLAG.READ | OPEN_FLAG.WRITE;
  const made = (open & both) === both && (reader.flags & FLAG.BEFORE_START) === 0;
  let channel = channels.find(lo, hi);
  if (made && channel !== NONE && timeNs > channels.firstNs.get(channel) && !madeBy(graph, channel, process, timeNs)) {
    channels.retire(channel);
    channel = NONE;
  }
  if (channel === NONE) channel = addChannel(graph, lo, hi, timeNs);
  if (timeNs < channels.firstNs.get(channel)) channels.firstNs.set(channel, timeNs);
  const fd = reader.i32(PIPE.fd);
  const flags = graph.rowEdgeFlags(reader) | (made ? EDGE_FLAG.CREATED : 0);
  if ((open & OPEN_FLAG.READ) !== 0)
    edges.touch(EDGE.PIPE_READ, process, channel, timeNs, flags | (fd === 0 ? EDGE_FLAG.STDIN : 0));
  const stdout = fd === 1 ? EDGE_FLAG.STDOUT : fd === 2 ? EDGE_FLAG.STDERR : 0;
  if ((open & OPEN_FLAG.WRITE) !== 0) edges.touch(EDGE.PIPE_WRITE, process, channel, timeNs, flags | stdout);
}

export function addChannel(graph: Graph, lo: number, hi: number, timeNs: number): ChannelIndex {
  const channel = graph.channels.add(lo, hi, timeNs);
  graph.pipes.push(graph.channels.id(channel));
  return channel;
}

/** Whether the channel is this very pipe, reported again: made by the same process at the same time. */
function madeBy(graph: Graph, channel: ChannelIndex, process: ProcessIndex, timeNs: number): boolean {
  const edge = graph.edges.find(EDGE.PIPE_READ, process, channel);
  return edge !== NONE && graph.edges.has(edge, EDGE_FLAG.CREATED) && graph.edges.firstNs.get(edge) === timeNs;
}
