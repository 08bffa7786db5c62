import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { NO_LOGIN, PROCESS_FLAG } from "../graph/processes.ts";
import { acceptedBefore, beginsLogin, nameAt } from "../graph/roles.ts";
import { isContainerRuntime, isLoginServer, isScheduler } from "../graph/trust.ts";
import type { Certainty, LinkKind } from "../query/model.ts";
import type { Names } from "./words.ts";

/** Where a chain begins: nothing on this host explains more. */
export interface Boundary {
  readonly link: LinkKind;
  /** Said of the step: "login session of deploy". */
  readonly explanation: string;
  /** Begins the root cause sentence: "login of deploy". */
  readonly cause: string;
  readonly certainty: Certainty;
}

/** Why the walk ends at a process, or undefined when its parent may explain it. */
export function boundaryOf(graph: Graph, process: ProcessIndex, atNs: number, names: Names): Boundary | undefined {
  const { processes } = graph;
  const parent = processes.parent.get(process);
  const tgid = processes.tgid.get(process);
  const certainty: Certainty = processes.has(process, PROCESS_FLAG.PARENT_OBSERVED) ? "observed" : "before start";
  const end = (link: LinkKind, explanation: string, cause: string): Boundary => ({
    link,
    explanation,
    cause,
    certainty,
  });
  if (tgid === 1) return end("boundary", "the first process: system start", "system start");
  if (processes.has(process, PROCESS_FLAG.KERNEL_THREAD)) return end("boundary", "a kernel thread", "the kernel");
  const name = nameAt(graph, process, atNs);
  if (isScheduler(graph, process, atNs)) return end("boundary", `scheduled by ${name}`, `a ${name} job`);
  // The scheduler makes a login of each job: the job explains it better.
  const scheduled = parent !== NONE && isScheduler(graph, parent, processes.startNs.get(process));
  if (!scheduled && beginsLogin(graph, process) && !servedAbove(graph, process, atNs)) {
    const user = names.user(processes.loginUid.get(process));
    return end("login", `login session of ${user}`, `login of ${user}`);
  }
  if (
    parent !== NONE &&
    isContainerRuntime(graph, parent, processes.startNs.get(process)) &&
    isOwnCgroup(graph, process)
  ) {
    const container = containerOf(processes.cgroupPath.get(process));
    return end("boundary", `main process of container ${container}`, `container ${container}`);
  }
  if (parent !== NONE && processes.tgid.get(parent) !== 1) return undefined;
  const unit = unitOf(processes.cgroupPath.get(process));
  if (unit !== "") return end("boundary", `${unit}, started by systemd`, `service ${unit}`);
  if (parent === NONE) return end("boundary", "its parent is not known", `${tgid} ${name}`);
  return end(
    "boundary",
    observedOrphan(graph, process) ? "found running under pid 1; who started it is not known" : "started by pid 1",
    `${tgid} ${name}`,
  );
}

/** The login user a chain acts for, for the sentence; undefined when it is nobody's. */
export function loginOf(graph: Graph, process: ProcessIndex): number | undefined {
  const uid = graph.processes.loginUid.get(process);
  return uid === NO_LOGIN ? undefined : uid;
}

/** Whether an accepted connection above explains the login better than its first process. */
function servedAbove(graph: Graph, process: ProcessIndex, atNs: number): boolean {
  const { processes } = graph;
  let timeNs = atNs;
  for (let at = process; at !== NONE; at = processes.parent.get(at)) {
    if (acceptedBefore(graph, at, timeNs) !== undefined) return true;
    if (at !== process && !isLoginServer(graph, at, timeNs)) return false;
    timeNs = processes.startNs.get(at);
  }
  return false;
}

/** Found running under pid 1 although it began long after: its forker may have left it. */
function observedOrphan(graph: Graph, process: ProcessIndex): boolean {
  return !graph.processes.has(process, PROCESS_FLAG.PARENT_OBSERVED);
}

/** A runtime's own helpers stay in its control group: a container has one of its own. Where it is not known it may be. */
function isOwnCgroup({ processes }: Graph, process: ProcessIndex): boolean {
  const path = processes.cgroupPath.get(process);
  return path === "" || CONTAINER_ID.test(path) || path !== processes.cgroupPath.get(processes.parent.get(process));
}

const CONTAINER_ID = /([0-9a-f]{12})[0-9a-f]{52}/;

/** Short id in a container's cgroup path; the path's last part when there is none. */
function containerOf(path: string): string {
  return CONTAINER_ID.exec(path)?.[1] ?? path.slice(path.lastIndexOf("/") + 1);
}

/** "ssh.service" of a systemd unit's cgroup path. */
function unitOf(path: string): string {
  return /([^/]+\.(service|timer|socket))(\/|$)/.exec(path)?.[1] ?? "";
}
