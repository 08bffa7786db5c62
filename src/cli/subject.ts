import { CONNECTION_FLAG, UDP } from "../core/graph/connections.ts";
import { FILE_FLAG } from "../core/graph/files.ts";
import type { Graph } from "../core/graph/graph.ts";
import { type FileIndex, NONE } from "../core/graph/indexes.ts";
import { resolvePath } from "../core/graph/paths.ts";
import { PROCESS_FLAG } from "../core/graph/processes.ts";
import { socketName } from "../core/query/connections.ts";
import type { Subject } from "../core/query/model.ts";
import { formatAddress, formatEndpoint, parseAddress } from "../core/text/address.ts";
import { processIdText } from "./events/actors.ts";

/** Of others that could have been meant as many are named. */
const NAMED = 3;

/** Whether a word can name a subject: a pid or the id of a process, an address with or without port, a port, a path, or an abstract socket. */
export function isSubject(what: string): boolean {
  return /^(\d+(@\d+)?$|\/|@.)/u.test(what) || endpointOf(what) !== undefined;
}

/** An address, a port or both as the graph tells them, however they were written; undefined when it is neither. */
function endpointOf(what: string): string | undefined {
  const bare = (host: string): string => host.replace(/^\[(.*)\]$/u, "$1");
  const alone = parseAddress(bare(what));
  if (alone !== undefined) return formatAddress(alone);
  const [, host, digits] = /^(.*):(\d+)$/u.exec(what) ?? [];
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  if (host === "") return `:${port}`;
  const address = parseAddress(bare(host));
  return address && formatEndpoint(address, 0, port);
}

/** What was meant, how many others could have been, and what to call the next of them, as far as that tells them apart. */
export interface Match {
  readonly subject: Subject;
  readonly others: number;
  readonly names: readonly string[];
}

/**
 * What a user calls "4711", "4711@81234567890", "192.0.2.1:443", "192.0.2.1", ":22", "/tmp/x" or "@name": of several what still is, then the newest. An address
 * with a port means who connected rather than who listens there; ":22" means who listens.
 */
export function findSubject(graph: Graph, what: string): Match | undefined {
  if (/^\d+(@\d+)?$/u.test(what)) return findProcess(graph, what);
  if (what.startsWith("/")) return findPath(graph, what, resolvePath(`${what}/.`, "/"));
  if (what.startsWith("@")) return findConnection(graph, (_ends, path) => path === what);
  const endpoint = endpointOf(what);
  if (endpoint === undefined) return undefined;
  if (/^:\d/u.test(endpoint))
    return (
      findConnection(graph, ([local], _path, listens) => listens && local?.endsWith(endpoint) === true) ??
      findConnection(graph, (ends) => ends.some((end) => end.endsWith(endpoint)))
    );
  return findConnection(graph, (ends) => ends.some((end) => end === endpoint || hostOf(end) === endpoint));
}

/** That others could have been meant, and how to ask for them. */
export function othersOf(what: string, { others, names }: Match): string {
  const such = names.length === 0 ? "" : ` (${names.join(", ")}${names.length < others ? ", ..." : ""})`;
  return `${others} more ${others === 1 ? "matches" : "match"} ${what}${such}; told is what lives or is open, then the newest`;
}

function findProcess(graph: Graph, what: string): Match | undefined {
  const { processes } = graph;
  const gone = (row: number): number => (processes.has(row, PROCESS_FLAG.EXITED) ? 1 : 0);
  const [best, ...others] = processes
    .withTgid(Number.parseInt(what, 10))
    .filter((row) => !what.includes("@") || processIdText(graph, row) === what)
    .sort((a, b) => gone(a) - gone(b) || processes.startNs.get(b) - processes.startNs.get(a));
  if (best === undefined) return undefined;
  const names = others.slice(0, NAMED).map((row) => processIdText(graph, row));
  return { subject: { kind: "process", id: processes.id(best) }, others: others.length, names };
}

/** What is called by a path: a file, before that a socket when all that is known of the file is that somebody named or deleted it. */
function findPath(graph: Graph, typed: string, path: string): Match | undefined {
  const file = findFile(graph, path);
  if (file !== undefined && !file.named) return file;
  return findConnection(graph, (_ends, name) => name === path || name === typed) ?? file;
}

function findFile(graph: Graph, path: string): (Match & { readonly named: boolean }) | undefined {
  const { files } = graph;
  let best: FileIndex | undefined;
  let byPath: FileIndex | undefined;
  let found = 0;
  for (let row = 0 as FileIndex; row < files.limit; row++) {
    if (!files.isLive(row) || files.path.get(row) !== path) continue;
    // A call that was told by path alone: no other file than the one with an inode there.
    if (files.has(row, FILE_FLAG.BY_PATH)) {
      byPath = row;
      continue;
    }
    found++;
    if (best === undefined || files.lastNs.get(row) > files.lastNs.get(best)) best = row;
  }
  // A further link to a file that was last seen under another name.
  const linked = best === undefined ? files.atPath(path) : NONE;
  const file = best ?? (linked === NONE ? byPath : linked);
  if (file === undefined) return undefined;
  const named = files.has(file, FILE_FLAG.BY_PATH) || files.has(file, FILE_FLAG.DELETED);
  return { subject: { kind: "file", id: files.id(file) }, others: Math.max(0, found - 1), names: [], named };
}

function findConnection(
  graph: Graph,
  holds: (ends: readonly string[], path: string, listens: boolean) => boolean,
): Match | undefined {
  const { connections } = graph;
  const rank = (row: number): number => {
    if (connections.isListening(row)) return 3;
    if (!connections.has(row, CONNECTION_FLAG.CLOSED)) return 0;
    // To choose among addresses, the C library connects a datagram socket to each and sends nothing.
    return connections.proto.get(row) === UDP ? 2 : 1;
  };
  const found: number[] = [];
  for (let row = 0; row < connections.limit; row++) {
    if (!connections.isLive(row)) continue;
    const unix = connections.isUnix(row);
    // What each end calls itself and the other: with NAT between them that is four.
    const ends = unix
      ? [""]
      : [2 * row, 2 * row + 1].flatMap((end) => [connections.ownEndpoint(end), connections.remoteEndpoint(end)]);
    if (holds(ends, unix ? socketName(graph, row) : "", connections.isListening(row))) found.push(row);
  }
  const [best, ...others] = found.sort(
    (a, b) => rank(a) - rank(b) || connections.openedNs.get(b) - connections.openedNs.get(a),
  );
  if (best === undefined) return undefined;
  const names = new Set<string>();
  for (const row of others) {
    if (names.size === NAMED) break;
    // What only one connection has at a time: the address and port of its client.
    if (connections.isUnix(row) || connections.isListening(row)) continue;
    const client = connections.ownEndpoint(2 * row + connections.clientSide.get(row));
    if (!client.startsWith(":")) names.add(client);
  }
  return { subject: { kind: "connection", id: connections.id(best) }, others: others.length, names: [...names] };
}

/** "192.0.2.1" of "192.0.2.1:443", "::1" of "[::1]:443". */
function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/^\[(.*)\]$/u, "$1");
}
