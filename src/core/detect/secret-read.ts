import type { Graph } from "../graph/graph.ts";
import type { EdgeIndex } from "../graph/indexes.ts";
import { isTrusted } from "../graph/trust.ts";
import { who } from "../origin/words.ts";
import { edgeCertainty, SEVERITIES, severityNumber } from "../query/certainty.ts";
import { suspicionOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/** Read credentials to check a password or to log in elsewhere: their use. */
const AUTHENTICATES =
  /^(sudo|su|login|sshd(-.*)?|passwd|unix_chkpwd|chage|useradd|usermod|cron|crond|systemd.*|polkitd|gdm.*|sddm|lightdm|ssh|ssh-add|ssh-agent|git|aws|kubectl|docker|gcloud)$/;

/** A process of a chain that is suspicious already reads a file that holds credentials. */
export function secretRead(graph: Graph, edge: EdgeIndex): Signal | undefined {
  const { edges, files, processes } = graph;
  const process = edges.process.get(edge);
  const atNs = edges.firstNs.get(edge);
  if (isTrusted(graph, process, atNs, AUTHENTICATES)) return undefined;
  const suspicion = suspicionOf(graph, process);
  if (suspicion === undefined) return undefined;
  const file = edges.object.get(edge);
  const path = files.path.get(file);
  return {
    rule: "credentials-read",
    title: "Credentials read by a suspicious chain",
    reason: `${who(graph, process, atNs)} opened ${path}, and its chain is already suspicious (${SEVERITIES[suspicion.worst]})`,
    echoes: true,
    severity: suspicion.worst >= severityNumber("high") ? "critical" : "high",
    techniques: [path.startsWith("/etc/") ? "T1003.008" : path.includes("/.ssh/") ? "T1552.004" : "T1552.001"],
    atNs,
    process,
    others: [],
    evidence: [{ kind: "file", id: files.id(file) }],
    certainty: edgeCertainty(graph, edge),
    key: `${processes.keyOf(suspicion.root)}|${path}`,
  };
}
