import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { MarkIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { MARK, ROOT } from "../graph/marks.ts";
import { isTrusted } from "../graph/trust.ts";
import { who } from "../origin/words.ts";
import { howCertainty, imageCertainty, SEVERITIES, severityNumber } from "../query/certainty.ts";
import { IMAGE_FLAG } from "../wire/layout.gen.ts";
import { suspicionOf } from "./chain.ts";
import type { Signal } from "./signal.ts";

/** Ask who it is before they make anybody root. */
const ASKS =
  /^(sudo|su|doas|pkexec|run0|newgrp|passwd|chsh|chfn|mount|umount|fusermount3?|ping|at|crontab|ssh-keysign)$/;

/** A process became root without an exec: by a call, when its chain is suspicious already; without one, whoever it is. */
export function becameRoot(graph: Graph, mark: MarkIndex): Signal | undefined {
  const { marks, processes } = graph;
  if (marks.kind.get(mark) !== MARK.BECAME_ROOT) return undefined;
  const process = marks.process.get(mark);
  const atNs = marks.firstNs.get(mark);
  const noCall = (marks.bitsLo.get(mark) & ROOT.WITHOUT_CALL) !== 0;
  const suspicion = noCall ? undefined : suspicionOf(graph, process);
  if (!noCall && suspicion === undefined) return undefined;
  return {
    rule: "became-root",
    title: suspicion === undefined ? "Root without a call that gives it" : "Root in a suspicious chain",
    reason:
      suspicion === undefined
        ? `${who(graph, process, atNs)} was not root and is, and no call that changes credentials was seen: the kernel itself may have been misused`
        : `${who(graph, process, atNs)} became root, and its chain is already suspicious (${SEVERITIES[suspicion.worst]})`,
    echoes: !noCall,
    severity: suspicion === undefined || suspicion.worst >= severityNumber("high") ? "critical" : "high",
    techniques: ["T1068"],
    atNs,
    process,
    others: [],
    evidence: [],
    certainty: howCertainty(marks.how.get(mark)),
    key: suspicion === undefined ? `${processes.keyOf(process)}|true` : `${processes.keyOf(suspicion.root)}|false`,
  };
}

/** A chain that is suspicious already executed a file that makes its caller root. */
export function setuidExec(graph: Graph, process: ProcessIndex): Signal | undefined {
  const { processes, images } = graph;
  const image = processes.image.get(process);
  if (image === NONE || (images.flags.get(image) & IMAGE_FLAG.SETUID) === 0) return undefined;
  if (processes.euid.get(process) !== 0 || (images.known.get(image) & IMAGE_KNOWN.BEFORE_START) !== 0) return undefined;
  const suspicion = suspicionOf(graph, process);
  if (suspicion === undefined) return undefined;
  const atNs = images.atNs.get(image);
  const asks = isTrusted(graph, process, atNs, ASKS);
  return {
    rule: "became-root",
    title: "Root in a suspicious chain",
    reason: `${who(graph, process, atNs)} runs as root by the mode of ${images.exe.get(image)}, and its chain is already suspicious (${SEVERITIES[suspicion.worst]})`,
    echoes: true,
    severity: asks ? "medium" : "high",
    techniques: ["T1548.001"],
    atNs,
    process,
    others: [],
    evidence: [],
    certainty: imageCertainty(graph, image),
    key: `${processes.keyOf(suspicion.root)}|${images.exe.get(image)}`,
  };
}
