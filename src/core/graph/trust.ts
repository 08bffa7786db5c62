import { IMAGE_FLAG } from "../wire/layout.gen.ts";
import { EDGE } from "./edges.ts";
import type { Graph } from "./graph.ts";
import { IMAGE_KNOWN } from "./images.ts";
import type { FileIndex, ImageIndex, ProcessIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { interprets } from "./interpreters.ts";
import { baseName } from "./paths.ts";
import { PROCESS_FLAG } from "./processes.ts";
import { HUB, imageAt } from "./provenance.ts";
import { hostMountNamespace } from "./roles.ts";

/**
 * A name is chosen by whoever starts a program, so alone it says nothing. It counts for a file where only root installs programs, that
 * nobody but an installer of packages was seen to write. The same paths count inside containers. /usr/local is one: container runtimes
 * and compilers are installed there. /opt and home directories belong to whoever uses them.
 * In a user namespace anybody may mount anything over such a path: there no name counts. In a mount namespace other than the host's
 * root may: there it counts in containers and services, as told by who started them, and where the path means what it means on the
 * host. Known gaps: what root put there before capture began; a service that mounts another program over one.
 */
const SYSTEM = /^\/(usr|bin|sbin|lib|lib64|nix\/store|snap|var\/lib\/(rancher|snapd))\//;
const EVERYBODY = /^\/(tmp|var\/tmp|dev\/shm|run\/(shm|lock|user))\//;

const PACKAGE_MANAGER =
  /^(dpkg(-.*)?|apt(-.*|itude)?|rpm|dnf(5|-3)?|yum|zypper|pacman|apk|snapd?|flatpak|unattended-upgr.*|nix-daemon|packagekitd)$/;
const SCHEDULER = /^(cron|crond|anacron|atd|fcron|cronie)$/;
const CONTAINER_RUNTIME = /^(containerd-shim.*|conmon|docker-init|dockerd|containerd|crio|runc|crun|lxc-.*)$/;
/** They write layers of images, as container runtimes do. */
const IMAGE_STORE = /^(podman|buildah|buildkitd|skopeo)$/;
const LOGIN_SERVER = /^(sshd(-.*)?|dropbear|login|in\.telnetd|telnetd|mosh-server)$/;

/** Installers that were installed by packages that were installed: so far it is asked who wrote a program. */
const MAX_DEPTH = 4;

/** Whether the program a process ran at a moment has a name that matches, and that can be trusted. */
export function isTrusted(graph: Graph, process: ProcessIndex, timeNs: number, name: RegExp): boolean {
  return ran(graph, process, timeNs, name, 0);
}

export const isPackageManager = (graph: Graph, process: ProcessIndex, timeNs: number): boolean =>
  isTrusted(graph, process, timeNs, PACKAGE_MANAGER);
export const isScheduler = (graph: Graph, process: ProcessIndex, timeNs: number): boolean =>
  isTrusted(graph, process, timeNs, SCHEDULER);
export const isContainerRuntime = (graph: Graph, process: ProcessIndex, timeNs: number): boolean =>
  isTrusted(graph, process, timeNs, CONTAINER_RUNTIME);
export const isLoginServer = (graph: Graph, process: ProcessIndex, timeNs: number): boolean =>
  isTrusted(graph, process, timeNs, LOGIN_SERVER);

/** Whether an image is a trusted program of a container runtime. */
export function isRuntimeImage(graph: Graph, image: ImageIndex): boolean {
  return image !== NONE && isNamed(graph, image, CONTAINER_RUNTIME, 0);
}

/**
 * Whether the name of an image matches, of a program that anybody may install for themselves (nvm, cargo, a Python environment): wherever it
 * is, other than in a directory everybody may write to, if nobody but an installer of packages was seen to write it. Enough to say less of
 * something, no trust.
 */
export function isInstalled(graph: Graph, image: ImageIndex, name: RegExp): boolean {
  const { images } = graph;
  const exe = images.exe.get(image);
  if (!exe.startsWith("/") || EVERYBODY.test(exe)) return false;
  const script = interprets(exe) ? images.operand(image) : "";
  const itself = name.test(baseName(exe));
  const byScript = script !== "" && name.test(baseName(script));
  if ((!itself && !byScript) || !isUntouched(graph, image, 0)) return false;
  if (script === "") return itself;
  const forged = EVERYBODY.test(script) || isWritten(graph, graph.files.atPath(script), images.atNs.get(image), 0);
  return forged ? itself : byScript;
}

function ran(graph: Graph, process: ProcessIndex, timeNs: number, name: RegExp, depth: number): boolean {
  const { processes, images } = graph;
  const image = imageAt(graph, process, timeNs);
  if (image !== NONE && images.exe.get(image) !== "") return isNamed(graph, image, name, depth);
  // Without privileges the executables of others are not told. What root already ran is called what it calls itself.
  const found =
    processes.has(process, PROCESS_FLAG.DESCRIBED) &&
    (image === NONE || (images.known.get(image) & (IMAGE_KNOWN.BEFORE_START | IMAGE_KNOWN.POLLED)) !== 0);
  if (!found || processes.uid.get(process) !== 0 || processes.euid.get(process) !== 0) return false;
  return name.test(processes.comm.get(process));
}

/** Names are compared before it is asked whether they can be trusted: nearly all are of no interest. */
function isNamed(graph: Graph, image: ImageIndex, name: RegExp, depth: number): boolean {
  const { images } = graph;
  const exe = images.exe.get(image);
  if (!SYSTEM.test(exe)) return false;
  const script = interprets(exe) ? images.operand(image) : "";
  const scripted = SYSTEM.test(script);
  const itself = name.test(baseName(exe));
  const byScript = scripted && name.test(baseName(script));
  if ((!itself && !byScript) || !isUntouched(graph, image, depth)) return false;
  if ((images.known.get(image) & IMAGE_KNOWN.USER_NAMESPACE) !== 0 || isDisplaced(graph, image, depth)) return false;
  if (!scripted) return itself;
  return isWritten(graph, graph.files.atPath(script), images.atNs.get(image), depth) ? itself : byScript;
}

/** Whether an image runs in mounts that root made for itself, where its path may mean another file than on the host. */
function isDisplaced(graph: Graph, image: ImageIndex, depth: number): boolean {
  const { files, images, processes } = graph;
  const host = hostMountNamespace(graph);
  const elsewhere = (at: ProcessIndex): boolean => ![0, host].includes(processes.mntns.get(at));
  const process = processes.row(images.processId.get(image));
  if (host === 0 || process === NONE || !elsewhere(process)) return false;
  const own = files.row(images.fileId.get(image));
  const covered = own === NONE || (images.flags.get(image) & IMAGE_FLAG.COVERED) !== 0;
  let onHost = false;
  let child = process;
  for (let at = processes.parent.get(child); at !== NONE; child = at, at = processes.parent.get(at)) {
    if (elsewhere(at)) continue;
    // A service, or a container.
    if (elsewhere(child) && processes.tgid.get(at) === 1) return false;
    if (depth < MAX_DEPTH && ran(graph, at, processes.startNs.get(child), CONTAINER_RUNTIME, depth + 1)) return false;
    onHost ||= !covered && isSameDevice(graph, own, processes.image.get(at));
  }
  return !onHost;
}

/** Whether a program lies on the device that holds an installed program of the host. */
function isSameDevice({ files, images }: Graph, file: FileIndex, image: ImageIndex): boolean {
  const other = image === NONE || !SYSTEM.test(images.exe.get(image)) ? NONE : files.row(images.fileId.get(image));
  return other !== NONE && files.identity(other)[0] === files.identity(file)[0];
}

function isUntouched(graph: Graph, image: ImageIndex, depth: number): boolean {
  const { images, files } = graph;
  return !isWritten(graph, files.row(images.fileId.get(image)), images.atNs.get(image), depth);
}

/** Whether somebody other than an installer of packages wrote a file, or gave it its name, before a moment. */
function isWritten(graph: Graph, file: FileIndex, timeNs: number, depth: number): boolean {
  const { files, edges } = graph;
  if (file === NONE) return false;
  if (files.writerCount.get(file) > HUB) return true;
  for (let edge = files.writers.get(file); edge !== NONE; edge = edges.nextOfObject.get(edge)) {
    const kind = edges.kind.get(edge);
    if ((kind !== EDGE.WROTE && kind !== EDGE.RENAMED) || edges.firstNs.get(edge) > timeNs) continue;
    if (depth >= MAX_DEPTH || !installs(graph, edges.process.get(edge), edges.firstNs.get(edge), depth)) return true;
  }
  return false;
}

/** Packages come by their manager, layers of images by a container runtime. */
function installs(graph: Graph, process: ProcessIndex, timeNs: number, depth: number): boolean {
  return [PACKAGE_MANAGER, CONTAINER_RUNTIME, IMAGE_STORE].some((name) => ran(graph, process, timeNs, name, depth + 1));
}
