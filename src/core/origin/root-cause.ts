import type { Graph } from "../graph/graph.ts";
import { isInterpreter } from "../graph/interpreters.ts";
import { imageAt, scriptNamed } from "../graph/provenance.ts";
import { nameAt } from "../graph/roles.ts";
import { isLoginServer } from "../graph/trust.ts";
import { argvOf } from "../query/names.ts";
import { loginOf } from "./boundary.ts";
import type { Branch, Hop } from "./cause.ts";
import type { Names } from "./words.ts";

/** So many names after the beginning; those in the middle give way to an ellipsis. */
const MAX_NAMES = 4;

/** "Remote login of deploy from 203.0.113.9:51022 → curl | sh → /dev/shm/k". */
export function rootCause(graph: Graph, branches: readonly Branch[], names: Names): string {
  const trail = branches[0]?.trail ?? [];
  const root = trail.at(-1);
  if (root === undefined) return "Nothing is known.";
  const beginning = beginningOf(graph, trail, root, names);
  const parts: string[] = [];
  for (let i = trail.length - 2; i >= 0; i--) {
    const hop = trail[i] as Hop;
    const name = shortName(graph, hop);
    // A shell that only started the next one says nothing.
    if (name === "" || (i > 0 && isPassage(graph, hop, trail[i - 1] as Hop))) continue;
    const last = parts.length - 1;
    if (hop.cause?.link === "piped" && last >= 0) parts[last] = `${parts[last]} | ${name}`;
    else if (parts[last] !== name || hop.cause?.link === "local socket") parts.push(name);
  }
  const shown = parts.length <= MAX_NAMES ? parts : [...parts.slice(0, 1), "…", ...parts.slice(1 - MAX_NAMES)];
  const sentence = [beginning, ...shown].join(" → ");
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function beginningOf(graph: Graph, trail: readonly Hop[], root: Hop, names: Names): string {
  const cause = root.boundary?.cause ?? shortName(graph, root);
  if (root.node.kind !== "connection" || root.boundary?.link !== "login") return cause;
  for (let i = trail.length - 2; i >= 0; i--) {
    const { node } = trail[i] as Hop;
    const uid = node.kind === "process" ? loginOf(graph, node.row) : undefined;
    if (uid !== undefined) return cause.replace("remote login", `remote login of ${names.user(uid)}`);
  }
  return cause;
}

/** "curl", "sh /tmp/.x", "/dev/shm/k"; empty for what needs no name in the sentence. */
function shortName(graph: Graph, { node }: Hop): string {
  if (node.kind === "file") return graph.files.path.get(node.row);
  if (node.kind !== "process") return "";
  const timeNs = node.namedNs ?? node.atNs;
  const image = imageAt(graph, node.row, timeNs);
  const name = nameAt(graph, node.row, timeNs);
  if (image < 0) return name;
  const exe = graph.images.exe.get(image);
  if (isInterpreter(name)) return `${name} ${scriptNamed(graph, image)}`.trimEnd();
  return /^\/(usr|bin|sbin|lib|opt)\//.test(exe) || exe === "" ? name : exe;
}

/** A login server, or an interactive shell, between two others. */
function isPassage(graph: Graph, { node, cause }: Hop, effect: Hop): boolean {
  if (node.kind !== "process" || effect.cause?.link !== "spawned") return false;
  if (isLoginServer(graph, node.row, node.atNs)) return true;
  const name = nameAt(graph, node.row, node.atNs);
  const image = imageAt(graph, node.row, node.atNs);
  return cause?.link === "spawned" && isInterpreter(name) && (image < 0 || argvOf(graph, image).length <= 1);
}
