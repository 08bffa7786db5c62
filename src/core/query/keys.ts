import type { Graph } from "../graph/graph.ts";
import { NONE } from "../graph/indexes.ts";
import type { Monitor } from "../monitor.ts";
import type { Subject } from "./model.ts";

/** What a subject is, in words that mean the same in every monitor that knows it; undefined when it is forgotten. */
export function keyOf({ graph }: Monitor, subject: Subject): string | undefined {
  const { processes, connections, files, channels } = graph;
  switch (subject.kind) {
    case "process": {
      const row = processes.row(subject.id);
      return row === NONE ? undefined : `process ${processes.keyOf(row)}`;
    }
    case "connection": {
      const row = connections.row(subject.id);
      return row === NONE ? undefined : `connection ${connectionKey(graph, row)}`;
    }
    case "file": {
      const row = files.row(subject.id);
      return row === NONE ? undefined : `file ${fileKey(graph, row)}`;
    }
    case "channel": {
      const row = channels.row(subject.id);
      return row === NONE ? undefined : `channel ${channelKey(graph, row)}`;
    }
  }
}

/** The subject with a key, undefined when this monitor knows none. */
export function findKey({ graph }: Monitor, key: string): Subject | undefined {
  const { processes, connections, files, channels } = graph;
  const kind = key.slice(0, key.indexOf(" "));
  const rest = key.slice(kind.length + 1);
  switch (kind) {
    case "process": {
      const [tgid = 0, hi = 0, lo = 0] = rest.split(".").map(Number);
      const row = processes.find(tgid, lo, hi);
      return row === NONE ? undefined : { kind, id: processes.id(row) };
    }
    case "connection":
      for (let row = 0; row < connections.limit; row++)
        if (connections.isLive(row) && connectionKey(graph, row) === rest) return { kind, id: connections.id(row) };
      return undefined;
    case "file":
      for (let row = 0; row < files.limit; row++)
        if (files.isLive(row) && fileKey(graph, row) === rest) return { kind, id: files.id(row) };
      return undefined;
    case "channel":
      for (let row = 0; row < channels.limit; row++)
        if (channels.isLive(row) && channelKey(graph, row) === rest) return { kind, id: channels.id(row) };
      return undefined;
    default:
      return undefined;
  }
}

/** By its oldest socket: the other side's may become known later. */
function connectionKey({ connections }: Graph, row: number): string {
  const end = 2 * row;
  const socket = `${connections.inoHi.get(end)}.${connections.inoLo.get(end)}`;
  return `${socket} ${connections.ownEndpoint(end)} ${connections.remoteEndpoint(end)} ${connections.path.get(row)}`;
}

function fileKey({ files }: Graph, row: number): string {
  const [dev, generation, lo, hi] = files.identity(row);
  return lo === 0 && hi === 0 ? files.path.get(row) : `${dev}.${generation}.${hi}.${lo}`;
}

function channelKey({ channels }: Graph, row: number): string {
  return `${channels.inoHi.get(row)}.${channels.inoLo.get(row)} ${channels.firstNs.get(row)}`;
}
