import { parseDnsAnswer } from "../text/dns.ts";
import type { BatchReader } from "../wire/decode.ts";
import { DNS } from "../wire/layout.gen.ts";
import type { Graph } from "./graph.ts";
import { NONE } from "./indexes.ts";

/** DNS: the addresses of a name, told to a process. */
export function ingestDns(graph: Graph, reader: BatchReader): void {
  const process = graph.rowProcess(reader);
  if (process === NONE) return;
  const answer = parseDnsAnswer(reader.rawBytes(DNS.message));
  if (answer === undefined) return;
  for (const address of answer.addresses)
    graph.names.learn(graph.processes.id(process), new Uint32Array(address.buffer), 0, answer.name);
}
