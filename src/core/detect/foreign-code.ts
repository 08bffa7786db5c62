import type { ForeignCode } from "../graph/changes.ts";
import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { EdgeIndex, FileIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { NO_LOGIN } from "../graph/processes.ts";
import { who } from "../origin/words.ts";
import { imageCertainty } from "../query/certainty.ts";
import type { Certainty } from "../query/model.ts";
import { chainRoot } from "./chain.ts";
import type { Signal } from "./signal.ts";

/** A container's root is not that of the host, and images come with owners of their own. */
const IN_CONTAINER = /[0-9a-f]{64}|\/(lxc|lxc\.payload[^/]*|machine\.slice|kubepods[^/]*)\//;

/**
 * Root runs a program or script that another user can change: who can write there decides what root does next time. One finding a chain
 * and owner. Known gaps: a script of root's in a directory of somebody else's; modules, and directories further up.
 */
export function foreignCode(graph: Graph, code: ForeignCode): Signal | undefined {
  const { images, files, processes } = graph;
  const { process, path, script, shared } = code;
  const image = processes.image.get(process);
  const found = (images.known.get(image) & IMAGE_KNOWN.BEFORE_START) !== 0;
  const atNs = images.atNs.get(image);
  const owner = code.ownerUid || code.directoryUid;
  const ran = `${script ? "interpreted" : found ? "runs" : "executed"} ${path}`;
  return signalOf(graph, process, {
    reason: `${who(graph, process, atNs)} runs as root and ${ran}, ${changedHow(code)}`,
    by: shared ? "everybody" : `uid ${owner}`,
    own: !shared && processes.loginUid.get(process) === owner,
    atNs,
    file: script ? files.atPath(path) : files.row(images.fileId.get(image)),
    certainty: imageCertainty(graph, image),
  });
}

/** A shell of root's read such a file itself, and then did something. */
export function foreignRead(
  graph: Graph,
  shell: ProcessIndex,
  read: EdgeIndex,
  atNs: number,
  did: string,
): Signal | undefined {
  const { edges, files } = graph;
  const file = edges.object.get(read);
  return signalOf(graph, shell, {
    reason: `${who(graph, shell, atNs)} runs as root, read ${files.path.get(file)}, which another user can change, and then ${did}: it may have run it`,
    by: "another",
    own: false,
    atNs,
    file,
    certainty: "inferred",
  });
}

interface Foreign {
  readonly reason: string;
  /** Who can change it. */
  readonly by: string;
  /** It belongs to who logged in and became root. */
  readonly own: boolean;
  readonly atNs: number;
  readonly file: FileIndex;
  readonly certainty: Certainty;
}

function signalOf(graph: Graph, process: ProcessIndex, foreign: Foreign): Signal | undefined {
  const { processes, files } = graph;
  const { reason, by, own, atNs, file, certainty } = foreign;
  if (IN_CONTAINER.test(processes.cgroupPath.get(process))) return undefined;
  // What runs by itself waits for whoever changes it.
  const attended = processes.loginUid.get(process) !== NO_LOGIN || processes.tty.get(process) !== 0;
  return {
    rule: "root-runs-foreign-code",
    title: "Root runs what another user can change",
    reason,
    severity: own ? "info" : attended || certainty === "inferred" ? "low" : "medium",
    echoes: true,
    techniques: ["T1574.010"],
    atNs,
    process,
    others: [],
    evidence: file === NONE ? [] : [{ kind: "file", id: files.id(file) }],
    certainty,
    key: `${processes.keyOf(chainRoot(graph, process))}|${by}`,
  };
}

function changedHow({ ownerUid, directoryUid, shared }: ForeignCode): string {
  if (ownerUid !== 0) return `which uid ${ownerUid} owns and can change`;
  if (directoryUid !== 0) return `in a directory of uid ${directoryUid}, who can put another in its place`;
  return shared ? "which everybody can change or put another in the place of" : "";
}
