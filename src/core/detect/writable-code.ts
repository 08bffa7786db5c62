import type { Graph } from "../graph/graph.ts";
import type { MarkIndex } from "../graph/indexes.ts";
import { MARK } from "../graph/marks.ts";
import { facesNetwork, nameAt } from "../graph/roles.ts";
import { who } from "../origin/words.ts";
import { howCertainty } from "../query/certainty.ts";
import type { Signal } from "./signal.ts";

/**
 * Make code as they run. Known false positives beside them: servers with a compiler built in that are not listed (regular expressions,
 * queries, shaders, packet filters).
 */
const COMPILES =
  /^(node|deno|bun|java|dotnet|mono(-sgen)?|ruby[\d.]*|php(-fpm)?[\d.]*|pypy[\d.]*|luajit.*|openresty|postgres|mysqld|mariadbd|qemu-.*|chrom(e|ium).*|firefox.*|electron|code|wine.*|erl|beam\.smp|julia|R|sbcl|guile|suricata|snort|clickhouse.*|ghc|pwsh|envoy|haproxy|kong)$/;

/** A network server that has no compiler makes memory writable and executable at once: what was sent to it may run there. */
export function writableCode(graph: Graph, mark: MarkIndex): Signal | undefined {
  const { marks, processes } = graph;
  const process = marks.process.get(mark);
  const atNs = marks.firstNs.get(mark);
  if (marks.kind.get(mark) !== MARK.WRITABLE_CODE || COMPILES.test(nameAt(graph, process, atNs))) return undefined;
  if (!facesNetwork(graph, process)) return undefined;
  return {
    rule: "writable-code-in-server",
    title: "Memory writable and executable in a network server",
    reason: `${who(graph, process, atNs)} serves the network and made memory that is writable and executable at once`,
    severity: "medium",
    techniques: ["T1055", "T1190"],
    atNs,
    process,
    others: [],
    evidence: [],
    certainty: howCertainty(marks.how.get(mark)),
    key: `${processes.keyOf(process)}`,
  };
}
