import type { Graph } from "../../core/graph/graph.ts";
import { NONE } from "../../core/graph/indexes.ts";
import { socketName, translationOf } from "../../core/query/connections.ts";
import type { Subject } from "../../core/query/model.ts";
import type { CaptureTotals } from "../../ui/ports.ts";
import { processIdText } from "../events/actors.ts";
import { isoTime } from "../events/native.ts";
import { jsonText } from "./json.ts";
import type { Answer } from "./trace.ts";

/** A trace as docs/schema/answer.json has it. */
export function traceJson(answer: Answer, graph: Graph, source: CaptureTotals): string {
  const { question, title, summary, steps, observedLinks, links, gaps } = answer;
  return jsonText({
    question,
    title,
    summary,
    steps: steps.map(({ subject, atNs, ...step }) => ({
      time: isoTime(answer.wallMs(atNs)),
      ...step,
      subject: subjectOf(graph, subject),
    })),
    observedLinks,
    links,
    gaps,
    source,
  });
}

/** Names that mean something outside this run: a process as in events, a path, both ends of a connection. */
function subjectOf(graph: Graph, subject: Subject): object {
  const { kind, id } = subject;
  const { processes, files, connections } = graph;
  switch (kind) {
    case "process": {
      const row = processes.row(id);
      return row === NONE ? { kind } : { kind, pid: processes.tgid.get(row), id: processIdText(graph, row) };
    }
    case "file": {
      const row = files.row(id);
      return row === NONE ? { kind } : { kind, path: files.path.get(row) };
    }
    case "connection": {
      const row = connections.row(id);
      if (row === NONE) return { kind };
      if (connections.isUnix(row)) return { kind, path: socketName(graph, row) };
      const client = 2 * row + connections.clientSide.get(row);
      const ends = { client: connections.endpoint(client), server: connections.endpoint(client ^ 1) };
      return { kind, ...ends, nat: translationOf(graph, row) };
    }
    case "channel":
      return { kind };
  }
}
