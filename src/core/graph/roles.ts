import { CONNECTION_FLAG } from "./connections.ts";
import { EDGE, EDGE_FLAG, FAMILY } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { EdgeIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { baseName } from "./paths.ts";
import { NO_LOGIN } from "./processes.ts";
import { imageAt } from "./provenance.ts";

/** What a process is to its descendants. Names decide only what no record tells. */
const PACKAGE_MANAGER =
  /^(dpkg(-.*)?|apt(-.*|itude)?|rpm|dnf5?|yum|zypper|pacman|apk|snapd?|flatpak|unattended-upgr.*|nix-daemon|packagekitd)$/;
const SCHEDULER = /^(cron|crond|anacron|atd|fcron|cronie)$/;
const CONTAINER_RUNTIME = /^(containerd-shim.*|conmon|docker-init|dockerd|containerd|crio|runc|crun)$/;
const LOGIN_SERVER = /^(sshd(-.*)?|dropbear|login|in\.telnetd|telnetd|mosh-server)$/;

/** Base name of what a process ran at a moment. */
export function nameAt(graph: Graph, process: ProcessIndex, timeNs: number): string {
  const image = imageAt(graph, process, timeNs);
  const exe = image === NONE ? "" : graph.images.exe.get(image);
  return exe === "" ? graph.processes.comm.get(process) : baseName(exe);
}

export const isPackageManager = (name: string): boolean => PACKAGE_MANAGER.test(name);
export const isScheduler = (name: string): boolean => SCHEDULER.test(name);
export const isContainerRuntime = (name: string): boolean => CONTAINER_RUNTIME.test(name);
export const isLoginServer = (name: string): boolean => LOGIN_SERVER.test(name);

/** The mount namespace of pid 1, or where that is not shown, of the program that captures; 0 = not known. */
export function hostMountNamespace(graph: Graph): number {
  const { processes } = graph;
  for (const pid of [1, graph.monitorPid]) {
    const process = processes.living(pid);
    if (process !== NONE && processes.mntns.get(process) !== 0) return processes.mntns.get(process);
  }
  return 0;
}

/** Whether a login begins with this process: it has a login uid and its parent has none, or another. */
export function beginsLogin(graph: Graph, process: ProcessIndex): boolean {
  const { processes } = graph;
  const uid = processes.loginUid.get(process);
  const parent = processes.parent.get(process);
  return uid !== NO_LOGIN && (parent === NONE || processes.loginUid.get(parent) !== uid);
}

/** Of a process that had more connections than this, so many are looked at: those it touched or closed last. */
export const MAX_SOCKETS = 8192;
/** Connections are listed in the order of their ends, but for records that came late. */
const LATE_NS = 1e9;

/** An accepted connection that is open at a moment, with how many others could be meant. */
export interface Accepted {
  readonly edge: EdgeIndex;
  readonly openThen: number;
}

/** The connection that a process had accepted last, and still had, at a moment. */
export function acceptedBefore(graph: Graph, process: ProcessIndex, timeNs: number): Accepted | undefined {
  const { edges, connections, processes } = graph;
  let best: EdgeIndex = NONE;
  let openThen = 0;
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
    const head = processes.edges[family];
    let left = MAX_SOCKETS;
    for (
      let edge = head?.get(process) ?? NONE;
      edge !== NONE && left > 0;
      edge = edges.nextOfProcess.get(edge), left--
    ) {
      const connection = edges.object.get(edge);
      if (family === FAMILY.CLOSED && connections.closedNs.get(connection) < timeNs - LATE_NS) break;
      if (connections.isListening(connection) || !isServerSide(graph, edge)) continue;
      // Nobody listens at a unix socket without a name: it is one half of a socketpair.
      if (connections.isUnix(connection) && connections.path.get(connection) === "") continue;
      const before = edges.has(edge, EDGE_FLAG.BEFORE_START);
      if (!before && edges.firstNs.get(edge) > timeNs) continue;
      if (connections.has(connection, CONNECTION_FLAG.CLOSED) && connections.closedNs.get(connection) < timeNs)
        continue;
      openThen++;
      if (best === NONE || edges.firstNs.get(edge) > edges.firstNs.get(best)) best = edge;
    }
  }
  return best === NONE ? undefined : { edge: best, openThen };
}

/** Whether the edge's process holds the end that was asked, not the end that asked. */
export function isServerSide(graph: Graph, edge: EdgeIndex): boolean {
  const side = graph.edges.kind.get(edge) - EDGE.SIDE_0;
  return graph.connections.clientSide.get(graph.edges.object.get(edge)) !== side;
}

/** Whether a process listens on, or has accepted from, the network (unix sockets do not count). */
export function facesNetwork(graph: Graph, process: ProcessIndex): boolean {
  const { edges, connections, processes } = graph;
  for (const family of [FAMILY.SOCKETS, FAMILY.CLOSED]) {
    const head = processes.edges[family];
    for (let edge = head?.get(process) ?? NONE; edge !== NONE; edge = edges.nextOfProcess.get(edge)) {
      const connection = edges.object.get(edge);
      if (connections.isUnix(connection)) continue;
      if (connections.isListening(connection) || isServerSide(graph, edge)) return true;
    }
  }
  return false;
}
